"""Paths through a SCION network, as a control plane would make them of segments
(draft-dekater-scion-controlplane), and what hosts send over them: for tests that know the keys of
all ASes. A link has the same interface number at both of its ends, so that a segment can be written
as ASes and links in turns, in construction direction: "A 3 C 5 E"."""
import random
import struct

import aes
import packets

EXPIRY = 63
CONSTRUCTION, PEERING = 1, 2  # flags of an info field
EGRESS_ALERT, INGRESS_ALERT = 1, 2  # of a hop field, in construction direction
TRACEROUTE_REPLY = 131


class Segment:
    """Beta is what the SegID must be where a hop's MAC is verified; it changes from hop to hop."""

    def __init__(self, text, secrets, peerings, now):
        words = text.split()
        self.ases = words[::2]
        self.timestamp = int(now)
        links = [0] + [int(word) for word in words[1::2]] + [0]
        beta = random.randrange(1 << 16)
        self.betas, self.hops, self.peer_hops = [beta], [], {}
        for number, name in enumerate(self.ases):
            key = aes.hop_key(secrets[name])
            hop, mac = self.hop(key, beta, links[number], links[number + 1])
            beta ^= int.from_bytes(mac[:2], "big")
            self.hops.append(hop)
            self.betas.append(beta)
            for peer in peerings.get(name, ()):
                self.peer_hops[number, peer] = self.hop(key, beta, peer, links[number + 1])[0]

    def hop(self, key, beta, ingress, egress):
        hop = struct.pack("!BBHH6x", 0, EXPIRY, ingress, egress)
        mac = aes.hop_mac(key, beta, self.timestamp, hop)
        return hop[:6] + mac[:6], mac

    def part(self, flags, beta, numbers, peer, cut):
        hops = [(self.ases[n], self.peer_hops[n, peer] if peer and n == cut else self.hops[n])
                for n in numbers]
        return flags | (PEERING if peer else 0), self.betas[beta], self.timestamp, hops

    def up(self, to=None, peer=None):
        """From the segment's last AS to AS `to`, against construction direction; out by a link to a
        peer there."""
        cut = self.ases.index(to) if to else 0
        last = len(self.ases) - 1
        return self.part(0, last + 1 if peer and cut == last else last,
                         range(last, cut - 1, -1), peer, cut)

    def down(self, start=None, peer=None):
        cut = self.ases.index(start) if start else 0
        return self.part(CONSTRUCTION, cut + 1 if peer else cut, range(cut, len(self.ases)), peer,
                         cut)


class Path:
    """Of parts of segments, in the order of travel. `hops`: where the interfaces of each are."""

    def __init__(self, *parts):
        self.parts = parts
        self.hops = [(name, struct.unpack_from("!HH", hop, 2), flags & CONSTRUCTION)
                     for flags, _, _, hops in parts for name, hop in hops]
        self.source, self.destination = self.hops[0][0], self.hops[-1][0]

    def interfaces(self):
        """Of each interface that is crossed: AS, number, hop field, and whether the path enters the
        AS there."""
        for number, (name, ends, forwards) in enumerate(self.hops):
            ingress, egress = ends if forwards else reversed(ends)
            if number > 0 and self.hops[number - 1][0] != name:
                yield name, ingress, number, True
            if number + 1 < len(self.hops) and self.hops[number + 1][0] != name:
                yield name, egress, number, False

    def wire(self, alert=None, broken=None):
        """`alert`: hop field, and whether the router at the entry is asked; `broken`: hop field with
        a false MAC."""
        lengths = [len(hops) for _, _, _, hops in self.parts] + [0, 0]
        data = struct.pack("!I", lengths[0] << 12 | lengths[1] << 6 | lengths[2])
        for flags, beta, timestamp, _ in self.parts:
            data += struct.pack("!BBHI", flags, 0, beta, timestamp)
        hops = [bytearray(hop) for _, _, _, hops in self.parts for _, hop in hops]
        if alert is not None:
            entry_is_ingress = alert[1] == bool(self.hops[alert[0]][2])
            hops[alert[0]][0] |= INGRESS_ALERT if entry_is_ingress else EGRESS_ALERT
        if broken is not None:
            hops[broken][9] ^= 0x40
        return data + b"".join(hops)


