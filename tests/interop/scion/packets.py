"""SCION packets (draft-dekater-scion-dataplane) as a test sends them to a border router between the
veths of setting.py: those of the acceptance cases, made anew for the present time and with the keys
of the setting, and some of our own. Its FlowID is a packet's tag, by which what comes out is known
again."""
import json
import os
import struct

import aes
import setting

KEY = aes.hop_key(setting.TEST_KEYS[0])
COMMON, INFO, HOP = 12, 8, 12
EMPTY, SCION, ONE_HOP, EPIC = range(4)
LOCAL_AS = 0x0001_ff00_0000_0001
UDP, END_TO_END, SCMP = 17, 201, 202
TRACEROUTE_REQUEST = 130
ROUTER = {link.outside: (link.mac, link.address.split("/")[0], 50000) for link in setting.LINKS}
ROUTER["veth_int_host"] = ROUTER["veth_int_host"][:2] + (30001,)


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def address_bytes(text):
    return bytes(int(part) for part in text.split("."))


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Packet:
    """A SCION packet, where it arrives, and from whom in the underlay."""

    def __init__(self, name, veth, source, port, scion):
        self.name, self.veth, self.source, self.port = name, veth, source, port
        self.scion = bytearray(scion)
        self.ttl, self.options, self.padding, self.udp_checksum = 64, b"", b"", None
        self.to_port = None

    def copy(self):
        twin = Packet(self.name, self.veth, self.source, self.port, self.scion)
        twin.ttl, twin.options, twin.padding = self.ttl, self.options, self.padding
        twin.udp_checksum, twin.to_port = self.udp_checksum, self.to_port
        return twin

    def tag(self, number):
        self.scion[1] = self.scion[1] & 0xf0 | number >> 16
        self.scion[2:4] = struct.pack("!H", number & 0xffff)

    def frame(self):
        mac, address, port = ROUTER[self.veth]
        ends = address_bytes(self.source) + address_bytes(address)
        length = 8 + len(self.scion)
        udp = struct.pack("!HHH", self.port, self.to_port or port, length)
        total = self.udp_checksum
        if total is None:
            total = checksum(ends + struct.pack("!HH", UDP, length) + udp + self.scion) or 0xffff
        header = struct.pack("!BBHHHBBH8s", 0x45 + len(self.options) // 4, 0,
                             20 + len(self.options) + length, 0, 0x4000, self.ttl, UDP, 0,
                             ends) + self.options
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        return (mac_bytes(mac) + mac_bytes(setting.OUTSIDE_MAC) + b"\x08\x00" + header + udp +
                struct.pack("!H", total) + self.scion + self.padding)


class Path:
    """Where the parts of a packet's path lie; `good` says whether they are all there."""

    def __init__(self, scion):
        self.kind = scion[8]
        hosts = 8 + 4 * (scion[9] >> 4 & 3) + 4 * (scion[9] & 3)
        self.start = COMMON + 16 + hosts
        self.infos, self.hops, self.segments = [], [], []
        self.good = True
        if self.kind == ONE_HOP:
            self.infos = [self.start]
            self.hops = [self.start + INFO, self.start + INFO + HOP]
        elif self.kind in (SCION, EPIC):
            self.start += 16 if self.kind == EPIC else 0
            if len(scion) < self.start + 4:
                self.good = False
                return
            meta = struct.unpack_from("!I", scion, self.start)[0]
            self.info, self.hop = meta >> 30, meta >> 24 & 63
            lengths = [meta >> 12 & 63, meta >> 6 & 63, meta & 63]
            self.segments = [n for n in lengths if n]
            at = self.start + 4
            self.infos = [at + INFO * n for n in range(len(self.segments))]
            at += INFO * len(self.segments)
            self.hops = [at + HOP * n for n in range(sum(self.segments))]
            self.good = (lengths == self.segments + [0] * (3 - len(self.segments)) and
                         self.info < len(self.infos) and self.hop < len(self.hops))
        self.good = self.good and all(at + HOP <= len(scion) for at in self.hops)

    def segment_of(self, hop):
        for number, length in enumerate(self.segments):
            if hop < length:
                return number
            hop -= length
        return None

    def is_peering(self, scion):
        return (scion[self.infos[self.info]] & 2 and len(self.segments) == 2 and
                self.hop in (self.segments[0] - 1, self.segments[0]))

    def switches(self, scion):
        return (self.hop + 1 < len(self.hops) and not self.is_peering(scion) and
                self.segment_of(self.hop) != self.segment_of(self.hop + 1))


