// 12: a complete daemon under systemd: readiness, watchdog, clean stop, a session that outlives it.
//
// Run:    12_daemon [mqtt://host:port]     (default mqtt://localhost), or as 12_daemon.service does
// Does:   publishes the load average to plant/17/load every second, and takes another period from
//         plant/17/period (seconds, such as 0.5). Stops cleanly on SIGTERM and SIGINT.
// Keeps:  its session in $STATE_DIRECTORY, or in the current directory.
// Page:   docs/samples/12_daemon.md
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/systemd_sink.h>
#include <spdlog/spdlog.h>

#include <holdfast/client.hpp>
#include <holdfast/store.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// What asks the daemon to stop, as something to poll for.
class StopSignals {
 public:
  /// Before any thread is started, so that all have the signals blocked.
  StopSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    descriptor_ = signalfd(-1, &signals, SFD_CLOEXEC);
  }
  ~StopSignals() { close(descriptor_); }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// systemd restarts a service that is silent for longer than WatchdogSec. Half of it, if it is set.
std::optional<Clock::duration> watchdog_period() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds) / 2;
}

// What runs on the terminal of a service has its variable, but not its journal: that has to be this stderr.
bool errors_go_to_journal() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  return stream != nullptr && fstat(STDERR_FILENO, &status) == 0 &&
         stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

// The journal knows levels and needs neither times nor names.
std::shared_ptr<spdlog::logger> make_logger() {
  if (errors_go_to_journal())
    return std::make_shared<spdlog::logger>("12_daemon", std::make_shared<spdlog::sinks::systemd_sink_mt>());
  return std::make_shared<spdlog::logger>("12_daemon", std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

holdfast::Options options_for(std::string server, const std::shared_ptr<spdlog::logger>& logger) {
  // StateDirectory= of the unit. NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* directory = std::getenv("STATE_DIRECTORY");
  holdfast::Options options;
  options.server = std::move(server);
  options.client_id = "plant-17";
  options.session_expiry = holdfast::never_expires;
  options.store = holdfast::sqlite_store(std::filesystem::path(directory != nullptr ? directory : ".") /
                                         "plant-17.store");
  options.retry_first_connect = true;  // The broker may boot after us.
  options.ack = holdfast::Ack::manual;
  options.will = holdfast::Will{.topic = "plant/17/alive", .payload = "no", .retain = true};
  options.request_timeout = 3s;  // Of subscribe(): the watchdog is waiting, too.
  options.logger = logger;
  options.trace = trace_file();
  return options;
}

class Daemon {
 public:
  Daemon(std::string server, const std::shared_ptr<spdlog::logger>& logger)
      : logger_(logger), client_(options_for(std::move(server), logger)) {}

  void start() {
    // What is published from here on goes into the store, whether the broker is there or not. So the daemon
    // is ready now, and units that come after it need not wait for the network.
    try {
      client_.connect(0ms);
    } catch (const holdfast::Error&) {
      // It goes on trying; where it does not, an event says so.
    }
    sd_notify(0, "READY=1\nSTATUS=Connecting");
  }

  /// Until a signal comes.
  void run(const StopSignals& stop) {
    const auto watchdog = watchdog_period();
    Clock::time_point next_sign = next_reading_;
    std::array<pollfd, 2> polled{{{client_.fd(), POLLIN, 0}, {stop.descriptor(), POLLIN, 0}}};
    while (polled[1].revents == 0) {
      const Clock::time_point now = Clock::now();
      if (now >= next_reading_) {
        publish_load();
        next_reading_ = now + period_;
      }
      // From the loop that does the work: a daemon that hangs is to be found out.
      if (watchdog && now >= next_sign) {
        sd_notify(0, "WATCHDOG=1");
        next_sign = now + *watchdog;
      }
      const Clock::time_point next = watchdog ? std::min(next_reading_, next_sign) : next_reading_;
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
      poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(wait.count(), 0)));
      take_event();
      take_message();
    }
  }

  void stop() {
    sd_notify(0, "STOPPING=1\nSTATUS=Sending what is left");
    say_alive("no");  // The will speaks only for those who cannot.
    const bool all = client_.disconnect({.drain = 5s});
    if (!all) logger_->info("the rest is sent at the next start");
  }

 private:
  void publish_load() {
    std::string load;
    std::ifstream("/proc/loadavg") >> load;
    // Never waits: while the store is full the daemon has other things to do, such as the watchdog.
    if (!client_.try_publish("plant/17/load", load, {.qos = holdfast::QoS::at_least_once}))
      logger_->warn("a reading is lost: the outbox is full");
  }

  // One a turn, as of messages: what comes in a flood must not keep the loop from its other work.
  void take_event() {
    const auto event = client_.next_event(0ms);
    if (!event) return;
    if (std::holds_alternative<holdfast::Connected>(*event)) {
      sd_notify(0, "STATUS=Connected");
      if (client_.is_connected()) greet();
    } else if (const auto* lost = std::get_if<holdfast::Disconnected>(&*event)) {
      sd_notifyf(0, "STATUS=Not connected: %s", lost->what.c_str());
    } else if (const auto* refused = std::get_if<holdfast::Refused>(&*event); refused && refused->final) {
      throw holdfast::Error(
          holdfast::Errc::connection_refused,
          "the broker does not let this client in: " + std::string(to_string(refused->reason_code)));
    } else if (const auto* taken = std::get_if<holdfast::TakenOver>(&*event); taken && taken->final) {
      throw holdfast::Error(holdfast::Errc::taken_over, "another program has the client id plant-17");
    }
  }

  // Also where the session has the subscription still: to subscribe again does no harm.
  void greet() {
    try {
      client_.subscribe("plant/17/period", holdfast::QoS::at_least_once);
    } catch (const holdfast::Error& error) {
      logger_->warn("{}", error.what());  // The connection is lost again, say: the next one asks anew.
    }
    say_alive("yes");
  }

  void say_alive(std::string_view what) {
    (void)client_.try_publish("plant/17/alive", what, {.qos = holdfast::QoS::at_least_once, .retain = true});
  }

  void take_message() {
    if (auto message = client_.receive(0ms)) {
      take_period(message->payload());
      message->ack();  // Not before: what a crash interrupts comes again.
    }
  }

  void take_period(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0.01 && seconds <= 86'400)) {
      logger_->warn("\"{}\" is no period: a number of seconds from 0.01 to 86400 is", text);
      return;
    }
    period_ = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    next_reading_ = std::min(next_reading_, Clock::now() + period_);
    logger_->info("a reading every {} seconds from now on", seconds);
  }

  const std::shared_ptr<spdlog::logger> logger_;
  holdfast::Client client_;
  Clock::duration period_ = 1s;
  Clock::time_point next_reading_ = Clock::now();
};

}  // namespace

int main(int argc, char** argv) {
  const StopSignals stop;
  const auto logger = make_logger();
  try {
    Daemon daemon(argc > 1 ? argv[1] : "mqtt://localhost", logger);
    daemon.start();
    daemon.run(stop);
    daemon.stop();
    return 0;
  } catch (const std::exception& error) {
    logger->error("{}", error.what());
    sd_notifyf(0, "STATUS=%s", error.what());
    return 1;
  }
}
