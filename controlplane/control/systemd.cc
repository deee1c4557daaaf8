#include "controlplane/control/systemd.hh"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace rhumb::control {

void notify_systemd(const char* state) {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path == nullptr || (path[0] != '/' && path[0] != '@') ||
        std::strlen(path) >= sizeof address.sun_path) {
        return;
    }
    std::strcpy(address.sun_path, path);
    const std::size_t length = offsetof(sockaddr_un, sun_path) + std::strlen(path);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';  // abstract
    }
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        // Nothing to do where nobody listens.
        (void)::sendto(fd, state, std::strlen(state), MSG_NOSIGNAL,
                       reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length));
        ::close(fd);
    }
}

}  // namespace rhumb::control
