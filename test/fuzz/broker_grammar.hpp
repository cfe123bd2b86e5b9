// What brokers send, valid and not, as a fuzzer's bytes choose.
#pragma once

#include <cstddef>
#include <vector>

#include "fuzz/engine_watch.hpp"
#include "fuzz/fuzz_input.hpp"

namespace holdfast::fuzz {

/// A CONNACK, mostly one that accepts.
void append_connack(Input& input, const Greeting& greeting, std::vector<std::byte>& bytes);
/// One that accepts, without a session and with nothing more to say.
void append_welcome(const Greeting& greeting, std::vector<std::byte>& bytes);
/// Any packet; one in some is damaged, or of another version of MQTT.
void append_packet(Input& input, const Greeting& greeting, std::vector<std::byte>& bytes);
/// An AUTH, mostly one that may come.
void append_auth(Input& input, const Greeting& greeting, std::vector<std::byte>& bytes);
/// What an honest broker answers to the first packets, which are taken out.
void append_answers(Input& input, const Greeting& greeting, std::vector<Unanswered>& unanswered,
                    std::vector<std::byte>& bytes);

}  // namespace holdfast::fuzz