def seal(scion, info, hop, segid=None):
    """Gives a hop field its MAC; returns all of it. Offsets are of the fields."""
    old, timestamp = struct.unpack_from("!HI", scion, info + 2)
    mac = aes.hop_mac(KEY, old if segid is None else segid, timestamp, scion[hop:hop + HOP])
    scion[hop + 6:hop + 12] = mac[:6]
    return mac


def upper(scion):
    """Protocol and place of what follows the extension headers, None if they are cut."""
    kind, at = scion[4], scion[5] * 4
    while kind in (200, END_TO_END):
        if at + 2 > len(scion):
            return None
        kind, at = scion[at], at + 4 * (scion[at + 1] + 1)
    return kind, at


def authenticate(scion, now):
    """Makes the packet authenticator anew, with the dummy key."""
    at = scion[5] * 4
    if scion[4] != END_TO_END or scion[at + 2:at + 4] != b"\x02\x1c":
        return
    scion[at + 10:at + 16] = int(now % 86400 * 1e9).to_bytes(6, "big")
    protocol, l4 = upper(scion)
    path = Path(scion)
    zeroed = bytearray(scion[path.start:at])
    zeroed[0] = 0
    for info in path.infos:
        zeroed[info - path.start + 2:info - path.start + 4] = bytes(2)
    for hop in path.hops:
        zeroed[hop - path.start] = 0
    # A key for this AS and the destination host (AS-host, receiver side), or no key that the SPI
    # says anything of: then all addresses are under the MAC.
    of_host = struct.unpack_from("!I", scion, at + 4)[0] == 0x00010001
    ends = scion[28:32 + 4 * (scion[9] >> 4 & 3)] if of_host else scion[12:path.start]
    first = struct.unpack_from("!I", scion)[0] & 0xf3ffffff  # without two bits of TrafficClass
    scion[at + 16:at + 32] = aes.cmac(bytes(16), bytes(
        bytes([scion[5], protocol]) + struct.pack("!H", len(scion) - l4) + scion[at + 8:at + 16] +
        struct.pack("!I", first) + scion[8:10] + bytes(2) + ends + zeroed + scion[l4:]))


def subset(value, macs):
    """The MACs among those of one segment whose beginnings make `value` when XORed."""
    for chosen in range(1 << len(macs)):
        total = 0
        for number, mac in enumerate(macs):
            if chosen >> number & 1:
                total ^= int(mac["full_cmac_hex"][:4], 16)
        if total == value:
            return [mac["hop"] for number, mac in enumerate(macs) if chosen >> number & 1]
    return []


def remade(case, now):
    """An acceptance case with present timestamps and the MACs of our keys."""
    frame = bytes.fromhex(case["vector"]["input_frame_hex"])
    source, port = case["ingress"]["underlay_src"]
    packet = Packet(case["name"], case["ingress"]["veth"], source, port, frame[42:])
    scion, path, shape = packet.scion, Path(frame[42:]), case["packet"]["path"]
    if path.kind == ONE_HOP:
        struct.pack_into("!I", scion, path.infos[0] + 4, now)
        return packet
    for number, at in enumerate(path.infos):
        info = shape["info_fields"][number]
        struct.pack_into("!I", scion, at + 4, now - info["age_seconds"])
        macs = [mac for mac in case["packet"]["macs"] if mac["info"] == number]
        first = int(info["initial_segid"], 16)
        new = {}

        def chained(value):
            for hop in subset(value ^ first, macs):
                if hop not in new:
                    make([mac for mac in macs if mac["hop"] == hop][0])
                value ^= int([m for m in macs if m["hop"] == hop][0]["full_cmac_hex"][:4], 16)
                value ^= int.from_bytes(new[hop][:2], "big")
            return value

        def make(mac):
            hop = path.hops[mac["hop"]]
            there = scion[hop + 6:hop + 12].hex() == mac["full_cmac_hex"][:12]
            kept = bytes(scion[hop + 6:hop + 12])
            new[mac["hop"]] = seal(scion, at, hop, chained(int(mac["beta"], 16)))
            if not there:
                scion[hop + 6:hop + 12] = kept

        for mac in macs:
            if mac["hop"] not in new:
                make(mac)
        struct.pack_into("!H", scion, at + 2, chained(int(info["segid_in_packet"], 16)))
    return packet


