#include "bench/comparison.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <set>
#include <stdexcept>

#include "bench/sink.hpp"
#include "bench/tls_stream.hpp"
#include "support/loopback.hpp"

namespace holdfast::bench {

namespace {

using nlohmann::json;

// In the order in which they are listed. What a program of them is missing for, in words.
const std::vector<std::pair<std::string, const char*>> contestants{
    {"holdfast", "it was not built"},
    {"boost_mqtt5", "no Boost of 1.88 or newer was found: -DBoost_INCLUDE_DIR=..."},
    {"rumqttc", "cargo is missing, or its crates could not be had"},
    {"libmosquitto", "libmosquitto-dev is missing"},
    {"paho_c", "libpaho-mqtt-dev is missing"},
    {"paho_cpp", "libpaho-mqttpp-dev is missing"},
    {"sockets", "it was not built"},
};

double median(std::vector<double> values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  return *half;
}

std::string first_line_after(const char* file, const std::string& label) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(label, 0) == 0) return line.substr(line.find_first_not_of(" \t:=\"", label.size()));
  }
  return "?";
}

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

/// Of the last minute.
double load_average() {
  double load = 0;
  ::getloadavg(&load, 1);
  return load;
}

/// How this process, and so all that it starts, gets its processors.
std::string scheduling() {
  const int policy = ::sched_getscheduler(0);
  if (policy == SCHED_FIFO || policy == SCHED_RR) return "real-time";
  const int nice = ::getpriority(PRIO_PROCESS, 0);
  // Where processes are grouped by session, the nice value of the group is what counts.
  const std::string group = first_line_after("/proc/self/autogroup", "/autogroup-");
  const std::size_t of_group = group.find("nice ");
  return "nice " + std::to_string(nice) +
         (of_group == std::string::npos ? "" : ", its session " + group.substr(of_group));
}

std::string tls_build_of(const std::string& peer) {
  return peer + "_tls";
}

using Rounds = std::map<std::string, std::vector<std::map<std::string, double>>>;

json medians_of(const std::vector<std::map<std::string, double>>& rounds) {
  json figures = json::object();
  for (const auto& figure : rounds.front()) {
    std::vector<double> values;
    for (const auto& round : rounds)
      values.push_back(round.at(figure.first));
    figures[figure.first] = median(values);
  }
  return figures;
}

json speed_of(const std::vector<std::map<std::string, double>>& rounds, std::uint32_t messages) {
  std::vector<double> speeds;
  std::vector<double> cpu;
  for (const auto& round : rounds) {
    speeds.push_back(messages / round.at("seconds"));
    cpu.push_back(round.at("cpu_seconds") * 1e6 / messages);
  }
  const auto [slowest, fastest] = std::minmax_element(speeds.begin(), speeds.end());
  return {{"per_second", median(speeds)},
          {"cpu_microseconds", median(cpu)},
          {"slowest", *slowest},
          {"fastest", *fastest}};
}

}  // namespace

Comparison::Comparison(const ComparisonSettings& settings)
    : settings_(settings),
      certificate_(authority_.issue(support::for_this_machine())),
      sink_port_(support::free_port()),
      sink_listener_(support::listen_on(sink_port_)),
      tls_sink_port_(support::free_port()),
      tls_sink_listener_(support::listen_on(tls_sink_port_)) {
  support::write_file(directory_.path() / "ca.pem", authority_.pem());
  start_sink();
  tls_sink_ = std::make_unique<Server>(
      [this] { run_sink(tls_sink_listener_, tls_streams(certificate_.certificate, certificate_.key)); });
  describe_machine();
  for (const auto& [name, missing] : contestants) {
    if (is_built(name)) {
      peers_.push_back(name);
      results_["versions"][name] = version_of_peer(name);
    } else {
      std::cout << name << " takes no part: " << missing << '\n';
      results_["missing"][name] = missing;
    }
  }
}

