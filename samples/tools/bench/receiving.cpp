#include "receiving.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <variant>

#include "bench_report.hpp"
#include "json_output.hpp"

namespace holdfast::tools {

namespace {

// Of one client in a row, lest the others wait.
constexpr int messages_in_a_row = 1'000;
constexpr int look_for_stop_ms = 50;

int make_epoll() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return epoll;
}

}  // namespace

Receiving::Receiving(const BenchOptions& options, std::uint32_t run, const StampClock& clock,
                     Measurements& figures)
    : options_(options), run_(run), clock_(clock), figures_(figures), epoll_(make_epoll()) {
  thread_ = std::thread([this] { this->run(); });
}

Receiving::~Receiving() {
  stop();
  ::close(epoll_);
}

void Receiving::add(BenchClient& client) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &client;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.client.fd(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Receiving::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Receiving::run() {
  std::array<epoll_event, 256> ready{};
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), look_for_stop_ms);
    for (int i = 0; i < count; ++i)
      take(*static_cast<BenchClient*>(ready.at(static_cast<std::size_t>(i)).data.ptr));
  }
}

void Receiving::take(BenchClient& client) {
  constexpr std::chrono::milliseconds at_once{0};
  for (int i = 0; i < messages_in_a_row; ++i) {
    const auto message = client.client.receive(at_once);
    if (!message) break;
    on_message(client, *message);
  }
  while (const auto event = client.client.next_event(at_once))
    on_event(client, *event);
}

void Receiving::on_message(BenchClient& client, const Message& message) {
  const std::int64_t now = clock_.at(StampClock::Clock::now());
  const auto stamp = read_stamp(message.payload());
  // Beside publishers of its own a run counts nobody else's.
  if (!stamp || !client.audience || (stamp->run != run_ && options_.publishers != 0)) {
    ++figures_.foreign;
    return;
  }
  ++figures_.received;
  figures_.received_bytes += message.payload().size();
  figures_.last_received = static_cast<std::uint64_t>(now);
  if (figures_.first_received == 0) figures_.first_received = figures_.last_received.load();
  const SequenceCheck::Arrival arrival = client.audience->take(*stamp);
  if (arrival == SequenceCheck::Arrival::duplicate) {
    ++figures_.duplicates;
    return;
  }
  if (arrival == SequenceCheck::Arrival::late) ++figures_.out_of_order;
  if (now < stamp->sent) {
    ++figures_.from_ahead;
  } else {
    figures_.end_to_end.record(std::chrono::nanoseconds(now - stamp->sent));
  }
}

void Receiving::on_event(BenchClient& client, const Event& event) {
  if (options_.connection.events)
    std::fprintf(stderr, "%s\n", with_client(to_json_line(event), client.id).c_str());
  if (std::holds_alternative<Connected>(event)) {
    client.connected = true;
  } else if (const auto* lost = std::get_if<Disconnected>(&event)) {
    // Attempts that fail afterwards are no further losses.
    if (client.connected && lost->error) {
      ++figures_.connections_lost;
      figures_.mishaps.add("connection lost: " + lost->what);
    }
    client.connected = false;
  } else if (const auto* refused = std::get_if<Refused>(&event)) {
    figures_.mishaps.add(Error(Errc::connection_refused,
                               "the broker refused a client: " + std::string(to_string(refused->reason_code)),
                               refused->reason_code, refused->reason_string));
  } else if (const auto* failed = std::get_if<SubscriptionFailed>(&event)) {
    figures_.mishaps.add(
        Error(Errc::request_refused,
              "a subscription made again was refused: " + std::string(to_string(failed->reason_code)),
              failed->reason_code, failed->reason_string));
  }
}

}  // namespace holdfast::tools
