#include "controlplane/overlay/wire/key_file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "controlplane/config/descriptor.hh"
#include "controlplane/overlay/wire/key_text.hh"

namespace rhumb::overlay {
namespace {

error failed(const std::string& path, std::string_view what) {
    return {fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)), {}};
}

using config::descriptor;

bool write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(to, text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return true;
}

bool sync_folder(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const descriptor of(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return of && fsync(of.number()) == 0;
}

// Under another name first, so that no crash leaves half a key under the right one.
result<void> write_new(const std::string& path, std::string_view text) {
    std::array<byte, 8> random{};
    randombytes_buf(random.data(), random.size());
    const std::string fresh = fmt::format("{}.{:02x}.new", path, fmt::join(random, ""));
    bool written = false;
    {
        const descriptor file(::open(fresh.c_str(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                     S_IRUSR | S_IWUSR));
        if (!file) {
            return failed(path, "it cannot be written");
        }
        written = fchmod(file.number(), S_IRUSR | S_IWUSR) == 0 && write_all(file.number(), text) &&
                  fsync(file.number()) == 0;
    }
    // Other than rename(), this never replaces a key that is there.
    const bool linked = written && ::link(fresh.c_str(), path.c_str()) == 0;
    const error why = failed(path, "it cannot be written");
    ::unlink(fresh.c_str());
    if (!linked) {
        return why;
    }
    return sync_folder(path) ? result<void>() : failed(path, "it may not be on the disk");
}

result<parsed_key> load(const std::string& path) {
    const descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!file || fstat(file.number(), &status) != 0) {
        return failed(path, "the key cannot be read");
    }
    if (!S_ISREG(status.st_mode)) {
        return error{fmt::format("{}: it is no file", path), {}};
    }
    if (status.st_uid != geteuid()) {
        return error{fmt::format("{}: the key belongs to another user", path), {}};
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return error{
            fmt::format("{}: others may read or write the key (mode {:04o}); once nobody has "
                        "done so, set it right with chmod 600",
                        path, status.st_mode & 07777U),
            {}};
    }
    wiped<key_file_text> text;
    while (text->size != text->chars.size()) {
        const ssize_t count =
            ::read(file.number(), text->chars.data() + text->size, text->chars.size() - text->size);
        if (count == 0) {
            break;
        }
        if (count < 0 && errno != EINTR) {
            return failed(path, "the key cannot be read");
        }
        text->size += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    auto parsed = parse_key_text(text->view());
    if (!parsed) {
        error why = parsed.why();
        why.where.file = path;
        return why;
    }
    return parsed;
}

}  // namespace

result<void> write_key_file(const std::string& path, const identity& key, passphrase words,
                            passphrase_cost cost) {
    const auto text = key_text(key, words, cost);
    return text ? write_new(path, text.value()->view()) : text.why();
}

result<identity> read_key_file(const std::string& path, passphrase words) {
    const auto parsed = load(path);
    if (!parsed) {
        return parsed.why();
    }
    auto key = unlock(parsed.value(), words);
    return key ? std::move(key) : error{path + ": " + key.why().message, {}};
}

result<identity> open_key_file(const std::string& path, passphrase words, passphrase_cost cost) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) == 0 || errno != ENOENT) {
        return read_key_file(path, words);
    }
    auto key = identity::generate();
    if (!key) {
        return key;
    }
    if (auto done = write_key_file(path, key.value(), words, cost); !done) {
        return done.why();
    }
    return key;
}

}  // namespace rhumb::overlay