void Comparison::describe_machine() {
  utsname system{};
  ::uname(&system);
  results_["date"] = now();
  results_["scale"] = scaled("full", "quick", "tiny");
  results_["rounds"] = rounds();
  results_["load"] = load_average();
  results_["scheduling"] = scheduling();
  results_["machine"] = {
      {"processor", first_line_after("/proc/cpuinfo", "model name")},
      {"processors", ::sysconf(_SC_NPROCESSORS_ONLN)},
      {"memory", first_line_after("/proc/meminfo", "MemTotal")},
      {"system", first_line_after("/etc/os-release", "PRETTY_NAME")},
      {"kernel", std::string(system.sysname) + " " + system.release + " " + system.machine},
      {"compiler", __VERSION__},
  };
  std::string& name = results_["machine"]["system"].get_ref<std::string&>();
  if (name.ends_with('"')) name.pop_back();
  results_["missing"] = json::object();
  results_["results"] = json::array();
  results_["failures"] = json::array();
}

std::vector<std::string> Comparison::among(const std::vector<std::string>& names) const {
  std::vector<std::string> found;
  std::copy_if(peers_.begin(), peers_.end(), std::back_inserter(found), [&](const std::string& peer) {
    return std::find(names.begin(), names.end(), peer) != names.end();
  });
  return found;
}

// Some are built a second time for TLS, so that what TLS brings with it burdens no other measurement.
std::vector<std::string> Comparison::with_tls() const {
  std::vector<std::string> able{"holdfast", "libmosquitto", "paho_cpp", "sockets"};
  std::copy_if(peers_.begin(), peers_.end(), std::back_inserter(able),
               [](const std::string& peer) { return is_built(tls_build_of(peer)); });
  return among(able);
}

std::vector<std::string> Comparison::tls() const {
  return {"port=" + std::to_string(tls_sink_port_), "ca=" + file("ca.pem")};
}

std::string Comparison::file(const std::string& name) const {
  return (directory_.path() / name).string();
}

void Comparison::start_sink() {
  sink_.reset();
  sink_ = std::make_unique<Server>([this] { run_sink(sink_listener_); });
}

support::Mosquitto* Comparison::mosquitto() {
  if (!support::Mosquitto::installed()) return nullptr;
  if (mosquitto_ == nullptr) {
    support::MosquittoConfig config;
    config.lines = {"log_type none", "max_inflight_messages " + std::to_string(window),
                    "max_queued_messages 0", "set_tcp_nodelay true"};
    mosquitto_ = std::make_unique<support::Mosquitto>(config);
  }
  return mosquitto_.get();
}

std::map<std::string, double> Comparison::run(const Contest& contest, const std::string& peer,
                                              const std::vector<std::string>& more,
                                              const Answer& answer) const {
  PeerCommand command{peer, contest.measurement, contest.arguments, {}};
  if (contest.over_tls && is_built(tls_build_of(peer))) command.peer = tls_build_of(peer);
  command.patience = std::chrono::seconds(scaled(100, 30, 10));
  for (const char* name : {"qos", "size", "threads"}) {
    if (contest.scenario.contains(name))
      command.arguments.push_back(name + ("=" + contest.scenario[name].dump()));
  }
  command.arguments.insert(command.arguments.end(), more.begin(), more.end());
  return run_peer(command, answer);
}

std::uint32_t Comparison::messages_for(const Contest& contest, const std::string& peer,
                                       const AnswerWith& answer) {
  const bool connecting = contest.measurement == "connect";
  if (scale() == Scale::tiny) return connecting ? 2 : 200;
  const double wanted = scaled(0.8, 0.3, 0.0);
  constexpr double most = 20e6;
  // What took less says too little about how many fit. Some need a second for a connection.
  constexpr double telling = 0.02;
  double messages = connecting ? 2 : 1'000;
  for (;;) {
    const auto count = static_cast<std::uint32_t>(messages);
    const auto figures =
        run(contest, peer, {"messages=" + std::to_string(count)}, [&](const std::string& what, pid_t) {
          if (answer) answer(what, count);
        });
    if (figures.empty()) return 0;
    const double seconds = figures.at("seconds");
    const double fitting = std::clamp(messages / seconds * wanted, connecting ? 2.0 : 100.0, most);
    if (seconds >= telling || messages == most) return static_cast<std::uint32_t>(fitting);
    messages = std::min(fitting, 100 * messages);
  }
}

