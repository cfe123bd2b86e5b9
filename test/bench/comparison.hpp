// One run of all contestants against each other: who takes part, against which servers, for how long, and
// what came out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/child.hpp"
#include "bench/peer_process.hpp"
#include "support/certificates.hpp"
#include "support/descriptor.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::bench {

/// `tiny` shows that all work; its figures mean nothing.
enum class Scale { full, quick, tiny };

struct ComparisonSettings {
  Scale scale = Scale::full;
  std::vector<std::string> only;  ///< Groups of measurements; empty: all.
};

/// Something to do, for all who take part. `scenario` says what in the results, and its members qos, size and
/// threads are handed to the contestants.
struct Contest {
  std::string measurement;
  nlohmann::json scenario;
  std::vector<std::string> peers;
  std::vector<std::string> arguments = {};
  bool over_tls = false;
};

class Comparison {
 public:
  explicit Comparison(const ComparisonSettings& settings);

  [[nodiscard]] Scale scale() const { return settings_.scale; }
  /// One of three, by scale.
  template <class Value>
  [[nodiscard]] Value scaled(Value full, Value quick, Value tiny) const {
    return settings_.scale == Scale::full ? full : settings_.scale == Scale::quick ? quick : tiny;
  }
  [[nodiscard]] int rounds() const { return scaled(5, 3, 1); }
  /// Those of the names that take part.
  [[nodiscard]] std::vector<std::string> among(const std::vector<std::string>& names) const;
  [[nodiscard]] const std::vector<std::string>& all() const { return peers_; }

  // The servers.
  [[nodiscard]] std::uint16_t sink_port() const { return sink_port_; }
  /// Those who can speak TLS here, and what they are told of the sink that does.
  [[nodiscard]] std::vector<std::string> with_tls() const;
  [[nodiscard]] std::vector<std::string> tls() const;
  /// A file for whatever is measured; it goes with this object.
  [[nodiscard]] std::string file(const std::string& name) const;
  /// Null where mosquitto is not installed.
  [[nodiscard]] support::Mosquitto* mosquitto();
  /// The sink as it is, and a new one, which breaks the connections of the one before.
  void pause_sink() { sink_->pause(); }
  void start_sink();

  /// Measures how fast messages go, in rounds in turn: each as long as the others, however fast. `answer` as
  /// of run_peer(), given also how many messages the contestant was told.
  using AnswerWith = std::function<void(const std::string& what, std::uint32_t messages)>;
  void measure_speed(const Contest& contest, const AnswerWith& answer = {});
  /// Rounds of any other measurement; notes the medians of all figures.
  void measure(const Contest& contest, const Answer& answer = {});
  /// Notes figures of one contestant in one scenario, and prints them.
  void note(const Contest& contest, const std::string& peer, const nlohmann::json& figures);
  /// Notes that a contestant has no figure in a scenario, and why.
  void note_failure(const Contest& contest, const std::string& peer, const std::string& why);
  /// Runs one contestant in a scenario, and gives what it printed.
  std::map<std::string, double> run(const Contest& contest, const std::string& peer,
                                    const std::vector<std::string>& more, const Answer& answer = {}) const;
  /// What was noted: a figure of a contestant in a scenario; 0 if there is none.
  [[nodiscard]] double noted(const std::string& measurement, const nlohmann::json& scenario,
                             const std::string& peer, const std::string& figure) const;
  [[nodiscard]] nlohmann::json& results() { return results_; }

 private:
  std::uint32_t messages_for(const Contest& contest, const std::string& peer, const AnswerWith& answer);
  void describe_machine();

  const ComparisonSettings settings_;
  std::vector<std::string> peers_;
  support::TemporaryDirectory directory_;
  support::CertificateAuthority authority_;
  support::Certificate certificate_;
  std::uint16_t sink_port_ = 0;
  support::Descriptor sink_listener_;
  std::unique_ptr<Server> sink_;
  std::uint16_t tls_sink_port_ = 0;
  support::Descriptor tls_sink_listener_;
  std::unique_ptr<Server> tls_sink_;
  std::unique_ptr<support::Mosquitto> mosquitto_;
  nlohmann::json results_;
};

// The groups of measurements, each in a file of its own.
void compare_throughput(Comparison& comparison);
void compare_sizes(Comparison& comparison);
void compare_broker(Comparison& comparison);
void compare_latency(Comparison& comparison);
void compare_replay(Comparison& comparison);
void compare_memory(Comparison& comparison);
void compare_connections(Comparison& comparison);
void compare_durability(Comparison& comparison);
void compare_costs(Comparison& comparison);

}  // namespace holdfast::bench
