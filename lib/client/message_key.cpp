#include <holdfast/message_key.hpp>

namespace holdfast {

std::string to_string(const MessageKey& key) {
  return std::to_string(key.session) + '-' + std::to_string(key.packet_identifier) + '-' +
         std::to_string(key.exchange) + '-' + std::to_string(key.content);
}

}  // namespace holdfast
