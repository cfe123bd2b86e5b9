// Boost.MQTT5 as its documentation has it: one io_context with one thread, where each message that has ended
// begins the next. (Its client is not to be called from several threads.)
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/mqtt5/mqtt_client.hpp>
#ifdef HOLDFAST_BENCH_TLS
#include <boost/asio/ssl.hpp>
#include <boost/mqtt5/ssl.hpp>
#endif
#include <boost/mqtt5/types.hpp>
#include <boost/version.hpp>

#include <algorithm>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>

#include "bench/peer.hpp"
#include "bench/progress.hpp"

#ifdef HOLDFAST_BENCH_TLS
// What its documentation wants of those who use TLS.
template <typename Base>
struct boost::mqtt5::tls_handshake_type<boost::asio::ssl::stream<Base>> {
  static constexpr auto client = boost::asio::ssl::stream_base::client;
};
namespace boost::mqtt5 {
// An address has no name to be told.
template <typename Base>
void assign_tls_sni(const authority_path&, boost::asio::ssl::context&, boost::asio::ssl::stream<Base>&) {}
}  // namespace boost::mqtt5
#endif

namespace holdfast::bench {

namespace {

namespace asio = boost::asio;
namespace mqtt = boost::mqtt5;
using boost::system::error_code;

void check(const error_code& error, const char* what) {
  if (error) throw std::runtime_error(std::string("Boost.MQTT5: ") + what + ": " + error.message());
}

#ifdef HOLDFAST_BENCH_TLS
using Stream = asio::ssl::stream<asio::ip::tcp::socket>;
using TlsContext = asio::ssl::context;
#else
using Stream = asio::ip::tcp::socket;
using TlsContext = std::monostate;
#endif

TlsContext make_tls_context([[maybe_unused]] const std::string& ca_file) {
#ifdef HOLDFAST_BENCH_TLS
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(ca_file);
  context.set_verify_mode(asio::ssl::verify_peer);
  return context;
#else
  return {};
#endif
}

/// The client tells nobody but its logger that it is connected.
struct ConnectionLog {
  Progress* connected;
  void at_connack(mqtt::reason_code, bool, const mqtt::connack_props&) const { connected->finish_one(); }
};

/// So many messages, some of them at a time.
struct Batch {
  std::uint32_t to_begin = 0;
  std::uint32_t unfinished = 0;
  std::promise<void> begun;
  std::promise<error_code> ended;
};

class BoostPeer : public Peer {
 public:
  explicit BoostPeer(const Job& job) : job_(job) {}
  ~BoostPeer() override {
    if (thread_.joinable()) stop();
  }
  BoostPeer(const BoostPeer&) = delete;
  BoostPeer& operator=(const BoostPeer&) = delete;

