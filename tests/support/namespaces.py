"""Network namespaces for tests that want a network of their own around a router.

They have no names, and go with the processes that hold them: nothing is left behind however a test
ends. What needs rights that are not to be had here raises `Missing`; a test is then skipped.
"""
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

SKIPPED = 77  # exit status of a test that was
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
SIOCETHTOOL, ETHTOOL_SRXCSUM, ETHTOOL_STXCSUM = 0x8946, 0x15, 0x17
QUIET = ("for c in all default; do "
         "echo 1 > /proc/sys/net/ipv6/conf/$c/disable_ipv6; done 2>/dev/null;")

libc = ctypes.CDLL(None, use_errno=True)


class Missing(Exception):
    """Something that the test needs is not to be had here."""


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
    if done.returncode != 0:
        why = " ".join(words) + ": " + done.stdout.strip()
        not_here = ("not permitted", "not supported", "nknown device type", "denied")
        raise (Missing if any(text in why for text in not_here) else RuntimeError)(why)
    return done.stdout


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def own_namespace():
    """Starts this program anew in a namespace of its own, in which it may make others; without root
    in a user namespace, if one may."""
    for program in ("ip", "unshare", "nsenter"):
        if shutil.which(program) is None:
            raise Missing(f"there is no {program} here")
    if os.environ.get("RHUMB_NAMESPACE") is not None:
        return
    words = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run(words + ["true"], stderr=subprocess.PIPE, check=False).returncode != 0:
        raise Missing("network namespaces are not permitted here")
    os.environ["RHUMB_NAMESPACE"] = "1"
    os.execvp(words[0], words + [sys.executable] + sys.argv)


def quiet():
    """Without IPv6, which would only make noise; of the namespace that we are in."""
    subprocess.run(["sh", "-c", QUIET + " :"], check=False)


class Namespace:
    """A network namespace, held open by a process."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "3600"],
                                       stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        own = os.readlink("/proc/self/ns/net")
        path = f"/proc/{self.holder.pid}/ns/net"
        for _ in range(3000):
            if self.holder.poll() is not None:
                raise Missing("unshare --net")
            if os.readlink(path) != own:
                break
            time.sleep(0.01)
        else:
            raise RuntimeError("unshare --net has no namespace of its own after 30 s")
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        # What the kernel sends has the TTL that everybody expects.
        self.run("sh", "-c", QUIET + " echo 64 > /proc/sys/net/ipv4/ip_default_ttl")
        self.run("ip", "link", "set", "lo", "up")

    def words(self):
        return ["nsenter", "--target", str(self.holder.pid), "--net"]

    def run(self, *words):
        return run(*self.words(), *words)

    def socket(self, *kind):
        """A socket lives in the namespace in which it was made."""
        own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(self.descriptor, CLONE_NEWNET) != 0:
                raise Missing("setns: " + os.strerror(ctypes.get_errno()))
            return socket.socket(*kind)
        finally:
            libc.setns(own, CLONE_NEWNET)
            os.close(own)

    def whole_checksums(self, interface):
        """The kernel leaves no checksum of what it sends by this interface to a device."""
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            for what in (ETHTOOL_SRXCSUM, ETHTOOL_STXCSUM):
                value = ctypes.create_string_buffer(struct.pack("=II", what, 0))
                request = struct.pack("=16sQ16x", interface.encode(), ctypes.addressof(value))
                fcntl.ioctl(control, SIOCETHTOOL, request)

    def end(self):
        self.holder.kill()
        self.holder.wait()
        os.close(self.descriptor)
