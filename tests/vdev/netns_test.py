#!/usr/bin/env python3
"""rhumbd as a router between two Linux hosts: pings go through its net_af_packet ports (on veth) and
its net_tap ports, with one off the TTL, what is for the control plane comes out of its punt port, and
links are followed.

Hosts are network namespaces without names, which go away with the processes in them:

    host A  10.1.0.2                    rhumbd                      10.2.0.2  host B
        a ======= ra --(af_packet, or bridge and tap)-- ... ------ rb ======= b
                                          punt: tap

usage: netns_test.py RHUMBD. Exit status 77: skipped, as namespaces or devices cannot be had here.
"""
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespaces import (  # noqa: E402  where it lies is known only now
    SKIPPED, Missing, Namespace, die_with_parent, own_namespace, quiet, run)

ETH_P_ALL = 3
ETH_P_ARP = 0x0806
ICMP_ECHO_REPLY, ICMP_ECHO = 0, 8
PACKET_OUTGOING = 4

ADDRESS = {"a": "10.1.0.2", "b": "10.2.0.2"}
# Sends to these hosts, as fast as it can.
FLOOD = """
import itertools, socket, sys
sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for host in itertools.cycle(sys.argv[1:]):
    try:
        sending.sendto(b"flood", (host, 9))
    except OSError:
        pass
"""
HOST_MAC = {"a": "02:00:00:00:0a:02", "b": "02:00:00:00:0b:02"}
ROUTER_MAC = {"a": "02:00:00:00:0a:01", "b": "02:00:00:00:0b:01"}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) // 2 * 2]))
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Host(Namespace):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def set_up(self, other):
        """The host's own side of the link, and the way to the other host."""
        net = ADDRESS[self.name].rsplit(".", 1)[0]
        self.run("ip", "address", "add", ADDRESS[self.name] + "/24", "dev", self.name)
        self.run("ip", "link", "set", "dev", self.name, "address", HOST_MAC[self.name], "up")
        # rhumbd answers ARP only for addresses that its ports have.
        self.run("ip", "neighbour", "add", net + ".1", "lladdr", ROUTER_MAC[self.name], "dev",
                 self.name, "nud", "permanent")
        self.run("ip", "route", "add", ADDRESS[other] + "/32", "via", net + ".1")


class Pinger:
    def __init__(self, host, to):
        self.to = to
        self.socket = host.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.number = os.getpid() & 0xffff

    def ping(self, sequence, size=56, ttl=64, patience=15.0):
        """The TTL of the answer, None if there is none."""
        payload = bytes(n & 0xff for n in range(size))
        blank = struct.pack("!BBHHH", ICMP_ECHO, 0, 0, self.number, sequence)
        header = struct.pack("!BBHHH", ICMP_ECHO, 0, checksum(blank + payload), self.number,
                             sequence)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        self.socket.sendto(header + payload, (self.to, 0))
        until = time.monotonic() + patience
        while select.select([self.socket], [], [], max(0.0, until - time.monotonic()))[0]:
            packet = self.socket.recv(65536)
            icmp = packet[(packet[0] & 0xf) * 4:]
            kind, _, _, number, got = struct.unpack("!BBHHH", icmp[:8])
            if (kind, number, got) == (ICMP_ECHO_REPLY, self.number, sequence):
                return packet[8] if icmp[8:] == payload else -1
        return None


