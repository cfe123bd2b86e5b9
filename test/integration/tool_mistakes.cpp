#include "tool_mistakes.hpp"

#include <filesystem>

#include "support/scripted_broker.hpp"

namespace holdfast::support {
namespace {

std::string fault_of(const Outcome& outcome, const std::string& program, const Words& words) {
  if (outcome.status <= 0) return "ends with status " + std::to_string(outcome.status);
  if (!outcome.output.empty()) return "writes to stdout: " + outcome.output;
  return fault_in(outcome.errors, program, words);
}

std::string described(const Mistake& mistake, const std::string& fault) {
  if (fault.empty()) return "";
  std::string text;
  for (const std::string& argument : mistake.arguments)
    text += argument + " ";
  return text + "=> " + fault + "\n";
}

template <typename CommandLine>
std::string fault_with(const std::string& program, CommandLine command_line,
                       const std::vector<Mistake>& mistakes) {
  ScriptedBroker broker;
  std::string faults;
  for (const Mistake& mistake : mistakes) {
    const std::size_t connections = broker.connections();
    const Outcome outcome = run(command_line(broker.port(), mistake.arguments));
    std::string fault = fault_of(outcome, program, mistake.words);
    if (fault.empty() && broker.connections() != connections) fault = "connects all the same";
    faults += described(mistake, fault);
  }
  return faults;
}

}  // namespace

std::string fault_of_pub(const Outcome& outcome, const Words& words) {
  return fault_of(outcome, "holdfast_pub", words);
}

std::string fault_of_sub(const Outcome& outcome, const Words& words) {
  return fault_of(outcome, "holdfast_sub", words);
}

std::string fault_with_pub(const std::vector<Mistake>& mistakes) {
  return fault_with("holdfast_pub", pub, mistakes);
}

std::string fault_with_sub(const std::vector<Mistake>& mistakes) {
  return fault_with("holdfast_sub", sub, mistakes);
}

std::string fault_with_whole(const char* program, const std::vector<Mistake>& mistakes) {
  std::string faults;
  for (const Mistake& mistake : mistakes) {
    const Outcome outcome = run(both({program}, mistake.arguments));
    std::string fault = fault_of(outcome, std::filesystem::path(program).filename().string(), mistake.words);
    if (fault.empty() && outcome.status != 1) fault = "ends with status " + std::to_string(outcome.status);
    if (fault.empty() && outcome.errors.find("secret") != std::string::npos)
      fault = "tells: " + outcome.errors;
    faults += described(mistake, fault);
  }
  return faults;
}

}  // namespace holdfast::support
