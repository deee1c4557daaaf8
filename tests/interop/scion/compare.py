#!/usr/bin/env python3
"""The same packets to the reference SCION border router and to another router, side by side: what
comes out of both must be the same bytes at the same interfaces.

    compare.py REFERENCE                  the reference with itself
    compare.py REFERENCE RHUMBD           with rhumbd
    compare.py REFERENCE --command WORDS  with another; {router} stands for router.toml

    --mutations N   random changes of the packets, besides the packets as they are (default 1000)
    --seed S        of these changes (default 1)
    --record FILE   what the reference made of each packet, a JSON object a line

REFERENCE is a folder in which reference.sh builds the reference if it is not there yet. The packets
are the acceptance cases of $RHUMB_VECTORS, and some of our own (packets.py, mutations.py), once
without authentication of SCMP messages and once with it. A difference that we have decided on is
told and does not count, nor does a packet by which the reference ends. Last line:
`N passed, N failed`. Exit status 77: skipped.

Not compared, as the reference leaves it to chance or to its kernel: identification of outer IPv4
headers, checksums as long as they are right or absent, time and value of the authenticator.
"""
import argparse
import collections
import json
import os
import random
import select
import shlex
import socket
import struct
import sys
import time

import aes
import mutations
import packets
import setting

ETH_P_ALL, ETH_P_IP = 3, 0x0800
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
BATCH = 32
# Seconds after which nothing more is expected: of many packets; and of one alone, while it seems to
# make a difference.
QUIET, ALONE = 0.1, (0.4, 2, 5)


class Side:
    """One of the two routers, with a socket at each of its veths."""

    def __init__(self, place):
        self.place = place
        self.sockets = {}
        for link in setting.LINKS:
            there = place.outside.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            there.bind((link.outside, ETH_P_ALL))
            there.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.sockets[link.outside] = there

    def close(self):
        for there in self.sockets.values():
            there.close()

    def send(self, packet):
        self.sockets[packet.veth].send(packet.frame())

    def received(self):
        """What is there now: pairs of interface and frame."""
        frames = []
        for name, there in self.sockets.items():
            while select.select([there], [], [], 0)[0]:
                frames.append((name, there.recv(65536)))
        return frames


def normalised(frame):
    """The FlowID and the frame without what need not be the same; None if it is not SCION's."""
    if frame[12:14] != struct.pack("!H", ETH_P_IP) or frame[23] != packets.UDP:
        return None
    frame = bytearray(frame[:14 + struct.unpack_from("!H", frame, 16)[0]])
    udp = 14 + (frame[14] & 15) * 4
    scion = frame[udp + 8:]
    notes = ""
    if packets.checksum(bytes(frame[14:udp])) != 0:
        notes += " (bad IP checksum)"
    ends = bytes(frame[26:34]) + struct.pack("!HH", packets.UDP, len(frame) - udp)
    if frame[udp + 6:udp + 8] != bytes(2) and packets.checksum(ends + bytes(frame[udp:])) != 0:
        notes += " (bad UDP checksum)"
    frame[18:20] = frame[24:26] = frame[udp + 6:udp + 8] = bytes(2)
    option = scion[5] * 4 + 2
    if scion[4] == packets.END_TO_END and scion[option:option + 2] == b"\x02\x1c":
        frame[udp + 8 + option + 8:udp + 8 + option + 30] = bytes(22)
    return struct.unpack("!I", scion[:4])[0] & 0xfffff, bytes(frame).hex() + notes


def told(frame):
    """A few words on what came out."""
    scion = bytes.fromhex(frame.split()[0])[42:]
    l4 = packets.upper(scion)
    if l4 is not None and l4[0] == packets.SCMP and len(scion) >= l4[1] + 2:
        return f"SCMP {scion[l4[1]]}/{scion[l4[1] + 1]}"
    return f"to port {int(frame[72:76], 16)}"


