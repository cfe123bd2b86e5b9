// So that every sample can be watched: TRACE=FILE in its environment names the file of its trace.
#pragma once

#include <cstdlib>
#include <string>

/// For Options::trace.
inline std::string trace_file() {
  const char* name = std::getenv("TRACE");  // NOLINT(concurrency-mt-unsafe): nothing changes the environment.
  return name != nullptr ? name : "";
}
