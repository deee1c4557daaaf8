"""AES-128, its CMAC (RFC 4493) and CBC-MAC, and the keys and MACs of SCION hop fields made from
them (draft-dekater-scion-dataplane). For tests: slow, and to be used for nothing else."""
import hashlib
import struct


def doubled(byte):
    return (byte << 1 ^ 0x1b) & 0xff if byte & 0x80 else byte << 1


def s_box():
    """FIPS 197, 5.1.1: the inverse in GF(2^8), then an affine map. 3 generates the field."""
    powers = [1]
    for _ in range(254):
        powers.append(doubled(powers[-1]) ^ powers[-1])
    box = [0x63] * 256
    for exponent, value in enumerate(powers):
        inverse = powers[-exponent % 255]
        for turn in range(5):
            box[value] ^= (inverse << turn | inverse >> 8 - turn) & 0xff
    return box


BOX = s_box()


def expanded(key):
    words = [list(key[at:at + 4]) for at in range(0, 16, 4)]
    constant = 1
    for number in range(4, 44):
        word = words[-1]
        if number % 4 == 0:
            word = [BOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = doubled(constant)
        words.append([a ^ b for a, b in zip(words[-4], word)])
    return [sum(words[at:at + 4], []) for at in range(0, 44, 4)]


def encrypted(key, block):
    keys = expanded(key)
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number in range(1, 11):
        # Column by column: byte r of a column comes from r columns on.
        state = [BOX[state[(at + 5 * r) % 16]] for at in range(0, 16, 4) for r in range(4)]
        if number < 10:
            mixed = []
            for at in range(0, 16, 4):
                column = state[at:at + 4]
                every = column[0] ^ column[1] ^ column[2] ^ column[3]
                mixed += [column[r] ^ every ^ doubled(column[r] ^ column[(r + 1) % 4])
                          for r in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, keys[number])]
    return bytes(state)


def xored(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


def cbc_mac(key, data):
    """Over data filled up with zeros."""
    mac = bytes(16)
    data += bytes(-len(data) % 16)
    for at in range(0, len(data), 16):
        mac = encrypted(key, xored(mac, data[at:at + 16]))
    return mac


def cmac(key, data):
    def twice(block):
        value = int.from_bytes(block, "big") << 1
        return (value & (1 << 128) - 1 ^ (0x87 if value >> 128 else 0)).to_bytes(16, "big")

    subkey = twice(encrypted(key, bytes(16)))
    last = (len(data) - 1) // 16 * 16 if data else 0
    rest = data[last:]
    if len(rest) < 16:
        subkey = twice(subkey)
        rest += b"\x80" + bytes(15 - len(rest))
    return cbc_mac(key, data[:last] + xored(rest, subkey))


def hop_key(master):
    return hashlib.pbkdf2_hmac("sha256", master, b"Derive OF Key", 1000, 16)


def hop_mac(key, segid, timestamp, hop):
    """All 16 bytes of the MAC of a hop field, which is given as its 12 bytes."""
    return cmac(key, struct.pack("!HHIBB4sH", 0, segid, timestamp, 0, hop[1], hop[2:6], 0))


def self_test():
    """FIPS 197 appendix B, RFC 4493 section 4."""
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    text = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                         "30c81c46a35ce411")
    return (encrypted(key, bytes.fromhex("3243f6a8885a308d313198a2e0370734")).hex() ==
            "3925841d02dc09fbdc118597196a0b32" and
            cmac(key, b"").hex() == "bb1d6929e95937287fa37d129b756746" and
            cmac(key, text[:16]).hex() == "070a16b46b4d4144f79bdd9dd04a287c" and
            cmac(key, text).hex() == "dfa66747de9ae63030ca32611497c827")
