// Paho C with its file persistence.
#include "bench/durable_work.hpp"
#include "bench/paho_peer.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::bench {

Sample run_paho(const DurableWork& work, std::uint32_t outstanding) {
  const support::TemporaryDirectory directory(disk);
  Job job;
  job.port = work.port;
  job.payload_size = durable_payload_size;
  job.outstanding = outstanding;
  PahoPeer peer(job, directory.path().string());
  peer.connect();
  const Stopwatch stopwatch;
  peer.publish(work.messages);
  peer.finish();
  const Sample sample = stopwatch.stop();
  peer.disconnect();
  return sample;
}

}  // namespace holdfast::bench
