#!/usr/bin/env python3
"""rhumbd and the reference SCION border router as neighbours and siblings: a network of both
(network.py), and what hosts see that send through it.

    neighbours.py REFERENCE RHUMBD RHUMBCTL [TEST...]

REFERENCE is a folder in which reference.sh builds the reference if it is not there yet. A TEST is the
name of one, without "test_". Exit status 77: skipped.
"""
import argparse
import json
import os
import signal
import struct
import sys
import time
import unittest

import network
import packets
import paths
import setting
from network import HOST_PORT, ISD_AS, LINKS, wait_until

# By what they cross: parts of segments, in the order of travel. To be read with network.py's map.
PATHS = {
    # Both cores, in and out by the same router: the switches of segments are those of Ar and Bg.
    "up, core, down by Ar and Bg": ("up A 3 C 5 E", "up B 1 A", "down B 7 D"),
    "up, core, down by Ag and Br": ("up A 4 C 6 F", "up B 2 A", "down B 10 D"),
    # In by one and out by its sibling, which gets the packet behind the switch.
    "up, core, down with siblings, Ag first": ("up A 4 C 5 E", "up B 1 A", "down B 10 D"),
    "up, core, down with siblings, Ar first": ("up A 3 C 6 F", "up B 2 A", "down B 7 D"),
    "core in construction direction": ("up A 3 C 5 E", "down A 1 B", "down B 7 D"),
    # Of both segments a part only; the hop fields in C have an interface that is not used.
    "shortcut": ("up A 3 C 5 E to C", "down A 4 C 6 F from C"),
    "up, and not all the way": ("up A 3 C 5 E to C",),
    "up": ("up A 4 C 6 F",),
    "down, begun on the way": ("down A 3 C 5 E from C",),
    "peering by Cr": ("up A 3 C 5 E to C by 8", "down B 7 D from D by 8"),
    "peering by Cg": ("up A 4 C 6 F to C by 9", "down B 10 D from D by 9"),
    "peering, in by Cr and out by Cg": ("up A 4 C 5 E to C by 9", "down B 7 D from D by 9"),
    "peering, in by Cg and out by Cr": ("up A 3 C 6 F to C by 8", "down B 10 D from D by 8"),
}
INTERFACES = {(name[0], number) for number, link in LINKS.items() for name in link[:2]}
SIZES = (0, 1, 500, 1201)


def path(name, now=None):
    parts = []
    for text in PATHS[name]:
        way, _, rest = text.partition(" ")
        rest, _, peer = rest.partition(" by ")
        rest, _, cut = rest.partition(" to " if way == "up" else " from ")
        segment = paths.Segment(rest, network.SECRETS, network.PEERINGS, now or time.time())
        make = segment.up if way == "up" else segment.down
        parts.append(make(cut or None, int(peer) if peer else None))
    return paths.Path(*parts)


def number_of(isd_as):
    return paths.isd_as(ISD_AS[isd_as])


