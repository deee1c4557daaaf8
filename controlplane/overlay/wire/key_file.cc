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
#include "controlplane/overlay/wire/private_file.hh"

namespace rhumb::overlay {
namespace {

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

// Under another name first, so that no crash leaves half a key under the right one. Where there is
// a key already, it is replaced, or that is an error.
enum class existing : std::uint8_t { stays, goes };

result<void> put_file(const std::string& path, std::string_view text, existing other) {
    std::array<byte, 8> random{};
    randombytes_buf(random.data(), random.size());
    const std::string fresh = fmt::format("{}.{:02x}.new", path, fmt::join(random, ""));
    bool written = false;
    {
        const descriptor file(::open(fresh.c_str(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                     S_IRUSR | S_IWUSR));
        if (!file) {
            return file_error(path, "it cannot be written");
        }
        written = fchmod(file.number(), S_IRUSR | S_IWUSR) == 0 && write_all(file.number(), text) &&
                  fsync(file.number()) == 0;
    }
    // Other than rename(), link() never replaces a key that is there.
    const bool is_there =
        written && (other == existing::goes ? ::rename(fresh.c_str(), path.c_str())
                                            : ::link(fresh.c_str(), path.c_str())) == 0;
    const error why = file_error(path, "it cannot be written");
    ::unlink(fresh.c_str());
    if (!is_there) {
        return why;
    }
    return sync_folder(path) ? result<void>() : file_error(path, "it may not be on the disk");
}

result<parsed_key> load(const std::string& path) {
    wiped<key_file_text> text;
    const auto read = read_private_file(path, {"key"}, text->chars);
    if (!read) {
        return read.why();
    }
    text->size = read.value();
    auto parsed = parse_key_text(text->view());
    if (!parsed) {
        error why = parsed.why();
        why.where.file = path;
        return why;
    }
    return parsed;
}

result<identity> unlocked(const std::string& path, const parsed_key& parsed, passphrase words) {
    auto key = unlock(parsed, words);
    return key ? std::move(key) : error{path + ": " + key.why().message, {}};
}

}  // namespace

result<void> write_key_file(const std::string& path, const identity& key, passphrase words,
                            passphrase_cost cost) {
    const auto text = key_text(key, words, cost);
    return text ? put_file(path, text.value()->view(), existing::stays) : text.why();
}

result<identity> read_key_file(const std::string& path, passphrase words) {
    const auto parsed = load(path);
    return parsed ? unlocked(path, parsed.value(), words) : parsed.why();
}

result<key_on_disk> look_at_key_file(const std::string& path, passphrase words) {
    const auto parsed = load(path);
    if (!parsed) {
        return parsed.why();
    }
    auto key = unlocked(path, parsed.value(), words);
    return key ? result<key_on_disk>({std::move(key).value(), parsed.value().boxed.has_value()})
               : key.why();
}

result<opened_key> open_key_file(const std::string& path, passphrase words, passphrase_cost cost) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) {
        auto key = identity::generate();
        if (!key) {
            return key.why();
        }
        if (auto done = write_key_file(path, key.value(), words, cost); !done) {
            return done.why();
        }
        return opened_key{std::move(key).value(), opened_key::origin::made};
    }
    auto found = look_at_key_file(path, words);
    if (!found) {
        return found.why();
    }
    const bool is_bare = !found->is_encrypted && !words.empty();
    if (is_bare) {
        const auto text = key_text(found->key, words, cost);
        const auto done =
            text ? put_file(path, text.value()->view(), existing::goes) : result<void>(text.why());
        if (!done) {
            return done.why();
        }
    }
    return opened_key{std::move(found->key),
                      is_bare ? opened_key::origin::encrypted : opened_key::origin::found};
}

}  // namespace rhumb::overlay
