#include "bench/report.hpp"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <stdexcept>

namespace holdfast::bench {

namespace {

double middle(std::vector<double> values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  return *half;
}

void print(std::ostream& out, const Figure& figure) {
  out << std::fixed << std::setw(11) << std::setprecision(0) << figure.messages_per_second << "/s"
      << std::setw(7) << std::setprecision(2) << figure.cpu_microseconds << " us";
}

void print_json(std::ostream& out, const char* name, const Figure& figure) {
  out << '"' << name << R"(": {"messages_per_second": )" << figure.messages_per_second
      << R"(, "cpu_us_per_message": )" << figure.cpu_microseconds << "}, ";
}

}  // namespace

Figure median(const std::vector<Sample>& samples, std::uint32_t messages) {
  std::vector<double> speed;
  std::vector<double> cpu;
  std::vector<double> commits;
  for (const Sample& sample : samples) {
    speed.push_back(messages / sample.seconds);
    cpu.push_back(sample.cpu_seconds * 1e6 / messages);
    commits.push_back(sample.commits / messages);
  }
  return {middle(speed), middle(cpu), middle(commits)};
}

void print_heading(std::ostream& out) {
  out << "                       Holdfast            libmosquitto            bare sockets   times faster, "
         "less CPU\n";
}

void print(std::ostream& out, const Row& row) {
  out << row.measurement << " QoS " << row.qos;
  for (const Figure* figure : {&row.holdfast, &row.libmosquitto, &row.sockets}) {
    out << "  ";
    print(out, *figure);
  }
  out << std::setprecision(1) << std::setw(12) << row.speed_ratio() << std::setw(10) << row.cpu_ratio()
      << std::endl;
}

void print_json(std::ostream& out, const std::vector<Row>& rows) {
  out << "[\n" << std::fixed << std::setprecision(3);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    out << R"(  {"measurement": ")" << row.measurement << R"(", "qos": )" << row.qos << ", ";
    print_json(out, "holdfast", row.holdfast);
    print_json(out, "libmosquitto", row.libmosquitto);
    print_json(out, "sockets", row.sockets);
    out << R"("speed_ratio": )" << row.speed_ratio() << R"(, "cpu_ratio": )" << row.cpu_ratio() << "}"
        << (i + 1 < rows.size() ? "," : "") << "\n";
  }
  out << "]\n";
}

void write_json(const std::string& path, const std::function<void(std::ostream&)>& print) {
  std::ofstream json(path);
  print(json);
  if (!json.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace holdfast::bench
