#include "bench/durability_report.hpp"

#include <iomanip>
#include <ostream>

namespace holdfast::bench {

namespace {

void print_figure(std::ostream& out, const Figure& figure) {
  out << std::fixed << std::setprecision(0) << std::setw(12) << figure.messages_per_second
      << std::setprecision(2) << std::setw(16) << figure.cpu_microseconds << std::setprecision(4)
      << std::setw(17) << figure.commits_per_message;
}

void print_json(std::ostream& out, const Figure& figure) {
  out << R"("messages_per_second": )" << figure.messages_per_second << R"(, "cpu_us_per_message": )"
      << figure.cpu_microseconds << R"(, "commits_per_message": )" << figure.commits_per_message;
}

template <class Row, class PrintRow>
void print_json(std::ostream& out, const char* name, const std::vector<Row>& rows,
                const PrintRow& print_row) {
  out << '"' << name << "\": [\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out << "  {";
    print_row(rows[i]);
    out << (i + 1 < rows.size() ? "},\n" : "}\n");
  }
  out << "]";
}

}  // namespace

void print_store_heading(std::ostream& out) {
  out << "                    messages/s  CPU us/message  commits/message  times Paho C\n";
}

void print(std::ostream& out, const StoreRow& row) {
  out << std::left << std::setw(18) << row.name << std::right;
  print_figure(out, row.figure);
  out << std::setprecision(1) << std::setw(14) << row.times_paho << std::endl;
}

void print_load_heading(std::ostream& out) {
  out << "threads             messages/s  CPU us/message  commits/message  times one thread\n";
}

void print(std::ostream& out, const LoadRow& row) {
  out << std::left << std::setw(18) << row.threads << std::right;
  print_figure(out, row.figure);
  out << std::setprecision(1) << std::setw(18) << row.times_one_thread << std::endl;
}

void print_json(std::ostream& out, const std::vector<StoreRow>& stores, const std::vector<LoadRow>& loads) {
  out << std::fixed << std::setprecision(4) << "{";
  print_json(out, "stores", stores, [&](const StoreRow& row) {
    out << R"("name": ")" << row.name << "\", ";
    print_json(out, row.figure);
    out << R"(, "times_paho": )" << row.times_paho;
  });
  out << ",\n";
  print_json(out, "loads", loads, [&](const LoadRow& row) {
    out << R"("threads": )" << row.threads << ", ";
    print_json(out, row.figure);
    out << R"(, "times_one_thread": )" << row.times_one_thread;
  });
  out << "}\n";
}

}  // namespace holdfast::bench
