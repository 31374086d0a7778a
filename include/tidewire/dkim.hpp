/// @file
/// All of `tidewire::dkim`: signatures of mail, made and checked.
#pragma once

#include <tidewire/dkim/canonical.hpp>
#include <tidewire/dkim/key_record.hpp>
#include <tidewire/dkim/signature.hpp>
#include <tidewire/dkim/signer.hpp>
#include <tidewire/dkim/verifier.hpp>
