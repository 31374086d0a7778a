// Which vector instructions the processor has. The kernels of base64 and hex are compiled for each level and
// chosen at run time, so one binary runs everywhere.
#pragma once

#include <tidewire/base/export.hpp>

// GCC for Windows does not align the stack for 32-byte spills (GCC bug 54412): no AVX there.
#if defined(__GNUC__) && defined(__x86_64__)
#define TIDEWIRE_SIMD_SSSE3 1
#if !defined(_WIN32) || defined(__clang__)
#define TIDEWIRE_SIMD_AVX 1
#endif
#endif

namespace tidewire::detail {

// In rising order: a processor that has one has those before it.
enum class simd_level : unsigned char {
  portable,
  ssse3,
  avx2,
  avx512vbmi,
};

// The best level that was compiled in and that this processor and system have.
[[nodiscard]] TIDEWIRE_BASE_API simd_level best_simd_level() noexcept;

}  // namespace tidewire::detail
