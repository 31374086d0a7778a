/// @file
/// Everything of `tidewire::base`.
#pragma once

#include <tidewire/base/base64.hpp>
#include <tidewire/base/buffer.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/charset.hpp>
#include <tidewire/base/date.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/base/hex.hpp>
#include <tidewire/base/percent.hpp>
#include <tidewire/base/quoted_printable.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/base/words.hpp>