  void connect() override {
    client_.brokers("127.0.0.1", job_.port)
        .credentials("boost")
        .keep_alive(60)
        .connect_property(mqtt::prop::receive_maximum, window);
    // Without it a packet above 64 KiB ends the connection, and the messages never come. With it every read
    // clears a buffer of this size, so small messages go without.
    if (job_.payload_size > 60'000) client_.connect_property(mqtt::prop::maximum_packet_size, 1U << 17);
    client_.async_run(asio::detached);
    context_.restart();
    thread_ = std::thread([this] { context_.run(); });
    connected_.wait_for(++connects_);
  }
  void disconnect() override {
    // Over TLS it says that it was cancelled, when the server closes after DISCONNECT as it should.
    run([this](auto done) {
      client_.async_disconnect(
          [done](error_code error) { done(error == asio::error::operation_aborted ? error_code{} : error); });
    });
    stop();
  }
  void await_connection() override { connected_.wait_for(2); }

  void publish(std::uint32_t messages) override {
    batch_ = {messages, 0, {}, {}};
    std::future<void> begun = batch_.begun.get_future();
    ended_ = batch_.ended.get_future();
    asio::post(context_, [this] {
      while (batch_.to_begin > 0 && batch_.unfinished < job_.outstanding)
        begin_one();
    });
    begun.get();
  }
  [[nodiscard]] bool can_share() const override { return false; }
  void finish() override { check(ended_.get(), "publish"); }
  void round_trip() override {
    publish(1);
    finish();
  }
  void publish_at(std::span<TimePoint> due, std::span<TimePoint> ended) override {
    std::promise<void> done;
    std::size_t finished = 0;
    for (std::size_t i = 0; i < due.size(); ++i) {
      sleep_until(due[i]);
      due[i] = std::chrono::steady_clock::now();
      asio::post(context_, [&, i] {
        publish_one([&, i](error_code) {
          ended[i] = std::chrono::steady_clock::now();
          if (++finished == ended.size()) done.set_value();
        });
      });
    }
    done.get_future().wait();
  }

  void subscribe(const std::string& filter) override {
    run([&](auto done) {
      client_.async_subscribe({filter, {mqtt::qos_e::exactly_once}}, mqtt::subscribe_props{},
                              [done](error_code error, const auto&, const auto&) { done(error); });
    });
  }
  void receive(std::uint32_t messages) override {
    to_receive_ = messages;
    std::promise<error_code> done;
    asio::post(context_, [&] { receive_next(done); });
    check(done.get_future().get(), "receive");
  }

 private:
  template <class Done>
  void publish_one(Done&& done) {
    auto take = [done](error_code error, auto&&...) { done(error); };
    switch (job_.qos) {
      case 0:
        return client_.async_publish<mqtt::qos_e::at_most_once>(topic, payload_, mqtt::retain_e::no, {},
                                                                std::move(take));
      case 1:
        return client_.async_publish<mqtt::qos_e::at_least_once>(topic, payload_, mqtt::retain_e::no, {},
                                                                 std::move(take));
      default:
        return client_.async_publish<mqtt::qos_e::exactly_once>(topic, payload_, mqtt::retain_e::no, {},
                                                                std::move(take));
    }
  }

  void begin_one() {
    ++batch_.unfinished;
    publish_one([this](error_code error) {
      --batch_.unfinished;
      if (error) throw std::runtime_error("Boost.MQTT5: publish: " + error.message());
      if (batch_.to_begin > 0) return begin_one();
      if (batch_.unfinished == 0) batch_.ended.set_value({});
    });
    if (--batch_.to_begin == 0) batch_.begun.set_value();
  }

  void receive_next(std::promise<error_code>& done) {
    client_.async_receive([&](error_code error, const std::string&, const std::string&, const auto&) {
      if (error || --to_receive_ == 0) return done.set_value(error);
      receive_next(done);
    });
  }

  /// Begins something on the client's thread and waits for its end.
  template <class Begin>
  void run(const Begin& begin) {
    auto ended = std::make_shared<std::promise<error_code>>();
    asio::post(context_,
               [begin, ended] { begin([ended](error_code error, auto&&...) { ended->set_value(error); }); });
    check(ended->get_future().get(), "client");
  }

  void stop() {
    context_.stop();
    thread_.join();
  }

  const Job job_;
  const std::string payload_ = std::string(job_.payload_size, 'x');
  asio::io_context context_{1};
  Progress connected_{"Boost.MQTT5"};
  std::uint32_t connects_ = 0;
  mqtt::mqtt_client<Stream, TlsContext, ConnectionLog> client_{context_, make_tls_context(job_.ca_file),
                                                               ConnectionLog{&connected_}};
  std::thread thread_;
  // Of the client's thread, while it works.
  Batch batch_;
  std::future<error_code> ended_;
  std::uint32_t to_receive_ = 0;
};

}  // namespace

std::string peer_version() {
  std::string version = BOOST_LIB_VERSION;  // "1_88", the one that it came with.
  std::replace(version.begin(), version.end(), '_', '.');
  return version;
}

std::unique_ptr<Peer> make_peer(const Job& job) {
  return std::make_unique<BoostPeer>(job);
}

}  // namespace holdfast::bench
