#include "session/record.hpp"

#include <set>

namespace holdfast::session {

void erase_gone(std::vector<OutboundMessagePtr>& messages, std::initializer_list<const Journal*> journals) {
  std::set<std::uint64_t> gone;
  for (const Journal* journal : journals) {
    for (const Record& record : *journal) {
      if (const auto* end = std::get_if<record::Finished>(&record)) gone.insert(end->sequence);
      if (const auto* sent = std::get_if<record::Sent>(&record)) gone.insert(sent->sequence);
    }
  }
  std::erase_if(messages, [&gone](const auto& message) { return gone.count(message->sequence) != 0; });
}

}  // namespace holdfast::session