class Netns(unittest.TestCase):
    rhumbd = ""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="rhumb-netns-")
        self.addCleanup(self.folder.cleanup)
        self.router = None
        self.addCleanup(self.stop_router)
        self.hosts = {}
        for name, other in (("a", "b"), ("b", "a")):
            host = Host(name)
            self.addCleanup(host.end)
            self.hosts[name] = host
            # The veth pair goes with the namespace of its other end.
            run("ip", "link", "add", "r" + name, "type", "veth", "peer", "name", name, "netns",
                str(host.holder.pid))
            self.addCleanup(subprocess.run, ["ip", "link", "del", "r" + name], check=False,
                            stderr=subprocess.DEVNULL)
            run("ip", "link", "set", "r" + name, "up")
            host.set_up(other)

    def stop_router(self):
        if self.router is not None and self.router.poll() is None:
            self.router.kill()
            self.router.wait()

    def log(self):
        with open(os.path.join(self.folder.name, "log"), encoding="utf-8") as file:
            return file.read()

    def start_router(self, devices, runtime="", finds_neighbours=False, mtu=1500):
        text = (f'[node]\nname = "netns-{os.getpid()}"\npunt = "punt"\n'
                f'[runtime]\nsocket = "r.sock"\n{runtime}')
        for name in ("a", "b"):
            text += (f'[ports.{name}]\ndevice = "{devices[name]}"\nmac = "{ROUTER_MAC[name]}"\n'
                     f'mtu = {mtu}\n')
            if finds_neighbours:
                own = ADDRESS[name].rsplit(".", 1)[0] + ".1"
                text += f'addresses = ["{own}/24"]\n'
            else:
                text += (f'[nexthops.{name}]\nport = "{name}"\nmac = "{HOST_MAC[name]}"\n'
                         f'[[prefixes]]\nmatch = "{ADDRESS[name]}/32"\nvia = "{name}"\n')
        text += '[ports.punt]\ndevice = "net_tap9,iface=punt0"\n'
        with open(os.path.join(self.folder.name, "r.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        with open(os.path.join(self.folder.name, "log"), "w", encoding="utf-8") as log:
            self.router = subprocess.Popen([self.rhumbd, "--config", "r.toml"],
                                           cwd=self.folder.name, stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, preexec_fn=die_with_parent)
        until = time.monotonic() + 20
        while "forwarding" not in self.log():
            if self.router.poll() is not None or time.monotonic() > until:
                if "/dev/net/tun" in self.log():
                    raise Missing("net_tap: " + self.log())
                self.fail("rhumbd did not start:\n" + self.log())
            time.sleep(0.02)
        run("ip", "link", "set", "punt0", "up")

    def expect_pings(self):
        there = Pinger(self.hosts["a"], ADDRESS["b"])
        back = Pinger(self.hosts["b"], ADDRESS["a"])
        # Links and bridges take a moment.
        until = time.monotonic() + 30
        while there.ping(0, patience=0.2) is None:
            self.assertLess(time.monotonic(), until, "no ping comes through:\n" + self.log())
        for sequence in range(1, 21):
            self.assertEqual(there.ping(sequence), 63)
            self.assertEqual(back.ping(sequence), 63)
        for sequence, size in enumerate((0, 1, 1400, 1471, 1472), 100):  # 1472: MTU 1500
            self.assertEqual(there.ping(sequence, size), 63, f"{size} bytes")

    def expect_punts(self):
        """ARP and what has no TTL left come out of the punt port as they came in."""
        punted = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.addCleanup(punted.close)
        punted.bind(("punt0", ETH_P_ALL))
        host = self.hosts["a"]
        host.run("ip", "neighbour", "flush", "dev", "a", "nud", "failed")
        asking = host.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(asking.close)
        asking.sendto(b"who has", ("10.1.0.77", 9))
        self.assertIsNone(Pinger(host, ADDRESS["b"]).ping(200, ttl=1, patience=0.3))
        source = bytes.fromhex(HOST_MAC["a"].replace(":", ""))
        arp = expired = False
        until = time.monotonic() + 30
        while not (arp and expired):
            self.assertLess(time.monotonic(), until, f"ARP {arp}, TTL {expired}:\n" + self.log())
            if not select.select([punted], [], [], 0.2)[0]:
                continue
            frame, where = punted.recvfrom(65536)
            if where[2] == PACKET_OUTGOING or frame[6:12] != source:
                continue
            ether_type = struct.unpack("!H", frame[12:14])[0]
            arp = arp or (ether_type == ETH_P_ARP and frame[:6] == b"\xff" * 6 and
                          frame[38:42] == socket.inet_aton("10.1.0.77"))
            expired = expired or (ether_type == 0x0800 and frame[22] == 1)

    def expect_clean_end(self):
        self.router.send_signal(signal.SIGTERM)
        self.assertEqual(self.router.wait(timeout=20), 0, self.log())
        left = run("ip", "-o", "link")
        self.assertNotIn("punt0", left)
        self.assertNotIn("tap", left)

    def test_af_packet(self):
        self.start_router({"a": "net_af_packet0,iface=ra", "b": "net_af_packet1,iface=rb"})
        self.expect_pings()
        self.expect_punts()
        self.expect_clean_end()

    def test_jumbo_frames_over_af_packet(self):
        for name, host in self.hosts.items():
            host.run("ip", "link", "set", "dev", name, "mtu", "9000")
        # The router sets its ends itself.
        self.start_router({"a": "net_af_packet0,iface=ra", "b": "net_af_packet1,iface=rb"},
                          mtu=9000)
        self.expect_pings()
        there, back = Pinger(self.hosts["a"], ADDRESS["b"]), Pinger(self.hosts["b"], ADDRESS["a"])
        for sequence, size in enumerate((1990, 4000, 8971, 8972), 200):
            self.assertEqual(there.ping(sequence, size), 63, f"{size} bytes")
            self.assertEqual(back.ping(sequence, size), 63, f"{size} bytes back")
        self.expect_clean_end()

    def test_neighbours_are_found(self):
        """Nobody is told a MAC address: both sides ask, and a changed one is noticed."""
        for host in self.hosts.values():
            host.run("ip", "neighbour", "flush", "dev", host.name, "nud", "permanent")
        self.start_router({"a": "net_af_packet0,iface=ra", "b": "net_af_packet1,iface=rb"},
                          finds_neighbours=True)
        self.expect_pings()
        for name in ("a", "b"):
            neighbour = self.hosts[name].run("ip", "neighbour", "show", "dev", name)
            self.assertIn(ROUTER_MAC[name], neighbour)
        self.router.send_signal(signal.SIGHUP)  # what is known stays known
        self.expect_pings()
        self.hosts["b"].run("ip", "link", "set", "dev", "b", "address", "02:00:00:00:0b:99")
        self.hosts["b"].run("ip", "route", "replace", ADDRESS["a"] + "/32", "via", "10.2.0.1")
        self.hosts["b"].run("ip", "neighbour", "flush", "dev", "b")
        # Its own question tells the new one; else the router would find out when it asks again.
        Pinger(self.hosts["b"], ADDRESS["a"]).ping(300, patience=0.5)
        self.expect_pings()
        self.expect_clean_end()

    def few_to_the_slow_path(self):
        """A border router hands over no more than it is told: one packet in ten milliseconds."""
        folder = self.folder.name
        os.mkdir(os.path.join(folder, "keys"))
        key = "AAAAAAAAAAAAAAAAAAAAAA=="
        for name, text in (
                ("keys/master0.key", key), ("keys/master1.key", key),
                ("br.toml", '[general]\nid = "br"\nconfig_dir = "."\n'),
                ("topology.json", json.dumps({"isd_as": "1-1", "mtu": 1400, "border_routers": {
                    "br": {"internal_addr": "10.1.0.1:30042", "interfaces": {}}}}))):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        return '[scion]\nrouter = "br.toml"\nslow_path_rate = 100\n'

    def test_neighbours_are_found_in_a_flood(self):
        """What comes for hosts that are yet to be found does not keep their answers out."""
        host, own = self.hosts["b"], [f"10.2.0.{number}" for number in range(10, 18)]
        nobody = [f"10.2.0.{number}" for number in range(20, 84)]
        for address in own:
            host.run("ip", "address", "add", address + "/24", "dev", "b")
        host.run("ip", "link", "set", "dev", "b", "arp", "off")
        for one in self.hosts.values():
            one.run("ip", "neighbour", "flush", "dev", one.name, "nud", "permanent")
        self.hosts["a"].run("ip", "route", "add", "10.2.0.0/24", "via", "10.1.0.1")
        self.start_router({"a": "net_af_packet0,iface=ra", "b": "net_af_packet1,iface=rb"},
                          self.few_to_the_slow_path(), finds_neighbours=True)
        self.hosts["a"].whole_checksums("a")
        listeners = {}
        for address in own:
            listeners[address] = host.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(listeners[address].close)
            listeners[address].bind((address, 9))
        flood = subprocess.Popen(self.hosts["a"].words() +
                                 [sys.executable, "-c", FLOOD] + own + nobody, stdin=subprocess.DEVNULL,
                                 preexec_fn=die_with_parent)
        self.addCleanup(flood.wait)
        self.addCleanup(flood.kill)
        time.sleep(1)  # so that it is at its height when the first answer comes
        host.run("ip", "link", "set", "dev", "b", "arp", "on")
        until = time.monotonic() + 60
        for address, listener in listeners.items():
            self.assertTrue(select.select([listener], [], [], max(0, until - time.monotonic()))[0],
                            f"{address} is not found:\n" + self.log())

    def test_tap(self):
        self.start_router({"a": "net_tap0,iface=tapa", "b": "net_tap1,iface=tapb"})
        for name in ("a", "b"):
            bridge, tap = "br" + name, "tap" + name
            run("ip", "link", "add", bridge, "type", "bridge")
            self.addCleanup(run, "ip", "link", "del", bridge)
            # A bridge keeps what goes to its members' own addresses: the tap's must be another one.
            run("ip", "link", "set", tap, "address", "02:00:00:00:99:0" + name)
            for member in (tap, "r" + name):
                run("ip", "link", "set", member, "master", bridge)
            run("ip", "link", "set", tap, "up")
            run("ip", "link", "set", bridge, "up")
        self.expect_pings()
        self.expect_punts()
        self.expect_clean_end()

    def test_links_are_followed(self):
        # Busy workers leave the interrupts to the links, which a tap has.
        self.start_router({"a": "net_tap0,iface=tapa", "b": "net_tap1,iface=tapb"},
                          'idle = "busy"\n')
        for state in ("down", "up"):
            run("ip", "link", "set", "tapa", state)
            until = time.monotonic() + 10
            while f"link {state} port=a" not in self.log():
                self.assertLess(time.monotonic(), until, f"not {state}:\n" + self.log())
                time.sleep(0.01)
        self.assertNotIn("port=b", self.log())
        self.expect_clean_end()


class Result(unittest.TextTestResult):
    """What cannot be had here is a test skipped."""

    def addError(self, test, err):
        if issubclass(err[0], Missing):
            self.addSkip(test, str(err[1]))
        else:
            super().addError(test, err)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        own_namespace()
    except Missing as missing:
        print(f"{missing}: skipped")
        return SKIPPED
    if not os.path.exists("/dev/net/tun"):
        print("there is no /dev/net/tun here: skipped")
        return SKIPPED
    signal.alarm(220)  # whatever happens
    quiet()
    Netns.rhumbd = os.path.abspath(sys.argv[1])
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Netns)
    done = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
    if not done.wasSuccessful():
        return 1
    return SKIPPED if len(done.skipped) == done.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