class Comparison:
    def __init__(self, sides, authenticated, record):
        self.sides, self.authenticated, self.record = sides, authenticated, record
        self.next_tag = 1
        self.counts = collections.Counter()

    def play(self, batch, patience):
        """By place in the batch: what each of the two sides sent."""
        first = self.next_tag
        for packet in batch:
            packet.tag(self.next_tag)
            self.next_tag += 1
            if ":" not in packet.name:
                packets.authenticate(packet.scion, time.time())
            for side in self.sides:
                side.send(packet)
        out = [([], []) for _ in batch]
        end = time.monotonic() + patience + 3
        until = time.monotonic() + patience
        while time.monotonic() < min(until, end):
            every = [there for side in self.sides for there in side.sockets.values()]
            if not select.select(every, [], [], max(0, until - time.monotonic()))[0]:
                break
            for number, side in enumerate(self.sides):
                for name, frame in side.received():
                    seen = normalised(frame)
                    if seen is not None and first <= seen[0] < self.next_tag:
                        out[seen[0] - first][number].append((name, seen[1]))
                        until = time.monotonic() + patience
        return out

    def run(self, batch):
        out = self.play(batch, QUIET)
        ended = self.revive(batch)
        for packet, seen in zip(batch, out):
            gone = False
            if ended or sorted(seen[0]) != sorted(seen[1]):
                # Once more without company: no queue was full, nobody was late.
                for patience in ALONE:
                    (seen,) = self.play([packet], patience)
                    gone = self.revive([packet])
                    reference, other = sorted(seen[0]), sorted(seen[1])
                    if gone or reference == other or self.decided(packet, reference, other):
                        break
            if not gone:
                self.judge(packet, sorted(seen[0]), sorted(seen[1]))

    def revive(self, batch):
        """Whether a router has ended, with the verdict if it was after a single packet."""
        ended = [side.place.router.poll() is not None for side in self.sides]
        if any(ended):
            time.sleep(ALONE[0])  # perhaps the other one is about to
            ended = [side.place.router.poll() is not None for side in self.sides]
        for side, gone in zip(self.sides, ended):
            if gone and len(batch) == 1:
                print("ended: " + side.place.log()[-3000:])
            if gone:
                side.place.start()
        if any(ended) and len(batch) == 1:
            # That the reference comes to harm is no standard for others.
            self.counts["failed" if ended == [False, True] else "ended"] += 1
            print(f"{'FAILED' if ended == [False, True] else 'the reference ends'}: "
                  f"{batch[0].name}\n   in  {batch[0].veth} {batch[0].frame().hex()}")
            self.note(batch[0], None)
        return any(ended)

    def note(self, packet, frames):
        """For the record: what the reference sent, None if it ended."""
        if self.record is None:
            return
        out = None if frames is None else [{"at": name, "frame": frame} for name, frame in frames]
        self.record.write(json.dumps({
            "name": packet.name, "now": time.time(), "authenticated": self.authenticated,
            "in": packet.veth, "frame": packet.frame().hex(),
            "decided": mutations.decided(packet, self.authenticated), "out": out}) + "\n")

    def decided(self, packet, reference, other):
        """Why the two may differ; None if that is not decided."""
        why = mutations.decided(packet, self.authenticated)
        if why is None and mutations.differs_in_segment_ids(packet, reference, other):
            why = "SegID of errors before the MAC check"
        return why

    def judge(self, packet, reference, other):
        if not reference:
            self.counts["dropped"] += 1
        for _, frame in reference:
            self.counts[told(frame).split(" ")[0]] += 1
        self.note(packet, reference)
        if reference == other:
            self.counts["passed"] += 1
            return
        why = self.decided(packet, reference, other)
        self.counts["decided" if why else "failed"] += 1
        if why is None and self.counts["failed"] > 50:
            return
        print(f"{'differs by decision: ' + why if why else 'FAILED'}: {packet.name}\n"
              f"   in  {packet.veth} {packet.frame().hex()}")
        for title, frames in (("reference", reference), ("other", other)):
            for name, frame in frames or [("nothing", "")]:
                print(f"   {title:9} {name} {told(frame) if frame else ''} {frame}")


def compare(commands, authenticated, given, record):
    name = "with" if authenticated else "without"
    with setting.Setting(commands[0], authenticated=authenticated) as left, \
            setting.Setting(commands[1], authenticated=authenticated) as right:
        sides = [Side(left), Side(right)]
        comparison = Comparison(sides, authenticated, record)
        rng = random.Random(given.seed * 2 + authenticated)
        comparison.run(list(packets.all_packets(time.time()).values()))
        # A few rounds, as EPIC packets get old within seconds.
        for start in range(0, given.mutations // 2, BATCH):
            base = list(packets.all_packets(time.time()).values())
            number = min(BATCH, given.mutations // 2 - start)
            comparison.run([mutations.mutated(rng, rng.choice(base), time.time())
                            for _ in range(number)])
        for side in sides:
            side.close()
    print(f"{name} authentication: " + ", ".join(f"{count} {what}" for what, count in
                                                 sorted(comparison.counts.items())))
    return comparison.counts


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("rhumbd", nargs="?")
    parser.add_argument("--command")
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record")
    given = parser.parse_args()
    total = collections.Counter()
    try:
        if not aes.self_test():
            raise RuntimeError("our AES is none")
        packets.cases()
        reference = setting.reference(given.reference)
        setting.own_namespace()
        setting.limit(900)
        own = shlex.quote(os.path.join(reference, "router")) + " --config {router}"
        other = given.command or own
        if given.rhumbd is not None:
            other = shlex.quote(os.path.abspath(given.rhumbd)) + " --config {rhumb}"
        record = None
        if given.record is not None:
            record = open(given.record, "w", encoding="utf-8")  # closed by the end of us
        for authenticated in (False, True):
            total += compare((own, other), authenticated, given, record)
    except setting.Missing as missing:
        print(f"{missing}: skipped")
        return setting.SKIPPED
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
