// Manual pages and completions, which are made of the same options as --help.
#include <filesystem>
#include <fstream>
#include <set>

#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

const char* any_tool() {
  return GENERATE(HOLDFAST_BENCH, HOLDFAST_PUB, HOLDFAST_SUB, HOLDFAST_RR, HOLDFAST_STORE_TOOL,
                  HOLDFAST_TRACE);
}

/// What bash completes after these words, the last one unfinished.
std::vector<std::string> completed(const char* program, const std::string& words) {
  const TemporaryDirectory directory;
  const std::string name = std::filesystem::path(program).filename();
  std::ofstream(directory.path() / "file-1") << "";
  std::filesystem::create_directory(directory.path() / "directory-1");
  std::ofstream(directory.path() / "completion") << run({program, "--print-completion"}).output;
  const std::string script = "cd '" + directory.path().string() + "' && . ./completion && COMP_WORDS=(" +
                             words + ") && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && $(complete -p " + name +
                             " | sed 's/.*-F \\([^ ]*\\).*/\\1/') && for word in \"${COMPREPLY[@]}\"; do "
                             "printf '%s\\n' \"$word\"; done";
  const Outcome outcome = run({"/usr/bin/bash", "-euc", script});
  CHECK(outcome.errors == "");
  return lines_of(outcome.output);
}

}  // namespace

TEST_CASE("the manual page names every flag that --help names", "[integration][tools]") {
  const char* program = any_tool();
  std::string page = run({program, "--print-manual"}).output;
  for (std::size_t at = page.find("\\-"); at != std::string::npos; at = page.find("\\-", at))
    page.replace(at, 2, "-");
  const std::set<std::string> flags = flags_of(program);
  CHECK(flags.size() >= 2);
  for (const std::string& flag : flags) {
    CAPTURE(program, flag);
    CHECK(page.find("\\fB" + flag + "\\fR") != std::string::npos);
  }
}

TEST_CASE("the manual page is roff without a warning", "[integration][tools]") {
  const char* program = any_tool();
  const Outcome page = run({program, "--print-manual"});
  CHECK(page.status == 0);
  const Outcome outcome = run({"/usr/bin/groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-cbou"}, page.output);
  CHECK(outcome.status == 0);
  CHECK(outcome.errors == "");
  for (const char* part : {"NAME", "SYNOPSIS", "OPTIONS"})
    CHECK(outcome.output.find(part) != std::string::npos);
}

TEST_CASE("bash completes flags, and values where they are known", "[integration][tools]") {
  CHECK(completed(HOLDFAST_PUB, "holdfast_pub --pw") ==
        Words{"--pw", "--pw-file", "--pw-env", "--pw-prompt"});
  CHECK(completed(HOLDFAST_SUB, "holdfast_sub -t topic --retained") == Words{"--retained-only"});
  CHECK(completed(HOLDFAST_PUB, "holdfast_pub -q ''") == Words{"0", "1", "2"});
  CHECK(completed(HOLDFAST_RR, "holdfast_rr -V mqttv31") == Words{"mqttv311", "mqttv31"});
  CHECK(completed(HOLDFAST_PUB, "holdfast_pub --cafile fi") == Words{"file-1"});
  CHECK(completed(HOLDFAST_PUB, "holdfast_pub --capath ''") == Words{"directory-1"});
  CHECK(completed(HOLDFAST_PUB, "holdfast_pub -t --").empty());
  CHECK(completed(HOLDFAST_BENCH, "holdfast_bench --subscribe-qos ''") == Words{"0", "1", "2"});
  CHECK(completed(HOLDFAST_STORE_TOOL, "holdfast_store pu") == Words{"purge"});
  CHECK(completed(HOLDFAST_PUB, "holdfast_pub --trace fi") == Words{"file-1"});
  CHECK(completed(HOLDFAST_TRACE, "holdfast_trace html x -o fi") == Words{"file-1"});
}

TEST_CASE("bash completes the files that a tool takes without an option", "[integration][tools]") {
  CHECK(completed(HOLDFAST_TRACE, "holdfast_trace show fi") == Words{"file-1"});
  CHECK(completed(HOLDFAST_STORE_TOOL, "holdfast_store fi") == Words{"file-1"});
  CHECK(completed(HOLDFAST_TRACE, "holdfast_trace s") == Words{"show"});
  CHECK(completed(HOLDFAST_SUB, "holdfast_sub fi").empty());
}

TEST_CASE("zsh is told the flags, which take files, and values where they are known",
          "[integration][tools]") {
  const std::string pub = run({HOLDFAST_PUB, "--print-completion", "zsh"}).output;
  CHECK(pub.rfind("#compdef holdfast_pub\n", 0) == 0);
  CHECK(pub.find("    '*'{-q,--qos=}'[QoS\\: 0, 1 or 2.]:VALUE:(0 1 2)' \\\n") != std::string::npos);
  CHECK(pub.find("'*'--cafile='[TLS\\: trust") != std::string::npos);
  CHECK(pub.find("in this file.]:FILE:_files'") != std::string::npos);
  CHECK(run({HOLDFAST_TRACE, "--print-completion", "zsh"})
            .output.find("'1:COMMAND:{compadd -- show html ; _files}'") != std::string::npos);
}

TEST_CASE("zsh reads its completions without a complaint, and takes them for the tool",
          "[integration][tools]") {
  const char* program = any_tool();
  if (!std::filesystem::exists("/usr/bin/zsh")) {
    WARN("zsh is not installed");
    return;
  }
  const TemporaryDirectory directory;
  const std::string script = (directory.path() / "completion").string();
  std::ofstream(script) << run({program, "--print-completion", "zsh"}).output;
  const Outcome syntax = run({"/usr/bin/zsh", "-n", script});
  CHECK(syntax.status == 0);
  CHECK(syntax.errors == "");
  const std::string name = std::filesystem::path(program).filename();
  const Outcome taken = run({"/usr/bin/zsh", "-fc",
                             "autoload -Uz compinit && compinit -u -D && . " + script + " && print $_comps[" +
                                 name + "] && whence -w _" + name});
  CHECK(taken.output == "_" + name + "\n_" + name + ": function\n");
  CHECK(taken.errors == "");
}

TEST_CASE("the manual page of a tool that prints messages says what -F and -D take", "[integration][tools]") {
  const char* program = GENERATE(HOLDFAST_SUB, HOLDFAST_RR);
  const Outcome text =
      run({"/usr/bin/groff", "-man", "-Tascii", "-P-cbou"}, run({program, "--print-manual"}).output);
  for (const char* part : {"FORMATS", "%t", "Topic.", "@N", "\\n", "%-20.30t", "PROPERTIES",
                           "will-delay-interval", "user-property NAME VALUE"}) {
    CAPTURE(part);
    CHECK(text.output.find(part) != std::string::npos);
  }
}

TEST_CASE("the manual page names mosquitto's file where mosquitto has such a tool", "[integration][tools]") {
  const auto names_it = [](const char* program) {
    return run({program, "--print-manual"}).output.find("file of mosquitto") != std::string::npos;
  };
  CHECK(names_it(HOLDFAST_PUB));
  CHECK_FALSE(names_it(HOLDFAST_BENCH));
}

TEST_CASE("the manual page ends with what --help says at its end", "[integration][tools]") {
  const std::string page = run({HOLDFAST_TRACE, "--print-manual"}).output;
  CHECK(page.find(".SH NOTES\nAn arrow \\-> is what the client sent") != std::string::npos);
}
