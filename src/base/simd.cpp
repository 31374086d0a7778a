#include "simd.hpp"

namespace tidewire::detail {

// The compiler's run-time support has asked the processor, and the system whether it saves the registers,
// before main.
simd_level best_simd_level() noexcept {
#if defined(TIDEWIRE_SIMD_AVX)
  if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw"))
    return simd_level::avx512vbmi;
  if (__builtin_cpu_supports("avx2")) return simd_level::avx2;
#endif
#if defined(TIDEWIRE_SIMD_SSSE3)
  if (__builtin_cpu_supports("ssse3")) return simd_level::ssse3;
#endif
  return simd_level::portable;
}

}  // namespace tidewire::detail