def turned(path):
    """A path as it arrived, for the way back."""
    meta = struct.unpack_from("!I", path)[0]
    lengths = [n for n in (meta >> 12 & 63, meta >> 6 & 63, meta & 63) if n]
    count = len(lengths)
    at = 4 + 8 * count
    infos = [bytes([path[n] ^ CONSTRUCTION]) + path[n + 1:n + 8] for n in range(4, at, 8)]
    hops = [path[n:n + 12] for n in range(at, at + 12 * sum(lengths), 12)]
    lengths = lengths[::-1] + [0, 0]
    meta = (count - 1 - (meta >> 30)) << 30 | (len(hops) - 1 - (meta >> 24 & 63)) << 24 | \
        lengths[0] << 12 | lengths[1] << 6 | lengths[2]
    return struct.pack("!I", meta) + b"".join(infos[::-1]) + b"".join(hops[::-1])


def isd_as(text):
    isd, groups = text.split("-")
    value = int(isd) << 48
    for shift, group in zip((32, 16, 0), groups.split(":")):
        value |= int(group, 16) << shift
    return value


def ends(source, destination):
    """The address header of these pairs of ISD-AS and IPv4 host."""
    return struct.pack("!QQ", isd_as(destination[0]), isd_as(source[0])) + \
        packets.address_bytes(destination[1]) + packets.address_bytes(source[1])


def packet(addresses, path, protocol, layer4):
    """The checksum goes where the protocol has it."""
    at = 6 if protocol == packets.UDP else 2
    total = packets.checksum(addresses + struct.pack("!II", len(layer4), protocol) + layer4)
    if protocol == packets.UDP:
        total = total or 0xffff
    layer4 = layer4[:at] + struct.pack("!H", total) + layer4[at + 2:]
    words = (packets.COMMON + len(addresses) + len(path)) // 4
    return struct.pack("!IBBHBBH", random.randrange(1, 1 << 20), protocol, words, len(layer4),
                       packets.SCION, 0, 0) + addresses + path + layer4


def udp(source_port, destination_port, payload):
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def traceroute(identifier, sequence):
    return struct.pack("!BBHHHQQ", packets.TRACEROUTE_REQUEST, 0, 0, identifier, sequence, 0, 0)


class Received:
    """What a host got: `isd_as` is the sender's, `layer4` begins behind extension headers."""

    def __init__(self, data):
        self.data = data
        self.whole = (len(data) >= packets.COMMON + 24 and data[9] == 0 and data[8] == packets.SCION
                      and len(data) == data[5] * 4 + struct.unpack_from("!H", data, 6)[0])
        if not self.whole:
            return
        self.isd_as = struct.unpack_from("!Q", data, packets.COMMON + 8)[0]
        self.path = data[packets.COMMON + 24:data[5] * 4]
        self.protocol, at = packets.upper(data)
        self.layer4 = data[at:]
        addresses = data[packets.COMMON:packets.COMMON + 24]
        self.good_checksum = packets.checksum(
            addresses + struct.pack("!II", len(self.layer4), self.protocol) + self.layer4) == 0

    def payload(self):
        return self.layer4[8:] if self.protocol == packets.UDP else None

    def scmp(self):
        """Type and code, None if it is something else."""
        return tuple(self.layer4[:2]) if self.protocol == packets.SCMP else None

    def answer(self, payload):
        """UDP back to where it came from, over its own path."""
        data = self.data
        source_port, destination_port = struct.unpack_from("!HH", self.layer4)
        addresses = data[20:28] + data[12:20] + data[32:36] + data[28:32]
        return packet(addresses, turned(self.path), packets.UDP,
                      udp(destination_port, source_port, payload))
