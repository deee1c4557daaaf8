"""Packets with something wrong with them, or only odd: one of those of packets.py, changed at
random in one or two places that a border router looks at. Most get MACs that fit again, so that a
router has to look further."""
import struct

import packets

NUMBERS = (0, 121, 131, 141, 151, 171, 181, 191, 404)
AGES = (0, 0, 300, 330, 345, 3600, 86000, 90000, -5, -3600)
ISD_AS = (packets.LOCAL_AS, 0x0001_ff00_0000_0003, 0x0001_ff00_0000_0004, 0x0002_ff00_0000_0007, 0)
PROTOCOLS = (6, 17, 200, 201, 202, 203, 253, 254, 0, 255)
HOSTS = (bytes(4), b"\xe0\0\0\1", b"\xff" * 4, b"\xc0\xa8\0\x33", b"\xc0\xa8\0\x47", b"\0\2\0\0",
         b"\x80\2\0\0", b"\0\1\0\0", b"\0\x10\0\0")


def pointers(rng, scion, path, now):
    scion[path.start] = rng.randrange(256) if rng.random() < 0.3 else \
        (rng.randrange(3) << 6 | rng.randrange(len(path.hops) + 1))


def segments(rng, scion, path, now):
    meta = struct.unpack_from("!I", scion, path.start)[0]
    shift = rng.choice((0, 6, 12))
    meta = meta & ~(63 << shift) | rng.randrange(5) << shift
    struct.pack_into("!I", scion, path.start, meta)


def info_flags(rng, scion, path, now):
    scion[rng.choice(path.infos)] ^= rng.choice((1, 2, 3, 1, 2, 0x80))


def info_time(rng, scion, path, now):
    struct.pack_into("!I", scion, rng.choice(path.infos) + 4, int(now) - rng.choice(AGES))


def hop_interface(rng, scion, path, now):
    struct.pack_into("!H", scion, rng.choice(path.hops) + rng.choice((2, 4)), rng.choice(NUMBERS))


def hop_expiry(rng, scion, path, now):
    scion[rng.choice(path.hops) + 1] = rng.choice((0, 1, 63, 255))


def hop_flags(rng, scion, path, now):
    scion[rng.choice(path.hops)] ^= rng.choice((1, 2, 0x80, 4))


def isd_as(rng, scion, path, now):
    struct.pack_into("!Q", scion, rng.choice((12, 20)), rng.choice(ISD_AS))


def host(rng, scion, path, now):
    scion[28:32] = rng.choice(HOSTS)


def host_kind(rng, scion, path, now):
    # Only among those of the same length, so that the path stays where it is.
    shift = rng.choice((6, 2))
    scion[9] = scion[9] & ~(3 << shift) | rng.randrange(4) << shift


def long_host(rng, scion, path, now):
    """An IPv6 destination, some of which are none."""
    if scion[9] & 0x30:
        return
    scion[28:32] = rng.choice((bytes(10) + b"\xff\xff\xc0\xa8\0\x33", bytes(16),
                               b"\xfd" + bytes(14) + b"\1", bytes(15) + b"\1"))
    scion[9] |= 0x30
    scion[5] += 3


def protocol(rng, scion, path, now):
    scion[4] = rng.choice(PROTOCOLS)


def header_length(rng, scion, path, now):
    scion[5] = max(0, min(255, scion[5] + rng.choice((-1, 1, 2, -3, 40))))


def payload_length(rng, scion, path, now):
    struct.pack_into("!H", scion, 6, rng.choice((0, 1, 2, 65535, len(scion) & 0xffff)))


def path_kind(rng, scion, path, now):
    scion[8] = rng.randrange(6)


def cut(rng, scion, path, now):
    del scion[rng.randrange(max(4, len(scion) - 40), len(scion)):]
    if rng.random() < 0.7:
        struct.pack_into("!H", scion, 6, max(0, len(scion) - scion[5] * 4))


def upper_byte(rng, scion, path, now):
    at = scion[5] * 4
    if at < len(scion):
        at = rng.randrange(at, min(len(scion), at + 24))
        scion[at] = rng.choice((0, 1, 4, 17, 128, 129, 255))


def any_bit(rng, scion, path, now):
    scion[rng.randrange(4, max(5, min(len(scion), scion[5] * 4)))] ^= 1 << rng.randrange(8)


CHANGES = (pointers, segments, info_flags, info_flags, info_time, hop_interface, hop_interface,
           hop_expiry, hop_flags, isd_as, isd_as, host, host_kind, long_host, protocol,
           header_length, payload_length, path_kind, cut, upper_byte, upper_byte, any_bit)
