// A plugin for mosquitto 2: whoever connects has to authenticate by SCRAM-SHA-256. mosquitto.conf, with the
// two options:
//
//     plugin /path/to/mosquitto_scram.so
//     plugin_opt_user pump-17
//     plugin_opt_password secret
//
// For tests and lessons: there is one account, and the server's nonce is always the same.
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>

extern "C" {
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
}

#include "support/scram_exchange.hpp"

namespace {

using holdfast::support::ScramAccount;
using holdfast::support::ScramServer;

struct Plugin {
  ScramAccount account;
  std::map<const mosquitto*, ScramServer> exchanges;  // One at a time for each client.
};

bool give(mosquitto_evt_extended_auth& exchange, const std::optional<std::string>& answer) {
  if (!answer) return false;
  exchange.data_out = mosquitto_malloc(answer->size());  // The broker frees it.
  if (exchange.data_out == nullptr) return false;
  std::memcpy(exchange.data_out, answer->data(), answer->size());
  exchange.data_out_len = static_cast<std::uint16_t>(answer->size());
  return true;
}

std::string_view data_of(const mosquitto_evt_extended_auth& exchange) {
  return {static_cast<const char*>(exchange.data_in), exchange.data_in_len};
}

int begin(int /*event*/, void* data, void* plugin) {
  auto& exchange = *static_cast<mosquitto_evt_extended_auth*>(data);
  auto& [account, exchanges] = *static_cast<Plugin*>(plugin);
  if (std::string_view(exchange.auth_method) != "SCRAM-SHA-256") return MOSQ_ERR_NOT_SUPPORTED;
  exchanges.erase(exchange.client);
  auto& server = exchanges.try_emplace(exchange.client, account).first->second;
  return give(exchange, server.on_first(data_of(exchange))) ? MOSQ_ERR_AUTH_CONTINUE : MOSQ_ERR_AUTH;
}

int go_on(int /*event*/, void* data, void* plugin) {
  auto& exchange = *static_cast<mosquitto_evt_extended_auth*>(data);
  auto& exchanges = static_cast<Plugin*>(plugin)->exchanges;
  const auto server = exchanges.extract(exchange.client);
  const bool known = !server.empty() && give(exchange, server.mapped().on_final(data_of(exchange)));
  return known ? MOSQ_ERR_SUCCESS : MOSQ_ERR_AUTH;
}

}  // namespace

extern "C" int mosquitto_plugin_version(int count, const int* versions) {
  for (int i = 0; i < count; ++i) {
    if (versions[i] == 5) return 5;
  }
  return -1;
}

extern "C" int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** user_data,
                                     mosquitto_opt* options, int count) {
  auto* plugin = new Plugin;
  *user_data = plugin;
  for (int i = 0; i < count; ++i) {
    if (std::string_view(options[i].key) == "user") plugin->account.user_name = options[i].value;
    if (std::string_view(options[i].key) == "password") plugin->account.password = options[i].value;
  }
  const int result = mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_START, begin, nullptr, plugin);
  if (result != MOSQ_ERR_SUCCESS) return result;
  return mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_CONTINUE, go_on, nullptr, plugin);
}

extern "C" int mosquitto_plugin_cleanup(void* user_data, mosquitto_opt* /*options*/, int /*count*/) {
  delete static_cast<Plugin*>(user_data);
  return MOSQ_ERR_SUCCESS;
}
