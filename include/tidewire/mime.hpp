/// @file
/// All of `tidewire::mime`: messages of mail, read and written.
#pragma once

#include <tidewire/mime/address.hpp>
#include <tidewire/mime/calendar.hpp>
#include <tidewire/mime/charset.hpp>
#include <tidewire/mime/content.hpp>
#include <tidewire/mime/content_type.hpp>
#include <tidewire/mime/defect.hpp>
#include <tidewire/mime/editor.hpp>
#include <tidewire/mime/flowed.hpp>
#include <tidewire/mime/header.hpp>
#include <tidewire/mime/maildir.hpp>
#include <tidewire/mime/mbox.hpp>
#include <tidewire/mime/message.hpp>
#include <tidewire/mime/parsed_message.hpp>
#include <tidewire/mime/parser.hpp>
#include <tidewire/mime/report.hpp>