ANYWHERE = (isd_as, host, host_kind, protocol, payload_length, upper_byte, cut)


def repair(packet):
    """MACs that fit, where this router looks for them."""
    scion, path = packet.scion, packets.Path(packet.scion)
    if path.kind not in (packets.SCION, packets.EPIC) or not path.good:
        return
    info, hop = path.infos[path.info], path.hops[path.hop]
    mac = packets.seal(scion, info, hop)
    if not scion[info] & 1 and packet.veth != "veth_int_host" and not path.is_peering(scion):
        segid = struct.unpack_from("!H", scion, info + 2)[0]
        struct.pack_into("!H", scion, info + 2, segid ^ int.from_bytes(mac[:2], "big"))
    if path.switches(scion):
        after = path.segment_of(path.hop + 1)
        packets.seal(scion, path.infos[after], path.hops[path.hop + 1])


def mutated(rng, packet, now):
    twin = packet.copy()
    changed = []
    for _ in range(rng.choice((1, 1, 2))):
        path = packets.Path(twin.scion) if len(twin.scion) > 48 else None
        whole = path is not None and path.good and path.kind in (packets.SCION, packets.EPIC)
        change = rng.choice(CHANGES if whole else ANYWHERE)
        if len(twin.scion) < 48:
            break
        change(rng, twin.scion, path, now)
        changed.append(change.__name__)
    if len(twin.scion) > 48 and rng.random() < 0.85:
        repair(twin)
        changed.append("repaired")
    twin.name += ":" + "+".join(changed)
    return twin


def decided(packet, authenticated):
    """Why we do not do as the reference does (docs/decisions/010), None if there is no reason."""
    scion = packet.scion
    path = packets.Path(scion) if len(scion) > 48 else None
    if path is None or not path.good:
        return None
    to_us = struct.unpack_from("!Q", scion, 12)[0] == packets.LOCAL_AS
    if to_us and scion[9] >> 4 == 0 and scion[28] >= 224:
        return "multicast or broadcast host"
    if authenticated and scion[9] & 15 not in (0, 3, 4):
        return "no key for a host of unknown kind, hence no answer"
    if path.kind == packets.ONE_HOP and scion[5] * 4 != path.hops[1] + packets.HOP:
        return "bytes behind a one-hop path: the reference shifts the header"
    if path.kind not in (packets.SCION, packets.EPIC):
        return None
    l4 = packets.upper(scion)
    traceroute = (l4 is not None and l4[0] == packets.SCMP and l4[1] + 24 <= len(scion) and
                  scion[l4[1]:l4[1] + 2] == bytes((packets.TRACEROUTE_REQUEST, 0)))
    hops = [(path.hop, path.info)]
    if path.switches(scion):
        hops.append((path.hop + 1, path.segment_of(path.hop + 1)))
    if not traceroute and any(scion[path.hops[hop]] & 3 for hop, _ in hops):
        return "alert flag without traceroute"
    hop, info = hops[-1]
    if to_us or (hop == len(path.hops) - 1 and packet.veth != "veth_int_host"):
        return None  # its egress interface is of no interest
    egress = path.hops[hop] + (4 if scion[path.infos[info]] & 1 else 2)
    return "egress interface 0" if scion[egress:egress + 2] == bytes(2) else None


def segment_ids_blank(frame):
    """An SCMP error from its common header on, as hex, without SegIDs in path and quote, and what is
    computed over them."""
    scion = bytearray.fromhex(frame)[14 + 28:]
    kind, at = packets.upper(scion)
    if kind != packets.SCMP or bytes(scion[at:at + 1]) != bytes((4,)):
        return frame
    quote = at + 8
    for start in (0, quote):
        path = packets.Path(scion[start:])
        for info in path.infos:
            scion[start + info + 2:start + info + 4] = bytes(2)
    scion[at + 2:at + 4] = bytes(2)
    return scion.hex()


def differs_in_segment_ids(packet, reference, other):
    """Errors before the MAC check, against the direction of construction: the reference's reply
    cannot get back (docs/decisions/010)."""
    if packet.veth == "veth_int_host" or len(reference) != 1 or len(other) != 1:
        return False
    path = packets.Path(packet.scion)
    if not path.good or path.kind not in (packets.SCION, packets.EPIC):
        return False
    if packet.scion[path.infos[path.info]] & 1:
        return False
    (where, expected), (place, got) = reference[0], other[0]
    return where == place and segment_ids_blank(expected) == segment_ids_blank(got)
