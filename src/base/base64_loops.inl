// The loops around one vector step. Included by base64_kernels.cpp once per level, with TIDEWIRE_TARGET
// defined, within a namespace that has the level `lower`, which does what is less than a step, and the steps:
//   encode_step: reads encode_reads bytes, encodes the first encode_in of them, writes encode_out characters.
//   decode_step: reads decode_in characters, writes decode_writes bytes of which decode_out count, returns a
//                mask of the characters that are not of the alphabet. What comes before the first such
//                character is decoded right.

template <bool Url>
TIDEWIRE_TARGET void encode(const unsigned char* in, std::size_t size, const unsigned char* in_limit,
                            char* out, char* out_limit) {
  const auto room = [&] {
    return static_cast<std::size_t>(in_limit - in) >= encode_reads &&
           static_cast<std::size_t>(out_limit - out) >= encode_out;
  };
  while (size >= encode_in && room()) {
    encode_step<Url>(in, out);
    in += encode_in;
    out += encode_out;
    size -= encode_in;
  }
  if (size > 0 && size < encode_in && room()) return encode_step<Url>(in, out);
  lower::encode<Url>(in, size, in_limit, out, out_limit);
}

// The bytes of the groups before the first character that is not of the alphabet.
TIDEWIRE_TARGET inline base64_progress stop_at(std::uint64_t bad, const char* in, unsigned char* out) {
  const auto groups = static_cast<std::size_t>(std::countr_zero(bad)) / 4;
  return {in + 4 * groups, out + 3 * groups};
}

template <bool Url>
TIDEWIRE_TARGET base64_progress decode(const char* in, const char* end, unsigned char* out,
                                       unsigned char* out_limit) {
  while (static_cast<std::size_t>(end - in) >= decode_in &&
         static_cast<std::size_t>(out_limit - out) >= decode_writes) {
    const std::uint64_t bad = decode_step<Url>(in, out);
    if (bad != 0) return stop_at(bad, in, out);
    in += decode_in;
    out += decode_out;
  }
  // The last whole step, where the room is exact.
  if (static_cast<std::size_t>(end - in) >= decode_in &&
      static_cast<std::size_t>(out_limit - out) >= decode_out) {
    unsigned char last[decode_writes];
    const std::uint64_t bad = decode_step<Url>(in, last);
    const base64_progress stop =
        bad != 0 ? stop_at(bad, in, out) : base64_progress{in + decode_in, out + decode_out};
    std::memcpy(out, last, static_cast<std::size_t>(stop.out - out));
    if (bad != 0) return stop;
    in = stop.in;
    out = stop.out;
  }
  return lower::decode<Url>(in, end, out, out_limit);
}

// Lines tend to be alike: where the last step of a line stops as that of the line before did, the next
// address follows from what is known and not from what was just read, and the processor need not wait for it.
template <bool Url>
TIDEWIRE_TARGET base64_progress decode_lines(const char* in, const char* end, unsigned char* out,
                                             unsigned char* out_limit) {
  std::size_t usual_groups = 0;
  while (static_cast<std::size_t>(end - in) >= decode_in &&
         static_cast<std::size_t>(out_limit - out) >= decode_writes) {
    const std::uint64_t bad = decode_step<Url>(in, out);
    if (bad == 0) {
      in += decode_in;
      out += decode_out;
      continue;
    }
    // Both characters lie within the step: it stopped before the last of its groups, or at the beginning of
    // that.
    const char* const usual_end = in + 4 * usual_groups;
    if (std::countr_zero(bad) == static_cast<int>(4 * usual_groups) && usual_end[0] == '\r' &&
        usual_end[1] == '\n') {
      in = usual_end + 2;
      out += 3 * usual_groups;
      continue;
    }
    const base64_progress stop = stop_at(bad, in, out);
    const std::size_t line_break = portable::line_break_at(stop.in, end);
    if (line_break == 0) return stop;
    usual_groups = static_cast<std::size_t>(stop.in - in) / 4;
    in = stop.in + line_break;
    out = stop.out;
  }
  return lower::decode_lines<Url>(in, end, out, out_limit);
}

constexpr base64_kernels kernels[] = {{encode<false>, decode<false>, decode_lines<false>},
                                      {encode<true>, decode<true>, decode_lines<true>}};
