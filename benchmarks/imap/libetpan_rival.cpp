#include "libetpan_rival.hpp"

#include <libetpan/libetpan.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tidewire::imap::benchmark_rival {
namespace {

// The server: it greets, and answers each command that came with the responses and OK.
struct server {
  std::string_view responses;
  std::string said = "* PREAUTH ready\r\n";  // to be read, before the responses or behind them
  std::string_view answering;                // of the responses
  std::string tag;
  std::string command;
};

server& of(mailstream_low* stream) {
  return *static_cast<server*>(stream->data);
}

ssize_t serve(mailstream_low* stream, void* into, size_t size) {
  server& self = of(stream);
  if (self.said.empty() && self.answering.empty() && !self.tag.empty()) {
    self.said = self.tag + " OK done\r\n";
    self.tag.clear();
  }
  const std::size_t n =
      std::min<std::size_t>(size, self.answering.empty() ? self.said.size() : self.answering.size());
  if (self.answering.empty()) {
    std::memcpy(into, self.said.data(), n);
    self.said.erase(0, n);
  } else {
    std::memcpy(into, self.answering.data(), n);
    self.answering.remove_prefix(n);
  }
  return static_cast<ssize_t>(n);
}

ssize_t listen(mailstream_low* stream, const void* bytes, size_t size) {
  server& self = of(stream);
  self.command.append(static_cast<const char*>(bytes), size);
  if (self.command.ends_with("\r\n")) {
    self.tag = self.command.substr(0, self.command.find(' '));
    self.command.clear();
    self.answering = self.responses;
  }
  return static_cast<ssize_t>(size);
}

int close_nothing(mailstream_low*) {
  return 0;
}
int no_descriptor(mailstream_low*) {
  return -1;
}
void free_stream(mailstream_low* stream) {
  std::free(stream);  // NOLINT: libetpan's, by malloc
}
void cancel_nothing(mailstream_low*) {}

mailstream_low_driver driver{serve,   listen,  close_nothing, no_descriptor, free_stream, cancel_nothing,
                             nullptr, nullptr, nullptr,       nullptr,       nullptr};

std::size_t count(const clist* list) {
  return list == nullptr ? 0 : static_cast<std::size_t>(list->count);
}

std::size_t addresses_of(const mailimap_envelope& envelope) {
  std::size_t sum = 0;
  if (envelope.env_from != nullptr) sum += count(envelope.env_from->frm_list);
  if (envelope.env_sender != nullptr) sum += count(envelope.env_sender->snd_list);
  if (envelope.env_reply_to != nullptr) sum += count(envelope.env_reply_to->rt_list);
  if (envelope.env_to != nullptr) sum += count(envelope.env_to->to_list);
  if (envelope.env_cc != nullptr) sum += count(envelope.env_cc->cc_list);
  if (envelope.env_bcc != nullptr) sum += count(envelope.env_bcc->bcc_list);
  return sum;
}

std::size_t leaves_of(const mailimap_body& body) {
  if (body.bd_type == MAILIMAP_BODY_1PART) {
    const mailimap_body_type_1part& part = *body.bd_data.bd_body_1part;
    return part.bd_type == MAILIMAP_BODY_TYPE_1PART_MSG ? leaves_of(*part.bd_data.bd_type_msg->bd_body) : 1;
  }
  std::size_t sum = 0;
  for (const clistcell* at = clist_begin(body.bd_data.bd_body_mpart->bd_list); at != nullptr; at = at->next) {
    sum += leaves_of(*static_cast<const mailimap_body*>(at->data));
  }
  return sum;
}

void add(sums& to, const mailimap_msg_att_static& item) {
  switch (item.att_type) {
    case MAILIMAP_MSG_ATT_UID: to.uids += item.att_data.att_uid; break;
    case MAILIMAP_MSG_ATT_RFC822_SIZE: to.sizes += item.att_data.att_rfc822_size; break;
    case MAILIMAP_MSG_ATT_ENVELOPE:
      to.addresses += addresses_of(*item.att_data.att_env);
      to.message_ids += std::strlen(item.att_data.att_env->env_message_id);
      break;
    case MAILIMAP_MSG_ATT_BODYSTRUCTURE: to.leaves += leaves_of(*item.att_data.att_bodystructure); break;
    case MAILIMAP_MSG_ATT_BODY_SECTION: to.header_bytes += item.att_data.att_body_section->sec_length; break;
    default: break;
  }
}

}  // namespace

struct libetpan_session::impl {
  server peer;
  mailimap* session = mailimap_new(0, nullptr);
};

libetpan_session::libetpan_session(std::string_view responses) : impl_(std::make_unique<impl>()) {
  impl_->peer.responses = responses;
  mailstream_low* low = mailstream_low_new(&impl_->peer, &driver);
  mailimap_connect(impl_->session, mailstream_new(low, 64 * 1024));
  impl_->session->imap_state = MAILIMAP_STATE_SELECTED;
}

libetpan_session::~libetpan_session() {
  mailimap_free(impl_->session);
}

sums libetpan_session::fetch() {
  sums out;
  mailimap_set* set = mailimap_set_new_interval(1, 0);
  mailimap_fetch_type* all = mailimap_fetch_type_new_all();
  clist* messages = nullptr;
  if (mailimap_fetch(impl_->session, set, all, &messages) == MAILIMAP_NO_ERROR) {
    for (const clistcell* at = clist_begin(messages); at != nullptr; at = at->next) {
      ++out.messages;
      const auto* message = static_cast<const mailimap_msg_att*>(at->data);
      for (const clistcell* item = clist_begin(message->att_list); item != nullptr; item = item->next) {
        const auto* one = static_cast<const mailimap_msg_att_item*>(item->data);
        if (one->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC) add(out, *one->att_data.att_static);
      }
    }
    mailimap_fetch_list_free(messages);
  }
  mailimap_fetch_type_free(all);
  mailimap_set_free(set);
  return out;
}

}  // namespace tidewire::imap::benchmark_rival
