// Threads of ours take no signal that is meant for the application.
#pragma once

#include <pthread.h>

#include <csignal>

namespace holdfast::net {

/// While it lives, the calling thread blocks all signals: a thread made then inherits that for ever.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace holdfast::net
