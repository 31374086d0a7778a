/// @file
/// All of `tidewire::html`: parser, document tree, selectors.
#pragma once

#include <tidewire/html/document.hpp>
#include <tidewire/html/parse_error.hpp>
#include <tidewire/html/parser.hpp>
#include <tidewire/html/selector.hpp>
#include <tidewire/html/serialize.hpp>
