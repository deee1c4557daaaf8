"""The router of control_bench.py: many labels, traffic without end, and a backup for all of it.

Labels are swapped to themselves and leave by next hop `a` or `b`, both behind port `east`; their backup
`n` is behind port `north`. Table `a` sends all labels to `a`, table `b` to `b`: whoever loads the
other one changes every label.
"""
import os
import pathlib
import random
import subprocess

NAME = f"control-bench-{os.getpid()}"  # others may measure, too
FIRST = 24000
FLOWS = 512  # frames of the capture; their buffers stay in the level-2 cache
HEADER = "label,op,out,via\n"


def row(label, hop):
    return f"{label},continue,{label},{hop}\n"


class Router:
    def __init__(self, build, folder, labels, pages):
        self.folder = pathlib.Path(folder)
        self.labels = range(FIRST, FIRST + labels)
        self.socket = self.folder / "control.sock"
        for hop in "ab":
            with open(self.folder / f"{hop}.csv", "w", encoding="ascii") as table:
                table.write(HEADER)
                table.writelines(row(label, hop) for label in self.labels)
        self.use("a")
        self.capture(build)
        self.file = self.folder / f"{NAME}.toml"
        self.file.write_text(self.config(pages))

    def use(self, hop):
        """What the next reload reads."""
        link = self.folder / "next.csv"
        link.symlink_to(f"{hop}.csv")
        link.replace(self.folder / "labels.csv")

    def capture(self, build):
        """Frames of 64 bytes with random labels."""
        dice = random.Random(1)
        text = "".join("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | "
                       f"mpls {dice.choice(self.labels)} ttl 64 | "
                       f"ipv4 10.0.0.1 > 10.2.0.1 | data 26\n" for _ in range(FLOWS))
        program = pathlib.Path(build) / "tools/packets/rhumb-packets"
        subprocess.run([str(program), "to-pcap", "-", str(self.folder / "in.pcap")],
                       input=text.encode(), check=True)

    def config(self, pages):
        hops = "".join(f'[nexthops.{hop}]\nport = "east"\nmac = "02:00:00:00:02:0{n}"\n'
                       'backup = { nexthop = "n", push = [16001] }\n'
                       for n, hop in enumerate("ab"))
        return f"""[node]
name = "{NAME}"
static = "{self.labels.start}-{self.labels.stop - 1}"
table = "labels.csv"
[runtime]
idle = "busy"
cores = "0,1"
hugepages = "{'on' if pages == 'huge' else 'off'}"
socket = "{self.socket}"
[ports.in]
device = "net_pcap0,rx_pcap={self.folder}/in.pcap,infinite_rx=1"
mac = "02:00:00:00:01:01"
[ports.east]
device = "net_null0,no-rx=1"
mac = "02:00:00:00:01:02"
[ports.north]
device = "net_null1,no-rx=1"
mac = "02:00:00:00:01:03"
[nexthops.n]
port = "north"
mac = "02:00:00:00:03:01"
{hops}"""
