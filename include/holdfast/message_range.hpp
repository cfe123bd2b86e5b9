// A loop over all messages of a client or of a subscription.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>

#include <holdfast/message.hpp>

namespace holdfast {

/// An input range of messages, which waits for each: `for (Message& message : client.messages()) ...`. The
/// source must stay where it is meanwhile.
template <class Source>
class MessageRange {
 public:
  /// Waits at each step. Moving the message out is fine.
  class Iterator {
   public:
    using value_type = Message;              ///< What the range is made of.
    using difference_type = std::ptrdiff_t;  ///< As every iterator has.
    /// The message that came.
    Message& operator*() const { return *message_; }
    ///@{
    /// Waits for the next one, for ever if need be.
    Iterator& operator++() {
      message_ = source_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    ///@}
    /// Whether no more will come.
    bool operator==(std::default_sentinel_t) const noexcept { return !message_; }

   private:
    friend class MessageRange;
    explicit Iterator(Source& source) : source_(&source) { ++*this; }
    Source* source_;
    mutable std::optional<Message> message_;  // The element is not the iterator: it may be moved from.
  };

  /// Waits for the first message.
  Iterator begin() { return Iterator(*source_); }
  /// What the iterator is compared with.
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

 private:
  friend Source;
  explicit MessageRange(Source& source) : source_(&source) {}
  Source* source_;
};

}  // namespace holdfast
