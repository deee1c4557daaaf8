#include "controlplane/scion/file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace rhumb::scion::control {
namespace {

error system_error() { return error{std::generic_category().message(errno), {}}; }

// An open file that is no folder, or why there is none.
class opened {
public:
    explicit opened(const std::string& path) : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        struct stat status{};
        if (number_ < 0 || fstat(number_, &status) != 0) {
            done_ = system_error();
        } else if (S_ISDIR(status.st_mode)) {
            done_ = error{"it is a folder", {}};
        }
    }
    opened(const opened&) = delete;
    opened& operator=(const opened&) = delete;
    ~opened() {
        if (number_ >= 0) {
            close(number_);
        }
    }
    [[nodiscard]] const result<void>& done() const { return done_; }

    // As many bytes as fit and are there, until the end of the file.
    [[nodiscard]] result<std::size_t> fill(std::span<char> buffer) const {
        std::size_t used = 0;
        while (used < buffer.size()) {
            const ssize_t count = ::read(number_, buffer.data() + used, buffer.size() - used);
            if (count == 0) {
                break;
            }
            if (count < 0 && errno != EINTR) {
                return system_error();
            }
            used += count > 0 ? static_cast<std::size_t>(count) : 0;
        }
        return used;
    }

private:
    int number_;
    result<void> done_;
};

}  // namespace

result<std::string> read_file(const std::string& path, std::size_t max_mib) {
    constexpr std::size_t first_bytes = 65536;
    const std::size_t max = max_mib << 20;
    const opened file(path);
    if (!file.done()) {
        return file.done().why();
    }
    std::string text;
    std::size_t used = 0;
    do {
        text.resize(std::min(std::max(first_bytes, 2 * used), max + 1));
        const auto count = file.fill(std::span(text).subspan(used));
        if (!count) {
            return count.why();
        }
        used += count.value();
    } while (used == text.size() && used <= max);
    if (used > max) {
        return error{fmt::format("it is larger than {} MiB", max_mib), {}};
    }
    text.resize(used);
    return text;
}

result<std::size_t> read_file(const std::string& path, std::span<char> buffer) {
    const opened file(path);
    if (!file.done()) {
        return file.done().why();
    }
    auto count = file.fill(buffer);
    if (!count) {
        return count.why();
    }
    char more = 0;
    const auto rest = file.fill(std::span(&more, 1));
    if (!rest || rest.value() != 0) {
        return rest ? error{fmt::format("it is larger than {} bytes", buffer.size()), {}}
                    : rest.why();
    }
    return count;
}

}  // namespace rhumb::scion::control
