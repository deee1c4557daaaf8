// An open file's number, closed with it. Threads: one at a time.
#pragma once

#include <unistd.h>

namespace rhumb::config {

class descriptor {
public:
    // Negative: there is none.
    explicit descriptor(int number) : number_(number) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    [[nodiscard]] int number() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_;
};

}  // namespace rhumb::config
