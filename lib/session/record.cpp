#include "session/record.hpp"

#include <set>

namespace holdfast::session {

void erase_finished(std::vector<OutboundMessagePtr>& messages,
                    std::initializer_list<const Journal*> journals) {
  std::set<std::uint64_t> finished;
  for (const Journal* journal : journals) {
    for (const Record& record : *journal) {
      if (const auto* end = std::get_if<record::Finished>(&record)) finished.insert(end->sequence);
    }
  }
  std::erase_if(messages,
                [&finished](const auto& message) { return finished.count(message->sequence) != 0; });
}

}  // namespace holdfast::session
