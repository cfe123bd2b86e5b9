// Which tests show which requirement of the standard, and whether they passed: docs/conformance.md is written
// by this program from the requirements and from what the tests of this build wrote as they ran.
//
//     conformance_table REQUIREMENTS-DIRECTORY NOTES-DIRECTORY RESULTS-DIRECTORY PAGE
//
// Fails when a requirement has neither a test nor a note that says why it cannot have one, when a test of one
// failed, when a test or a note names a requirement that does not exist, and when the page was not up to
// date.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Record = std::vector<std::string>;

std::string content_of(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// RFC 4180, as far as it is used here: no line breaks in fields.
Record fields_of(const std::string& line) {
  Record fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      const bool doubled = quoted && i + 1 < line.size() && line[i + 1] == '"';
      if (doubled) fields.back() += line[++i];
      if (!doubled) quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::vector<Record> records_of(const fs::path& file) {
  std::istringstream lines(content_of(file));
  std::vector<Record> records;
  std::string line;
  std::getline(lines, line);  // The names of the columns.
  while (std::getline(lines, line))
    records.push_back(fields_of(line));
  return records;
}

struct Test {
  std::string program;
  std::string name;
  bool passed = false;
  friend auto operator<=>(const Test&, const Test&) = default;
};

struct Requirement {
  std::string id;
  std::string level;
  std::string text;
  bool derived = false;
  std::set<Test> tests;
  std::string not_observable;  // Why no test can show it.
  std::string reading;         // How we read it, where that needs a word.
};

/// A version of the standard: how its requirements are called in tags.
struct Standard {
  std::string title;
  std::string file;
  std::string tag_prefix;
  std::vector<Requirement> requirements;
};

Requirement* find(std::vector<Standard>& standards, const std::string& tag) {
  for (Standard& standard : standards) {
    for (Requirement& requirement : standard.requirements) {
      if (standard.tag_prefix + requirement.id == tag) return &requirement;
    }
  }
  return nullptr;
}

bool names_requirement(const std::string& tag) {
  return tag.starts_with("MQTT-") || tag.starts_with("U-") || tag.starts_with("3.1.1/");
}

std::vector<std::string> tags_of(const std::string& text) {
  std::vector<std::string> tags;
  for (std::size_t begin = text.find('['); begin != std::string::npos; begin = text.find('[', begin + 1)) {
    tags.push_back(text.substr(begin + 1, text.find(']', begin) - begin - 1));
  }
  return tags;
}

class Table {
 public:
  void read_requirements(const fs::path& directory) {
    for (Standard& standard : standards_) {
      for (const Record& record : records_of(directory / (standard.file + ".csv"))) {
        if (record.size() != 8) throw std::runtime_error(standard.file + ": not 8 fields: " + record.front());
        standard.requirements.push_back({record[0], record[4], record[5], record[7] == "no", {}, {}, {}});
      }
    }
  }

  void read_notes(const fs::path& directory) {
    for (const Standard& standard : standards_) {
      for (const Record& record : records_of(directory / (standard.file + "_notes.csv"))) {
        Requirement* requirement = find(standards_, standard.tag_prefix + record.at(0));
        const bool reading = record.at(1) == "reading";
        if (requirement == nullptr || (!reading && record.at(1) != "not_observable")) {
          faults_.push_back("a note names no requirement, or no kind: " + record[0]);
        } else {
          (reading ? requirement->reading : requirement->not_observable) = record.at(2);
        }
      }
    }
  }

  void read_results(const fs::path& directory) {
    for (const auto& entry : fs::directory_iterator(directory)) {
      std::ifstream lines(entry.path());
      std::string result;
      std::string tags;
      std::string name;
      while (std::getline(lines, result, '\t') && std::getline(lines, tags, '\t') &&
             std::getline(lines, name))
        add({entry.path().stem().string(), name, result == "pass"}, tags);
    }
  }

  void judge() {
    for (const Standard& standard : standards_) {
      for (const Requirement& requirement : standard.requirements) {
        const std::string id = standard.tag_prefix + requirement.id;
        if (requirement.tests.empty() && requirement.not_observable.empty())
          faults_.push_back(id + " has no test: " + requirement.text);
        if (!requirement.tests.empty() && !requirement.not_observable.empty())
          faults_.push_back(id + " is said to be not observable, and has a test");
        for (const Test& test : requirement.tests) {
          if (!test.passed) faults_.push_back(id + ": failed: " + test.program + ": " + test.name);
        }
      }
    }
  }

  [[nodiscard]] std::string page() const {
    std::ostringstream page;
    page << "# Conformance\n\n"
            "<!-- Written by the test run (test/conformance/table.cpp). Do not edit. -->\n\n"
            "What the standard requires of a client, and the tests that show it. A test stands here once it "
            "has "
            "passed; the run\nfails when a requirement has none. Ids that begin with U are statements of the "
            "standard that it gives no number;\n*derived* means that the standard says it of the server "
            "only, or "
            "not in so many words.\n";
    for (const Standard& standard : standards_)
      write(page, standard);
    return page.str();
  }

  [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }

 private:
  void add(const Test& test, const std::string& tags) {
    for (const std::string& tag : tags_of(tags)) {
      Requirement* requirement = find(standards_, tag);
      if (requirement != nullptr) {
        requirement->tests.insert(test);
      } else if (names_requirement(tag)) {
        faults_.push_back(test.program + ": " + test.name + ": no such requirement: " + tag);
      }
    }
  }

  static void write(std::ostream& page, const Standard& standard) {
    const auto shown =
        std::count_if(standard.requirements.begin(), standard.requirements.end(),
                      [](const Requirement& requirement) { return !requirement.tests.empty(); });
    page << "\n## " << standard.title << "\n\n"
         << standard.requirements.size() << " requirements, " << shown << " shown by tests, "
         << standard.requirements.size() - static_cast<std::size_t>(shown)
         << " not observable from outside.\n\n"
         << "| id | level | requirement | shown by |\n|---|---|---|---|\n";
    for (const Requirement& requirement : standard.requirements) {
      page << "| " << requirement.id << " | " << requirement.level << " | " << in_cell(requirement.text)
           << (requirement.derived && !requirement.text.starts_with("(derived)") ? " *derived*" : "")
           << " | ";
      const char* separator = "";
      for (const Test& test : requirement.tests) {
        page << separator << in_cell(test.name) << (test.passed ? "" : " **FAILED**");
        separator = "<br>";
      }
      if (!requirement.not_observable.empty())
        page << "*not observable:* " << in_cell(requirement.not_observable);
      if (!requirement.reading.empty()) page << "<br>*Our reading:* " << in_cell(requirement.reading);
      page << " |\n";
    }
  }

  static std::string in_cell(const std::string& text) {
    std::string cell;
    for (const char c : text) {
      if (c == '|' || c == '*' || c == '_' || c == '<') cell += '\\';
      cell += c;
    }
    return cell;
  }

  std::vector<Standard> standards_{{"MQTT 5", "mqtt5", "", {}}, {"MQTT 3.1.1", "mqtt311", "3.1.1/", {}}};
  std::vector<std::string> faults_;
};

bool publish(const fs::path& page, const std::string& text) {
  if (fs::exists(page) && content_of(page) == text) return true;
  std::ofstream(page) << text;
  return false;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 5) throw std::runtime_error("usage: conformance_table REQUIREMENTS NOTES RESULTS PAGE");
  Table table;
  table.read_requirements(arguments[1]);
  table.read_notes(arguments[2]);
  table.read_results(arguments[3]);
  table.judge();
  std::cout << table.page();
  for (const std::string& fault : table.faults())
    std::cerr << fault << '\n';
  if (!table.faults().empty()) return 1;
  if (publish(arguments[4], table.page())) return 0;
  std::cerr << arguments[4] << " was not up to date. It is now: look at it and commit it\n";
  return 1;
} catch (const std::exception& error) {
  std::cerr << "conformance_table: " << error.what() << '\n';
  return 1;
}