def cases():
    """The acceptance cases without BFD, from the vectors beside the project."""
    root = os.environ.get("RHUMB_VECTORS") or \
        os.path.join(setting.HERE, "..", "..", "..", "..", "shared", "vectors")
    path = os.path.join(root, "scion", "braccept.json")
    if not os.path.exists(path):
        raise setting.Missing(f"there is no {path}")
    with open(path, encoding="utf-8") as file:
        return [case for case in json.load(file)["cases"] if case["group"] == "nobfd"]


def epic(packet, now, last, age=0.0):
    """The packet with an EPIC path whose verification field for this router is good."""
    packet.name += "Epic" + ("Old" if age else "")
    path = Path(packet.scion)
    hop, info = path.hops[path.hop], path.infos[path.info]
    timestamp = struct.unpack_from("!I", packet.scion, info + 4)[0] - 60
    struct.pack_into("!I", packet.scion, info + 4, timestamp)
    sigma = seal(packet.scion, info, hop)
    if not packet.scion[info] & 1:  # from outside against construction direction: taken off there
        segid = struct.unpack_from("!H", packet.scion, info + 2)[0]
        struct.pack_into("!H", packet.scion, info + 2, segid ^ int.from_bytes(sigma[:2], "big"))
    sent = struct.pack("!II", int((now - age - timestamp) * 1e6 / 21 - 1), 0x01000001)
    length = packet.scion[9] & 3
    host = packet.scion[path.start - 4 * (length + 1):path.start]
    field = aes.cbc_mac(sigma, bytes(
        bytes([length]) + struct.pack("!I", timestamp) + sent + packet.scion[20:28] + host +
        packet.scion[6:8]))[:4]
    packet.scion[8] = EPIC
    packet.scion[5] += 4
    packet.scion[path.start:path.start] = sent + (bytes(4) + field if last else field + bytes(4))
    return packet


def one_hop_out(packet, now):
    """From a host of ours to the neighbour behind 141, over a path of one hop."""
    path = Path(packet.scion)
    packet.name = "OutgoingOneHop"
    info = struct.pack("!BBHI", 1, 0, 0x111, now)
    hop = struct.pack("!BBHH6x", 0, 63, 0, 141)
    packet.scion[8] = ONE_HOP
    packet.scion[path.start:packet.scion[5] * 4] = info + hop + bytes(HOP)
    packet.scion[5] = (path.start + INFO + 2 * HOP) // 4
    seal(packet.scion, path.start, path.start + INFO)
    return packet


def without_spi(packet):
    """braccept v0.15.0 leaves the SPI of the authenticator zero, and its router does not mind."""
    packet.name += "Zero"
    at = packet.scion[5] * 4
    packet.scion[at + 4:at + 8] = bytes(4)
    return packet


def underlay_variants(packet):
    """The same packet in other clothes."""
    def variant(name, **changes):
        twin = packet.copy()
        twin.name += name
        for key, value in changes.items():
            setattr(twin, key, value)
        return twin

    return [variant("NoUdpChecksum", udp_checksum=0), variant("Padded", padding=bytes(7)),
            variant("LastHop", ttl=1), variant("OtherPort", port=packet.port + 1),
            variant("OtherSource", source=packet.source[:-1] + "9"),
            variant("ToOtherPort", to_port=50001)]


def all_packets(now):
    """Everything that is sent as it is, by name."""
    made = {}

    def add(packet):
        made[packet.name] = packet
        return packet

    known = {case["name"]: case for case in cases()}
    for case in known.values():
        add(remade(case, int(now)))
    for age in (0.0, 60.0):
        add(epic(remade(known["ParentToChild"], int(now)), now, False, age))
        add(epic(remade(known["ParentToInternalHost"], int(now)), now, True, age))
        add(epic(remade(known["ChildToInternalHost"], int(now)), now, True, age))
    add(one_hop_out(remade(known["InternalHostToChild"], int(now)), int(now)))
    add(without_spi(remade(known["SCMPTracerouteIngressWithSPAO"], int(now))))
    for name in ("ParentToChild", "InternalHostToChild", "ParentToInternalHost"):
        for packet in underlay_variants(made[name]):
            add(packet)
    return made
