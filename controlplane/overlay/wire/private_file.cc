#include "controlplane/overlay/wire/private_file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "controlplane/config/descriptor.hh"

namespace rhumb::overlay {

error file_error(const std::string& path, std::string_view what) {
    return {fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)), {}};
}

result<std::size_t> read_private_file(const std::string& path, private_file how,
                                      std::span<char> to) {
    const int as_itself = how.must_be_itself ? O_NOFOLLOW | O_NONBLOCK : 0;
    const config::descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | as_itself));
    struct stat status{};
    if (!file || fstat(file.number(), &status) != 0) {
        return file_error(path, fmt::format("the {} cannot be read", how.what));
    }
    if (!S_ISREG(status.st_mode) && (how.must_be_itself || S_ISDIR(status.st_mode))) {
        return error{fmt::format("{}: it is no file", path), {}};
    }
    if (status.st_uid != geteuid()) {
        return error{fmt::format("{}: the {} belongs to another user", path, how.what), {}};
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return error{
            fmt::format("{}: others may read or write the {} (mode {:04o}); once nobody has "
                        "done so, set it right with chmod 600",
                        path, how.what, status.st_mode & 07777U),
            {}};
    }
    std::size_t size = 0;
    while (size != to.size()) {
        const ssize_t count = ::read(file.number(), to.data() + size, to.size() - size);
        if (count == 0) {
            break;
        }
        if (count < 0 && errno != EINTR) {
            return file_error(path, fmt::format("the {} cannot be read", how.what));
        }
        size += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    return size;
}

}  // namespace rhumb::overlay
