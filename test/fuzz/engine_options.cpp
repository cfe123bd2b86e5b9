#include "fuzz/engine_options.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <holdfast/authenticator.hpp>

#include "session/protocol_limits.hpp"
#include "store/memory_store.hpp"

namespace holdfast::fuzz {

using namespace std::chrono_literals;

namespace {

// Answers well, with more than fits, or not at all; and holds the engine to the order of the calls.
class AnyAuthenticator : public Authenticator {
 public:
  explicit AnyAuthenticator(std::uint8_t choices) : choices_(choices) {}

  [[nodiscard]] std::string method() const override { return authentication_method; }
  [[nodiscard]] std::optional<std::string> start() override {
    begun_ = true;
    challenges_ = 0;
    fail_if((choices_ & 7) == 7);
    if ((choices_ & 8) != 0) return std::nullopt;
    return std::string((choices_ & 0x30) == 0x30 ? 70'000 : 3, 'd');
  }
  [[nodiscard]] std::string respond(std::string_view challenge) override {
    require(begun_);
    require(++challenges_ <= 16);
    fail_if(challenge == "\xff");
    return std::string(challenge.size() * ((choices_ & 0xC0) == 0xC0 ? 70'000 : 1), 'r');
  }
  void finish(std::string_view data) override {
    require(begun_);
    begun_ = false;
    fail_if(data == "\xff");
  }

 private:
  static void fail_if(bool fails) {
    if (fails) throw std::runtime_error("no answer");
  }

  const std::uint8_t choices_;
  bool begun_ = false;
  unsigned challenges_ = 0;
};

void choose_session(Input& input, Options& options) {
  options.client_id = input.one_in(4) ? "" : "client";
  const std::uint8_t choices = input.byte();
  options.strict_peer = (choices & 1) != 0;
  options.resubscribe = (choices & 2) == 0;
  options.lower_qos = (choices & 4) != 0;
  options.on_session_lost = (choices & 8) != 0 ? OnSessionLost::fail : OnSessionLost::republish;
  if ((choices & 16) != 0 && !options.client_id.empty())
    options.store = std::make_shared<store::MemoryStore>(session::RangeLimits{}, 1);
  if ((choices & 32) != 0) options.session_end = SessionEnd::by_clock;
  if ((choices & 64) != 0) options.server_group = ServerGroup::cluster;
  options.check_payload_format = (choices & 128) != 0;
  options.session_expiry = input.one_of<std::chrono::seconds>(std::array{3'600s, 0s, 60s, never_expires});
  options.start = input.one_of(std::array{Start::automatic, Start::automatic, Start::clean, Start::resume});
  if (options.client_id.empty()) options.start = Start::automatic;
}

void choose_limits(Input& input, Options& options) {
  const auto optional = [&input](auto low, auto high) {
    const std::size_t choice = input.below(3);
    return choice == 0 ? std::nullopt : std::optional(choice == 1 ? low : high);
  };
  options.connect_properties.receive_maximum = optional(std::uint16_t{1}, std::uint16_t{3});
  options.connect_properties.topic_alias_maximum = optional(std::uint16_t{2}, std::uint16_t{200});
  options.connect_properties.maximum_packet_size = optional(40U, 1'000U);
  options.in_flight_max = input.one_of(std::array<std::uint16_t, 4>{65535, 1, 2, 10});
  options.replay_rate = input.one_of(std::array{0U, 1U, 1'000U});
  options.poison_after = input.one_of(std::array{5U, 0U, 1U});
  options.keep_alive = input.one_of<std::chrono::seconds>(std::array{60s, 0s, 1s, 65'535s});
  options.acknowledgement_timeout =
      optional(std::chrono::milliseconds(1ms), std::chrono::milliseconds(10'000ms));
}

void choose_identity(Input& input, Options& options) {
  const std::uint8_t choices = input.byte();
  if ((choices & 1) != 0) options.connect_properties.request_problem_information = false;
  if ((choices & 2) != 0) options.user_name = "user";
  if ((choices & 4) != 0) options.password = "secret";
  if ((choices & 8) != 0) {
    options.will = Will{.topic = "will", .payload = "gone", .qos = QoS::exactly_once, .retain = true};
    if ((choices & 16) != 0) options.will->will_delay_interval = 10s;
  }
  switch (choices >> 5) {
    case 0:
    case 1:
    case 2:
      return;
    case 3:
      options.connect_properties.authentication_method = authentication_method;
      options.connect_properties.authentication_data = "data";
      return;
    default:
      options.authenticator = std::make_shared<AnyAuthenticator>(input.byte());
  }
}

// Takes out what MQTT 3.1.1 lacks.
void fit_to_3_1_1(Options& options) {
  options.connect_properties = {};
  options.authenticator.reset();
  if (options.will) options.will->will_delay_interval.reset();
  if (!options.user_name) options.password.reset();
  if (options.client_id.empty()) options.session_expiry = 0s;
  if (options.session_expiry == 0s && options.start == Start::resume) options.start = Start::automatic;
  require(!session::not_in_3_1_1(options));
  require(!session::not_in_3_1_1(options.user_name, options.password, options.will));
}

}  // namespace

Options options_from(Input& input) {
  Options options;
  options.protocol =
      input.one_of(std::array{Protocol::mqtt_5, Protocol::mqtt_5, Protocol::mqtt_3_1_1, Protocol::automatic});
  choose_session(input, options);
  choose_limits(input, options);
  choose_identity(input, options);
  // Where MQTT 5 may be spoken, too, what an older server cannot do shows when there is one.
  const bool asks_too_much = options.protocol == Protocol::automatic && input.one_in(4);
  if (options.protocol != Protocol::mqtt_5 && !asks_too_much) fit_to_3_1_1(options);
  return options;
}

}  // namespace holdfast::fuzz
