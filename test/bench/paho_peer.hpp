// Paho C as its manual says it is used for speed: the asynchronous API with MQTT 5, its own threads,
// publishing from the application's.
#pragma once

#include <MQTTAsync.h>

#include <string>

#include "bench/callback_peer.hpp"

namespace holdfast::bench {

class PahoPeer : public CallbackPeer {
 public:
  /// With a directory it keeps its messages in files there, else nowhere.
  explicit PahoPeer(const Job& job, const std::string& directory = {});
  ~PahoPeer() override;
  PahoPeer(const PahoPeer&) = delete;
  PahoPeer& operator=(const PahoPeer&) = delete;

  void connect() override;
  void disconnect() override;
  void subscribe(const std::string& filter) override;

 private:
  void send_one() override;

  std::uint32_t connects_ = 0;
  MQTTAsync client_ = nullptr;
};

}  // namespace holdfast::bench