class Neighbours(unittest.TestCase):
    net = None
    rhumbctl = ""

    def setUp(self):
        self.net.wait_all_up()
        for host in self.net.hosts.values():
            host.silence()

    def answer_to(self, host, expected, what):
        """The next SCMP message of this type and code from AS `expected`."""
        got, _ = host.receive()
        self.assertIsNotNone(got, f"{what}: no answer")
        self.assertTrue(got.whole and got.good_checksum, f"{what}: {got.data.hex()}")
        self.assertEqual((got.scmp(), got.isd_as), (expected[0], number_of(expected[1])),
                         f"{what}: {got.data.hex()}")
        return got

    def exchange(self, name, size=100):
        """A packet over this path, and the answer by the path on which it came."""
        there = path(name)
        near, far = self.net.hosts[there.source], self.net.hosts[there.destination]
        payload = os.urandom(size)
        near.send(there, packets.UDP, paths.udp(HOST_PORT, HOST_PORT, payload))
        for host, back in ((far, payload[::-1]), (near, None)):
            got, router = host.receive()
            self.assertIsNotNone(got, f"{name}: nothing comes to {host.name}")
            self.assertTrue(got.whole and got.good_checksum, f"{name}: {got.data.hex()}")
            self.assertEqual((got.payload(), got.isd_as), (
                payload if back is not None else payload[::-1],
                number_of(near.name if back is not None else far.name)),
                             f"{name}: {got.data.hex()}")
            if back is not None:
                host.socket.sendto(got.answer(back), router)

    def trace(self, name):
        """Asks each router on this path, by each interface that it crosses."""
        way = path(name)
        host = self.net.hosts[way.source]
        for where, number, hop, entry in way.interfaces():
            what = f"{name}: interface {number} of {where}"
            host.send(way, packets.SCMP, paths.traceroute(HOST_PORT, number), alert=(hop, entry))
            got = self.answer_to(host, ((paths.TRACEROUTE_REPLY, 0), where), what)
            self.assertEqual(struct.unpack("!HHQQ", got.layer4[4:24]),
                             (HOST_PORT, number, number_of(where), number), what)
            yield where, number

    def test_packets_go_there_and_back(self):
        for name in PATHS:
            with self.subTest(name):
                for size in SIZES:
                    self.exchange(name, size)

    def test_every_interface_answers_traceroute(self):
        answered = set()
        for name in PATHS:
            with self.subTest(name):
                answered.update(self.trace(name))
        self.assertEqual(answered, INTERFACES)

    def test_hosts_that_were_never_sent_to_are_answered(self):
        """Each router has to find the host first, and its answer waits for that."""
        for name, way in (("C", "down, begun on the way"), ("F", "up")):
            for number in range(20, 24):
                host = network.Host(name, self.net.namespaces[name], number)
                self.addCleanup(host.socket.close)
                asked = path(way)
                host.send(asked, packets.SCMP, paths.traceroute(HOST_PORT, number),
                          alert=(0, False))
                self.answer_to(host, ((paths.TRACEROUTE_REPLY, 0), name), host.address)

    def test_what_is_wrong_is_told_by_the_router_that_sees_it(self):
        for name in PATHS:
            way = path(name)
            host = self.net.hosts[way.source]
            for number, (where, _, _) in enumerate(way.hops):
                with self.subTest(name, hop=number):
                    host.send(way, packets.UDP, paths.udp(HOST_PORT, 9, b"never comes"),
                              broken=number)
                    self.answer_to(host, ((4, 51), where), f"{name}: hop {number}")

    def test_both_see_all_links_up(self):
        for router in self.net.routers.values():
            self.assertEqual({link: 1 for link in router.links()}, router.sessions())
            if not router.is_rhumb:
                continue
            rows = json.loads(network.run(self.rhumbctl, "-s", os.path.join(
                router.folder, router.name + ".sock"), "scion", "show", "bfd", "--json"))
            other = network.sibling(router.name)
            expected = {str(number) for number, _, _, _ in network.links_of(router.name)}
            if other is not None:
                expected.add(f"{network.internal(other)}:{network.INTERNAL_PORT}")
            self.assertEqual({str(row["link"]) for row in rows}, expected)
            for row in rows:
                self.assertEqual((row["state"], row["remote_state"]), ("up", "up"), row)

    def cut(self, router, interface):
        self.addCleanup(self.net.set_link, router, interface, "up")
        self.net.set_link(router, interface, "down")

    def wait_for(self, router, link, value):
        routers = self.net.routers
        wait_until(lambda: self.net.alive() and routers[router].sessions().get(link) == value,
                   lambda: f"{router} says of link {link}: {routers[router].sessions()}\n" +
                   routers[router].log()[-2000:])

    def expect_refusal(self, name, message, by, *ids):
        """What is sent over this path comes back with this SCMP message of AS `by`."""
        way = path(name)
        host = self.net.hosts[way.source]
        host.send(way, packets.UDP, paths.udp(HOST_PORT, HOST_PORT, b"never comes"))
        got = self.answer_to(host, (message, by), name)
        self.assertEqual(struct.unpack_from(f"!{1 + len(ids)}Q", got.layer4, 4),
                         (number_of(by), *ids), name)

    def test_a_link_that_goes_down_is_noticed_and_told_of(self):
        # Cut at our end, and at the reference's.
        for cut in ("Ar", "Bg"):
            self.cut(cut, "link1")
            for router in ("Ar", "Bg"):
                self.wait_for(router, 1, 0)
            name = "up, core, down by Ar and Bg"
            self.expect_refusal(name, (5, 0), "A", 1)
            # Told to the sibling, which has the packet from outside.
            self.expect_refusal("up, core, down with siblings, Ag first", (5, 0), "A", 1)
            self.exchange("up, core, down by Ag and Br")
            self.net.set_link(cut, "link1", "up")
            self.net.wait_all_up()
            self.exchange(name)
            self.exchange("up, core, down with siblings, Ag first")

    def test_a_link_down_is_told_of_by_the_other_kind(self):
        self.cut("Br", "link2")
        for router in ("Ag", "Br"):
            self.wait_for(router, 2, 0)
        self.expect_refusal("up, core, down by Ag and Br", (5, 0), "A", 2)
        self.expect_refusal("up, core, down with siblings, Ar first", (5, 0), "A", 2)
        self.net.set_link("Br", "link2", "up")
        self.net.wait_all_up()
        self.exchange("up, core, down by Ag and Br")
        self.exchange("up, core, down with siblings, Ar first")

    def test_a_sibling_that_is_cut_off_is_noticed_and_told_of(self):
        # In by Ar for link 2, and in by Ag for link 1: the sibling has the way out.
        for cut, other, name, ids in (
                ("Ag", "Ar", "up, core, down with siblings, Ar first", (3, 2)),
                ("Ar", "Ag", "up, core, down with siblings, Ag first", (4, 1))):
            self.cut(cut, "inside")
            for router in (cut, other):
                self.wait_for(router, "sibling", 0)
            self.expect_refusal(name, (6, 0), "A", *ids)
            self.net.set_link(cut, "inside", "up")
            self.net.wait_all_up()
            self.exchange(name)

    def test_a_restart_of_either_brings_the_sessions_back(self):
        for name in ("Cr", "Cg"):
            router = self.net.routers[name]
            router.stop()
            for number, _, other, _ in network.links_of(name):
                self.wait_for(other, number, 0)
            self.wait_for(network.sibling(name), "sibling", 0)
            router.start()
            self.net.wait_all_up()
            self.exchange("peering by " + name)
            self.exchange("shortcut")

    def changes(self):
        return {name: router.sessions(("router_bfd_state_changes_total",
                                       "router_bfd_sibling_state_changes_total"))
                for name, router in self.net.routers.items()}

    def received(self):
        return [number for router in self.net.routers.values() for number in router.sessions(
            ("router_bfd_received_packets_total",
             "router_bfd_received_sibling_packets_total")).values()]

    def test_a_reload_is_not_noticed(self):
        before = self.changes()
        for router in self.net.routers.values():
            if router.is_rhumb:
                reloads = router.log().count("reloaded")
                router.process.send_signal(signal.SIGHUP)
                for name in PATHS:
                    self.exchange(name)
                wait_until(lambda: router.log().count("reloaded") > reloads, "no reload")
        # Longer than a session that has lost its peer would take to say so.
        first = self.received()
        wait_until(lambda: all(now >= then + 10 for now, then in zip(self.received(), first)),
                   "no BFD")
        self.assertEqual(self.changes(), before)


class Result(unittest.TextTestResult):
    """What cannot be had here is a test skipped."""

    def addError(self, test, err):
        if issubclass(err[0], setting.Missing):
            self.addSkip(test, str(err[1]))
        else:
            super().addError(test, err)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("reference", "rhumbd", "rhumbctl"):
        parser.add_argument(name)
    parser.add_argument("tests", nargs="*")
    given = parser.parse_args()
    try:
        reference = setting.reference(given.reference)
        setting.own_namespace()
        setting.limit(900)
        Neighbours.rhumbctl = os.path.abspath(given.rhumbctl)
        names = ["test_" + name for name in given.tests]
        suite = unittest.TestSuite(map(Neighbours, names)) if names else \
            unittest.defaultTestLoader.loadTestsFromTestCase(Neighbours)
        with network.Network(reference, os.path.abspath(given.rhumbd)) as net:
            Neighbours.net = net
            done = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
            if not done.wasSuccessful():
                for router in net.routers.values():
                    print(f"the log of {router.name} ends with:\n{router.log()[-1500:]}")
    except setting.Missing as missing:
        print(f"{missing}: skipped")
        return setting.SKIPPED
    if not done.wasSuccessful():
        return 1
    return setting.SKIPPED if len(done.skipped) == done.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
