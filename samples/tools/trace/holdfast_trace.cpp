// holdfast_trace: shows what Options::trace and --trace wrote, as text and as a page with a sequence diagram.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <holdfast/error.hpp>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "refuse.hpp"
#include "reporting.hpp"
#include "trace_file.hpp"
#include "trace_page.hpp"
#include "trace_story.hpp"
#include "trace_text.hpp"

namespace {

using namespace holdfast;

struct TraceOptions {
  std::string file;
  tools::TraceTextOptions text;
  std::string page;
  std::size_t last = 5000;
};

struct Commands {
  CLI::App* show = nullptr;
  CLI::App* html = nullptr;
};

Commands add_options(CLI::App& app, TraceOptions& options) {
  tools::add_help_and_version(app);
  app.require_subcommand(1);
  const Commands commands{app.add_subcommand("show", "Print it for people: each packet with its fields."),
                          app.add_subcommand("html", "Make one page of it that any browser shows, offline.")};
  for (CLI::App* command : {commands.show, commands.html})
    command->add_option("FILE", options.file, "What --trace or Options::trace wrote.")
        ->required()
        ->type_name("");
  commands.show->add_flag("--brief", options.text.brief, "A line a packet, without its fields.");
  commands.show->add_flag("--hex", options.text.hexadecimal, "The bytes of each packet, too.");
  commands.html->add_option("-o,--output", options.page, "The page's file.")->required()->type_name("FILE");
  tools::natural(
      commands.html->add_option("--last", options.last,
                                "How many lines of the trace, its last ones, the page shows at most."))
      ->capture_default_str();
  app.footer(
      "An arrow -> is what the client sent, <- what the broker sent. A packet that is sent again is marked "
      "as such. A "
      "line "
      "that cannot be read, such as the last one of a process that was killed, is shown as one.");
  return commands;
}

void visit(const TraceOptions& options, const std::function<bool(tools::ToldEntry)>& use) {
  tools::TraceFile file(options.file);
  tools::TraceStory story;
  while (auto entry = file.next()) {
    if (!use(story.tell(std::move(*entry)))) return;
  }
}

// False when nobody reads any more.
bool print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return true;
  return !tools::reader_gone();
}

int show(const TraceOptions& options) {
  std::optional<std::uint64_t> begin;
  visit(options, [&](const tools::ToldEntry& told) {
    if (!begin && told.entry.unreadable.empty()) begin = told.entry.time;
    return print(tools::to_text(told, begin.value_or(0), options.text));
  });
  if (std::fflush(stdout) != 0) tools::reader_gone();
  return tools::exit_success;
}

// A new file is for its owner's eyes, as the trace is.
bool write_whole(const std::string& file, const std::string& page) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  std::FILE* stream = descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb");
  if (stream == nullptr) return false;
  const bool written = std::fwrite(page.data(), 1, page.size(), stream) == page.size();
  return std::fclose(stream) == 0 && written;
}

void write_page(const std::string& file, const std::string& page) {
  if (write_whole(file, page)) return;
  const std::error_code why(errno, std::generic_category());
  throw Error(why,
              "\"" + file + "\" cannot be written: " + why.message() + ": name another file for the page");
}

int make_page(const TraceOptions& options) {
  if (options.last == 0) tools::refuse("--last 0: at least 1");
  std::error_code ignored;
  if (std::filesystem::equivalent(options.file, options.page, ignored))
    tools::refuse("-o \"" + options.page + "\" is the trace itself: name another file");
  std::deque<tools::ToldEntry> entries;
  tools::LeftOut before;
  visit(options, [&](tools::ToldEntry told) {
    entries.push_back(std::move(told));
    if (entries.size() > options.last) {
      before.add(entries.front());
      entries.pop_front();
    }
    return true;
  });
  write_page(options.page,
             tools::to_page(entries, before, std::filesystem::path(options.file).filename().string()));
  return tools::exit_success;
}

int trace_main(int argc, char** argv) {
  TraceOptions options;
  CLI::App app("Shows the trace of a client (--trace of the tools, Options::trace).", "holdfast_trace");
  const Commands commands = add_options(app, options);
  if (const auto status = tools::parse(app, {argv + 1, argv + argc})) return *status;
  return commands.html->parsed() ? make_page(options) : show(options);
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::tools::run_tool("holdfast_trace", trace_main, argc, argv);
}
