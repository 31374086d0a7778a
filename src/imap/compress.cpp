#include <tidewire/core/detail/write_cursor.hpp>
#include <tidewire/imap/compress.hpp>

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>

namespace tidewire::imap {
namespace {

// Of what is read from, and written to, the transport below at a time.
constexpr std::size_t piece_size = 16 * 1024;
constexpr int raw_deflate = -15;  // the largest window, and neither header nor checksum

[[nodiscard]] Bytef* as_zlib(const std::byte* bytes) noexcept {
  // zlib's input is not const, unless ZLIB_CONST is defined; it changes nothing.
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes));
}

[[nodiscard]] uInt as_zlib(std::size_t count) noexcept {
  return static_cast<uInt>(std::min<std::size_t>(count, std::numeric_limits<uInt>::max()));
}

class deflater {
 public:
  deflater() {
    if (deflateInit2(&state_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, raw_deflate, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;
  ~deflater() { deflateEnd(&state_); }
  z_stream& state() noexcept { return state_; }

 private:
  z_stream state_{};
};

class inflater {
 public:
  inflater() {
    if (inflateInit2(&state_, raw_deflate) != Z_OK) throw std::bad_alloc();
  }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
  ~inflater() { inflateEnd(&state_); }
  z_stream& state() noexcept { return state_; }

 private:
  z_stream state_{};
};

// Something is pending below only while something of the same direction is pending here.
class deflate_transport final : public transport {
 public:
  deflate_transport(std::unique_ptr<transport> below, byte_buffer early)
      : below_(std::move(below)), early_(std::move(early)), coming_(piece_size), leaving_(piece_size) {
    show_input(early_.data());
  }

  std::error_code attach(detail::loop& home) override { return below_->attach(home); }
  bool start_read(read_request& request) noexcept override {
    reader_ = &request;
    return advance_read();
  }
  bool start_write(write_request& request) noexcept override {
    if (write_broken_) {
      request.fail(tidewire::errc::closed);
      return true;
    }
    writer_ = &request;
    cursor_.begin(request.from);
    flushed_ = cursor_.done();
    return advance_write();
  }
  bool start_shutdown(io_request& request) noexcept override { return below_->start_shutdown(request); }
  void cancel_read() noexcept override { below_->cancel_read(); }
  void cancel_write() noexcept override { below_->cancel_write(); }
  void close() noexcept override { below_->close(); }
  [[nodiscard]] std::string peer_name() const override { return below_->peer_name(); }

 private:
  struct lower_read final : read_request {
    explicit lower_read(deflate_transport& of) noexcept : owner(of) {}
    void completed() noexcept override { owner.lower_read_ended(); }
    deflate_transport& owner;
  };
  struct lower_write final : write_request {
    explicit lower_write(deflate_transport& of) noexcept : owner(of) {}
    void completed() noexcept override { owner.lower_write_ended(); }
    deflate_transport& owner;
  };

  void show_input(byte_view bytes) noexcept {
    in_.state().next_in = as_zlib(bytes.data());
    in_.state().avail_in = as_zlib(bytes.size());
  }

  // True when the read is done.
  bool advance_read() noexcept {
    for (;;) {
      if (inflate_some()) return true;
      reading_.restart();
      reading_.into = coming_.bytes();
      if (!below_->start_read(reading_)) return false;
      if (!received()) return true;
    }
  }
  // True when there is something for the reader: bytes, the end, or a fault.
  bool inflate_some() noexcept {
    z_stream& z = in_.state();
    z.next_out = as_zlib(reader_->into.data());
    z.avail_out = as_zlib(reader_->into.size());
    const uInt room = z.avail_out;
    const int outcome = ended_ ? Z_STREAM_END : inflate(&z, Z_SYNC_FLUSH);
    reader_->transferred = room - z.avail_out;
    if (outcome == Z_STREAM_END) ended_ = true;
    if (ended_ || reader_->transferred > 0) return true;
    if (outcome == Z_OK || outcome == Z_BUF_ERROR) return false;
    if (outcome == Z_MEM_ERROR) {
      reader_->fail(std::make_error_code(std::errc::not_enough_memory));
    } else {
      reader_->fail(tidewire::errc::malformed);
    }
    return true;
  }
  // False when the read is over by what came.
  bool received() noexcept {
    if (reading_.failed()) {
      reader_->fail(reading_.code());
      return false;
    }
    if (reading_.transferred == 0) return false;
    show_input(coming_.bytes().first(reading_.transferred));
    return true;
  }
  void lower_read_ended() noexcept {
    if (received() && !advance_read()) return;
    std::exchange(reader_, nullptr)->complete();
  }

  // True when the write is done.
  bool advance_write() noexcept {
    for (;;) {
      const std::size_t size = deflate_some();
      if (size == 0) {
        writer_->transferred = cursor_.taken();
        return true;
      }
      leaving_view_ = leaving_.bytes().first(size);
      writing_.restart();
      writing_.from = std::span(&leaving_view_, 1);
      if (!below_->start_write(writing_)) return false;
      if (!sent()) return true;
    }
  }
  // Takes from the writer until there is a full piece, or no more; says how much there is to send.
  std::size_t deflate_some() noexcept {
    z_stream& z = out_.state();
    z.next_out = as_zlib(leaving_.data());
    z.avail_out = as_zlib(leaving_.size());
    while (z.avail_out > 0 && !flushed_) {
      const byte_view next = cursor_.done() ? byte_view() : cursor_.next();
      z.next_in = as_zlib(next.data());
      z.avail_in = as_zlib(next.size());
      const bool last = cursor_.done();
      (void)deflate(&z, last ? Z_SYNC_FLUSH : Z_NO_FLUSH);  // it cannot fail with room, and a good state
      if (!last) cursor_.advance(next.size() - z.avail_in);
      flushed_ = last && z.avail_out > 0;
    }
    return leaving_.size() - z.avail_out;
  }
  bool sent() noexcept {
    if (!writing_.failed()) return true;
    write_broken_ = true;
    writer_->transferred = cursor_.taken();
    writer_->fail(writing_.code());
    return false;
  }
  void lower_write_ended() noexcept {
    if (sent() && !advance_write()) return;
    std::exchange(writer_, nullptr)->complete();
  }

  std::unique_ptr<transport> below_;
  byte_buffer early_;
  buffer_block coming_;
  buffer_block leaving_;
  byte_view leaving_view_;
  inflater in_;
  deflater out_;
  lower_read reading_{*this};
  lower_write writing_{*this};
  read_request* reader_ = nullptr;
  write_request* writer_ = nullptr;
  detail::write_cursor cursor_;
  bool flushed_ = true;  // all that was written is in what was sent
  bool ended_ = false;   // the peer ended its DEFLATE
  bool write_broken_ = false;
};

}  // namespace

bool can_compress() noexcept {
  return true;
}

stream compressed(stream plain) {
  auto [below, early] = plain.release();
  return stream(std::make_unique<deflate_transport>(std::move(below), std::move(early)));
}

}  // namespace tidewire::imap
