#include "mosquitto_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "json_output.hpp"

namespace holdfast::tools {

namespace {

// Names may come more than once, which is no reason to leave a value out.
Json& append(Json& object, std::string name, Json value) {
  auto& members = object.get_ref<Json::object_t&>();
  members.push_back({std::move(name), std::move(value)});
  return members.back().second;
}

// JSON as mosquitto_sub reads it: every member is kept, and it may be nested as deeply as mosquitto_sub takes
// it: writing goes as deep.
class PayloadReader : public nlohmann::json_sax<Json> {
 public:
  static std::optional<Json> read(std::string_view payload) {
    PayloadReader reader;
    if (payload.find('\0') != std::string_view::npos) return std::nullopt;  // Else it would end there.
    if (!Json::sax_parse(payload, &reader)) return std::nullopt;
    return std::move(reader.root_);
  }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string& /*text*/) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) override { return false; }  // JSON has none.
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool key(std::string& name) override {
    name_ = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  Json& place(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    Json& parent = *open_.back();
    if (parent.is_object()) return append(parent, std::move(name_), std::move(value));
    parent.push_back(std::move(value));
    return parent.back();
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    constexpr std::size_t depth_max = 1000;
    open_.push_back(&place(std::move(value)));
    return open_.size() <= depth_max;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // What holds them does not grow, and so does not move, while they are open.
  std::string name_;
};

// mosquitto_sub's JSON library has double-precision numbers only, and as few digits as tell them apart.
std::string number_text(double number) {
  std::array<char, 32> text{};
  const auto written = [&](int digits) {
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, digits).ptr;
    return std::string_view(text.data(), static_cast<std::size_t>(end - text.data()));
  };
  std::string_view shown = written(15);
  double read = 0;
  std::from_chars(shown.data(), shown.data() + shown.size(), read);
  const double larger = std::max(std::abs(number), std::abs(read));
  if (std::abs(number - read) > larger * std::numeric_limits<double>::epsilon()) shown = written(17);
  return std::string(shown);
}

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  void write(const Json& json, std::size_t depth = 0) {
    if (json.is_array()) {
      write_array(json, depth);
    } else if (json.is_object()) {
      write_object(json, depth);
    } else {
      text_ += json.is_number() ? number_text(json.get<double>()) : dump(json);
    }
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  void write_array(const Json& array, std::size_t depth) {
    text_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i != 0) text_ += pretty_ ? ", " : ",";
      write(array[i], depth + 1);
    }
    text_ += ']';
  }

  void write_object(const Json& object, std::size_t depth) {
    text_ += pretty_ ? "{\n" : "{";
    std::size_t left = object.size();
    for (const auto& [name, value] : object.items()) {
      indent(depth + 1);
      text_.append(dump(name)).append(pretty_ ? ":\t" : ":");
      write(value, depth + 1);
      if (--left != 0) text_ += ',';
      if (pretty_) text_ += '\n';
    }
    indent(depth);
    text_ += '}';
  }

  void indent(std::size_t depth) {
    if (pretty_) text_.append(depth, '\t');
  }

  const bool pretty_;
  std::string text_;
};

// User properties are one object.
Json mosquitto_properties(const Message& message) {
  Json json = properties_of(message);
  if (json.contains("user-properties")) {
    Json users = Json::object();
    for (const auto& [name, value] : message.user_properties())
      append(users, name, value);
    json["user-properties"] = std::move(users);
  }
  json.erase("subscription-identifier");
  for (const auto identifier : message.subscription_identifiers())
    append(json, "subscription-identifier", identifier);
  return json;
}

std::optional<Json> payload_of(const Message& message, PayloadAs payload_as) {
  if (message.payload().empty()) return Json(nullptr);
  if (payload_as == PayloadAs::text) return Json(message.payload());
  return PayloadReader::read(message.payload());
}

}  // namespace

std::optional<std::string> mosquitto_json(const Message& message, const Arrival& arrival,
                                          PayloadAs payload_as, bool pretty) {
  std::optional<Json> payload = payload_of(message, payload_as);
  if (!payload) return std::nullopt;
  const std::string microseconds = std::to_string(1'000'000 + arrival.nanoseconds / 1000).substr(1);
  Json json;
  json["tst"] = arrival.text("%Y-%m-%dT%H:%M:%S") + "." + microseconds + arrival.text("%z");
  json["topic"] = message.topic();
  json["qos"] = static_cast<int>(message.qos());
  json["retain"] = message.retain() ? 1 : 0;
  json["payloadlen"] = message.payload().size();
  if (message.qos() != QoS::at_most_once) json["mid"] = message.packet_identifier();
  const Json properties = mosquitto_properties(message);
  if (!properties.empty()) json["properties"] = properties;
  json["payload"] = std::move(*payload);
  Writer writer(pretty);
  writer.write(json);
  return writer.text();
}

}  // namespace holdfast::tools
