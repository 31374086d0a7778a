/// @file
/// All of `tidewire::html`: parser, document tree, selectors, text, extraction, sanitiser, XML reader.
#pragma once

#include <tidewire/html/document.hpp>
#include <tidewire/html/encoding.hpp>
#include <tidewire/html/extract.hpp>
#include <tidewire/html/parse_error.hpp>
#include <tidewire/html/parser.hpp>
#include <tidewire/html/sanitize.hpp>
#include <tidewire/html/selector.hpp>
#include <tidewire/html/serialize.hpp>
#include <tidewire/html/text.hpp>
#include <tidewire/html/xml.hpp>
