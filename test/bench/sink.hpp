// The other end of the wire: a broker that does nothing but acknowledge, or send as fast as it is
// acknowledged. It must never be what is measured, so it reads much at once and answers all of it with one
// write.
#pragma once

#include "bench/stream.hpp"
#include "support/descriptor.hpp"

namespace holdfast::bench {

/// Serves one connection after the other, for ever.
[[noreturn]] void run_sink(const support::Descriptor& listener, const MakeStream& make_stream = make_plain);

}  // namespace holdfast::bench
