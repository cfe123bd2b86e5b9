// The samples for clusters and for loads that are spread over workers do what docs/samples.md says.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "client_under_test.hpp"
#include "sample_page.hpp"
#include "support/ejabberd.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

std::string with_account(const std::string& server) {
  return std::string("mqtt://") + Ejabberd::user_name + ':' + Ejabberd::password + '@' +
         server.substr(std::string("mqtt://").size());
}

/// The lines of jobs, without those that a worker wrote again after a kill.
std::vector<std::string> jobs_in(const std::vector<std::string>& outputs) {
  std::vector<std::string> jobs;
  for (const std::string& output : outputs) {
    for (const std::string& line : lines_of(output)) {
      if (line.starts_with("jobs/")) jobs.push_back(line);
    }
  }
  return first_arrivals(jobs);
}

std::string number_of(const std::string& job) {
  return job.substr(job.rfind(' ') + 1);
}

std::vector<std::string> in_order(std::vector<std::string> numbers) {
  std::sort(numbers.begin(), numbers.end(),
            [](const auto& a, const auto& b) { return std::stoul(a) < std::stoul(b); });
  return numbers;
}

/// The numbers of all jobs, in order.
std::vector<std::string> numbers_of(const std::vector<std::string>& jobs) {
  std::vector<std::string> numbers;
  for (const std::string& job : jobs)
    numbers.push_back(number_of(job));
  return in_order(numbers);
}

bool each_machine_in_order(const std::vector<std::string>& jobs) {
  std::map<std::string, std::vector<std::string>> machines;
  for (const std::string& job : jobs)
    machines[job.substr(0, job.find(':'))].push_back(number_of(job));
  return std::all_of(machines.begin(), machines.end(),
                     [](const auto& machine) { return machine.second == in_order(machine.second); });
}

}  // namespace

TEST_CASE("partitioned_workers share the jobs through ejabberd, and none is lost with a worker",
          "[integration][samples][ejabberd]") {
  Ejabberd ejabberd;
  const std::string server = with_account(ejabberd.node(0).server());
  const auto worker = [&](const std::string& index) {
    return Arguments{HOLDFAST_PARTITIONED_WORKERS, "work", index, "2", server};
  };
  const Arguments publish{HOLDFAST_PARTITIONED_WORKERS, "publish", "300", server};
  Program steady(worker("0"));
  REQUIRE(steady.wait_for_output("subscribed\n"));
  std::string before;
  {
    Program killed(worker("1"));
    REQUIRE(killed.wait_for_output("subscribed\n"));
    CHECK(run(publish).output == "all published\n");
    REQUIRE(eventually([&] { return killed.output().find("jobs/") != std::string::npos; }, program_patience));
    killed.signal(SIGKILL);
    before = killed.wait().output;
  }
  Program again(worker("1"));
  REQUIRE(eventually(
      [&] {
        return jobs_in({steady.output(), before, again.output()}).size() == 300;
      },
      program_patience));
  const auto of_steady = jobs_in({steady.output()});
  const auto of_killed = jobs_in({before, again.output()});
  CHECK(of_steady.size() + of_killed.size() == 300);
  CHECK(of_steady.size() > 50);
  CHECK(of_killed.size() > 50);
  CHECK(difference(numbers_of(jobs_in({steady.output(), before, again.output()})), numbers(0, 300)) == "");
  CHECK(each_machine_in_order(of_steady));
  CHECK(each_machine_in_order(of_killed));
}

TEST_CASE("07_shared_workers share the jobs through mosquitto, and none is lost with a worker",
          "[integration][samples]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  const auto worker = [&](const std::string& name) {
    return Arguments{HOLDFAST_07_SHARED_WORKERS, name, mosquitto.server()};
  };
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  Program steady(traced(trace, worker("a")));
  REQUIRE(steady.wait_for_output("subscribed\n"));
  std::string before;
  {
    Program killed(worker("b"));
    REQUIRE(killed.wait_for_output("subscribed\n"));
    Client publisher(quick(mosquitto.server(), "publisher"));
    publisher.connect();
    CHECK(succeeded(publish_all(publisher, numbers(0, 300), QoS::at_least_once, "jobs/all")) == 300);
    REQUIRE(eventually([&] { return killed.output().find("jobs/") != std::string::npos; }, program_patience));
    killed.signal(SIGKILL);
    before = killed.wait().output;
  }
  Program again(worker("b"));
  REQUIRE(eventually(
      [&] {
        return jobs_in({steady.output(), before, again.output()}).size() == 300;
      },
      program_patience));
  CHECK(difference(numbers_of(jobs_in({steady.output(), before, again.output()})), numbers(0, 300)) == "");
  CHECK(jobs_in({steady.output()}).size() == 150);
  CHECK(not_in_trace("07_shared_workers", trace) == nothing);
}

TEST_CASE("a sample that is asked for what it cannot do says how it is used", "[integration][samples]") {
  for (const auto& [command, name, word] :
       {std::tuple(Arguments{HOLDFAST_PARTITIONED_WORKERS, "work", "2", "2"}, "partitioned_workers", "INDEX"),
        std::tuple(Arguments{HOLDFAST_07_SHARED_WORKERS}, "07_shared_workers", "name"),
        std::tuple(Arguments{HOLDFAST_CLUSTER, "10", "mqtt://localhost"}, "cluster", "two servers")}) {
    const Outcome outcome = run(command);
    CHECK(outcome.status == 1);
    CHECK(fault_in(outcome.errors, name, {word}) == "");
  }
}

TEST_CASE("cluster goes on with the other node when its own is killed", "[integration][samples][ejabberd]") {
  Ejabberd ejabberd(2);
  Program sample({HOLDFAST_CLUSTER, "5", with_account(ejabberd.node(0).server()),
                  with_account(ejabberd.node(1).server())});
  const auto has_written = [&](const std::string& text) {
    return eventually([&] { return count_of(text, sample.output()) == 1; }, program_patience);
  };
  REQUIRE(has_written("connected to " + ejabberd.node(0).server() + ", session new\n"));
  ejabberd.node(0).kill_hard();
  REQUIRE(has_written("connected to " + ejabberd.node(1).server() + ", session new\n"));
  REQUIRE(has_written("the session died with its node"));
  const Outcome outcome = sample.wait();
  CHECK(outcome.status == 0);
  CHECK(count_of("disconnected: ", outcome.output) >= 1);
  const auto numbers_at = outcome.output.rfind('\n', outcome.output.size() - 2) + 1;
  std::size_t accepted = 0;
  std::size_t acknowledged = 0;
  REQUIRE(std::sscanf(outcome.output.c_str() + numbers_at, "%zu readings accepted, %zu acknowledged",
                      &accepted, &acknowledged) == 2);
  CHECK(accepted > 0);
  CHECK(acknowledged == accepted);
}