void Comparison::measure_speed(const Contest& contest, const AnswerWith& answer) {
  std::cout << '\n' << contest.measurement << ' ' << contest.scenario.dump() << std::endl;
  std::map<std::string, std::uint32_t> messages;
  Rounds samples;
  for (int round = 0; round < rounds(); ++round) {
    for (const std::string& peer : contest.peers) {
      try {
        if (round == 0) messages[peer] = messages_for(contest, peer, answer);
        const std::uint32_t count = messages[peer];
        if (count == 0) continue;
        const auto figures =
            run(contest, peer, {"messages=" + std::to_string(count)}, [&](const std::string& what, pid_t) {
              if (answer) answer(what, count);
            });
        // It takes no part, such as one that threads cannot share.
        if (figures.empty()) continue;
        samples[peer].push_back(figures);
      } catch (const std::exception& error) {
        note_failure(contest, peer, error.what());
        messages[peer] = 0;
        samples.erase(peer);
      }
    }
  }
  for (const std::string& peer : contest.peers) {
    if (samples.contains(peer)) note(contest, peer, speed_of(samples[peer], messages[peer]));
  }
}

void Comparison::measure(const Contest& contest, const Answer& answer) {
  std::cout << '\n' << contest.measurement << ' ' << contest.scenario.dump() << std::endl;
  Rounds samples;
  std::set<std::string> failed;
  for (int round = 0; round < rounds(); ++round) {
    for (const std::string& peer : contest.peers) {
      if (failed.contains(peer)) continue;
      try {
        samples[peer].push_back(run(contest, peer, {}, answer));
      } catch (const std::exception& error) {
        note_failure(contest, peer, error.what());
        samples.erase(peer);
        failed.insert(peer);
      }
    }
  }
  for (const std::string& peer : contest.peers) {
    if (samples.contains(peer)) note(contest, peer, medians_of(samples[peer]));
  }
}

void Comparison::note(const Contest& contest, const std::string& peer, const json& figures) {
  json result = contest.scenario;
  result["measurement"] = contest.measurement;
  result["peer"] = peer;
  result.update(figures);
  results_["results"].push_back(result);
  std::cout << "  " << std::left << std::setw(14) << peer << std::right << std::fixed;
  for (const auto& [name, value] : figures.items()) {
    const double number = value.get<double>();
    std::cout << "  " << name << ' ' << std::setprecision(number < 100 ? 2 : 0) << number;
  }
  std::cout << std::endl;
}

// The others go on. It has no figure then, which the table shows.
void Comparison::note_failure(const Contest& contest, const std::string& peer, const std::string& why) {
  json failure = contest.scenario;
  failure["measurement"] = contest.measurement;
  failure["peer"] = peer;
  failure["why"] = why;
  results_["failures"].push_back(failure);
  std::cout << "  " << peer << ": " << why << std::endl;
}

double Comparison::noted(const std::string& measurement, const json& scenario, const std::string& peer,
                         const std::string& figure) const {
  for (const json& result : results_["results"]) {
    if (result["measurement"] != measurement || result["peer"] != peer) continue;
    const bool same = std::all_of(scenario.items().begin(), scenario.items().end(), [&](const auto& item) {
      return result.contains(item.key()) && result[item.key()] == item.value();
    });
    if (same && result.contains(figure)) return result[figure].get<double>();
  }
  return 0;
}

}  // namespace holdfast::bench
