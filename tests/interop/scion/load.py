#!/usr/bin/env python3
"""The load of the reference's own benchmark, brload, on rhumbd and on the reference SCION border
router, over the same veths, in turns: packets a second, processor time, and packets a second of it.

    load.py REFERENCE RHUMBD [--cases in,out] [--drivers af_packet,pcap,af_xdp] [--rounds N]
            [--seconds S] [--hogs N] [--size BYTES] [--huge] [--json FILE]

Packets are counted behind the router, where they come out. Processor time is that of all threads of
the router, as the kernel accounts it, so that other programs on the machine count little. rhumbd polls
without end, and one core of brload cannot give it enough to do: so the routers share their core with
--hogs endless loops, and neither can take all that comes. What the kernel does
to bring packets to a router is the sender's time, in both. brload has the first core, the router the
others; rhumbd's control thread, which sleeps, the first as well. Exit status 77: skipped.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import setting
from setting import Missing, Namespace, die_with_parent

CASES = ("br_transit", "in", "out", "in_transit", "out_transit")
# brload's label, the router's address, the neighbour's.
LINKS = (("1_0", "10.123.10.1", "10.123.10.2"), ("1_2", "10.123.2.1", "10.123.2.2"),
         ("1_3", "10.123.3.1", "10.123.3.3"))
# Slots for what comes while the router does not have its core.
DRIVERS = dict(setting.DRIVERS, af_xdp="net_af_xdp{number},iface={name}",
               af_packet="net_af_packet{number},iface={name},framecnt=16384,blocksz=65536,"
                         "framesz=2048")
TOPOLOGY = {
    "attributes": ["core"], "isd_as": "1-ff00:0:1", "mtu": 1400, "dispatched_ports": "1024-65535",
    "border_routers": {
        "br1a": {"internal_addr": "10.123.10.1:30042", "interfaces": {
            str(n): {"underlay": {"local": f"10.123.{n}.1:50000", "remote": f"10.123.{n}.{n}:50000"},
                     "isd_as": f"1-ff00:0:{n}", "link_to": "child", "mtu": 1280} for n in (2, 3)}},
        "br1b": {"internal_addr": "10.123.10.2:30042", "interfaces": {
            "4": {"underlay": {"local": "10.123.4.1:50000", "remote": "10.123.4.4:50000"},
                  "isd_as": "2-ff00:0:4", "link_to": "core", "mtu": 1280}}}}}


def mac(address):
    return "f0:0d:0a:7b:" + ":".join(f"{int(part):02x}" for part in address.split(".")[2:])


class Place:
    """Namespaces on both sides of a router that runs; `driver` is None for the reference."""

    def __init__(self, given, reference, driver):
        self.given, self.reference, self.driver = given, reference, driver
        self.folder = self.router = self.load = None
        self.namespaces = []

    def __enter__(self):
        try:
            self.folder = tempfile.mkdtemp(prefix="rhumb-load-")
            setting.write_files(self.folder, False, False, "pcap")
            self.write("conf/topology.json", json.dumps(TOPOLOGY))
            self.write("conf/router.toml", '[general]\nid = "br1a"\n'
                       f'config_dir = "{self.folder}/conf"\n'
                       '[router.bfd]\ndisable = true\n[log.console]\nlevel = "error"\n')
            self.write("rhumb.toml", self.rhumb_toml())
            self.namespaces = [Namespace(), Namespace()]
            self.outside, self.inside = self.namespaces
            for label, address, _ in LINKS:
                self.lay("veth_" + label, address)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in (self.load, self.router):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        for namespace in self.namespaces:
            namespace.end()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, path, text):
        with open(os.path.join(self.folder, path), "w", encoding="utf-8") as file:
            file.write(text)

    def rhumb_toml(self):
        text = (f'[node]\nname = "load-{os.getpid()}"\n[runtime]\nsocket = "rhumb.sock"\n'
                f'idle = "busy"\ncores = "0@0,1@1"\n'
                f'hugepages = "{"on" if self.given.huge else "off"}"\n'
                '[scion]\nrouter = "conf/router.toml"\n')
        for number, (label, address, _) in enumerate(LINKS):
            device = DRIVERS[self.driver or "pcap"].format(number=number, name="veth_" + label)
            text += (f'[ports.p{label}]\ndevice = "{device}"\nmac = "{mac(address)}"\n'
                     f'addresses = ["{address}/24"]\n')
        return text

    def lay(self, name, address):
        self.outside.run("ip", "link", "add", name + "_host", "type", "veth", "peer", "name", name,
                         "netns", str(self.inside.holder.pid))
        # brload asks for the router by ARP, with this address, and answers itself.
        self.outside.run("ip", "link", "set", name + "_host", "arp", "off", "up")
        self.outside.run("ip", "address", "add", address.replace("10.123.", "169.254.") + "/32",
                         "dev", name + "_host", "scope", "link")
        self.inside.whole_checksums(name)
        self.inside.run("ip", "link", "set", name, "address", mac(address), "up")
        if self.driver is None:
            self.inside.run("ip", "address", "add", address + "/24", "dev", name)

    def start(self):
        words = [self.given.rhumbd, "--config", "rhumb.toml"]
        if self.driver is None:
            others = f"1-{os.cpu_count() - 1}"
            words = ["taskset", "--cpu-list", others, os.path.join(self.reference, "router"),
                     "--config", "conf/router.toml"]
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
            self.router = subprocess.Popen(self.inside.words() + words, cwd=self.folder, stdout=log,
                                           stdin=subprocess.DEVNULL, stderr=log,
                                           preexec_fn=die_with_parent)
        until = time.monotonic() + 30
        while not self.is_ready():
            if self.router.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the router did not start:\n" + self.log())
            time.sleep(0.05)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def is_ready(self):
        if self.driver is not None:
            return "forwarding" in self.log()
        with open(f"/proc/{self.inside.holder.pid}/net/udp", encoding="ascii") as file:
            return file.read().count(f":{50000:04X} ") >= 4  # of two sockets, both ends

    def came_out(self):
        with open(f"/proc/{self.outside.holder.pid}/net/dev", encoding="ascii") as file:
            return sum(int(line.split(":")[1].split()[1]) for line in file if "veth" in line)

    def seconds(self):
        """Processor time of all the router's threads."""
        total = 0
        for thread in os.listdir(f"/proc/{self.router.pid}/task"):
            try:
                with open(f"/proc/{self.router.pid}/task/{thread}/schedstat", encoding="ascii") as \
                        file:
                    total += int(file.read().split()[0])
            except (FileNotFoundError, ProcessLookupError):  # it ends as it is looked at
                pass
        return total / 1e9

    def measure(self, case):
        """Packets a second, and processors in use."""
        words = ["taskset", "--cpu-list", "0", os.path.join(self.reference, "brload"), "run",
                 "--artifacts", self.folder, "--case", case, "--num-streams", "840",
                 "--packet-size", str(self.given.size), "--duration", "300s"]
        for label, _, neighbour in LINKS:
            words += ["--interface", f"{label}=veth_{label}_host,{mac(neighbour)}"]
        with open(os.path.join(self.folder, "brload"), "w+", encoding="utf-8") as said:
            self.load = subprocess.Popen(self.outside.words() + words, stdin=subprocess.DEVNULL,
                                         stdout=said, stderr=said, preexec_fn=die_with_parent)
            before, until = self.came_out(), time.monotonic() + 60
            while self.came_out() < before + 10000:
                if self.load.poll() is not None or time.monotonic() > until:
                    said.seek(0)
                    raise RuntimeError(f"{case}: no packets come out:\n{said.read()}\n{self.log()}")
                time.sleep(0.05)
        hogs = [subprocess.Popen(["taskset", "--cpu-list", f"1-{os.cpu_count() - 1}", "sh", "-c",
                                  "while :; do :; done"], preexec_fn=die_with_parent)
                for _ in range(self.given.hogs)]
        time.sleep(0.5)
        start, packets, used = time.monotonic(), self.came_out(), self.seconds()
        time.sleep(self.given.seconds)
        packets, used = self.came_out() - packets, self.seconds() - used
        passed = time.monotonic() - start
        for process in [*hogs, self.load]:
            process.kill()
            process.wait()
        return packets / passed, used / passed


def measured(given, reference):
    """A row for each case and driver: the medians of all rounds."""
    rates = {}
    for _ in range(given.rounds):
        for case in given.cases:
            for driver in given.drivers:
                for who in (driver, None):
                    with Place(given, reference, who) as place:
                        rates.setdefault((case, driver, who is None), []).append(
                            place.measure(case))
    rows = []
    for case in given.cases:
        for driver in given.drivers:
            row = {"case": case, "driver": driver}
            for who, turns in (("rhumbd", rates[case, driver, False]),
                               ("reference", rates[case, driver, True])):
                row[who] = {
                    "packets_a_second": statistics.median(rate for rate, _ in turns),
                    "cores": statistics.median(used for _, used in turns),
                    "packets_a_core_second": statistics.median(rate / used
                                                               for rate, used in turns)}
            row["ratios"] = [a[0] / a[1] / (b[0] / b[1]) for a, b in zip(
                rates[case, driver, False], rates[case, driver, True])]
            rows.append(row)
    return rows


def table(rows):
    print("thousand packets a second, cores, thousand a second and core; rhumbd / reference")
    for row in rows:
        text = f"{row['case']:12}{row['driver']:10}"
        for who in ("rhumbd", "reference"):
            got = row[who]
            text += (f"{got['packets_a_second'] / 1e3:8.0f}{got['cores']:6.2f}"
                     f"{got['packets_a_core_second'] / 1e3:8.0f}   ")
        print(f"{text}{statistics.median(row['ratios']):6.2f} ({min(row['ratios']):.2f} to "
              f"{max(row['ratios']):.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("rhumbd", type=os.path.abspath)
    parser.add_argument("--cases", type=lambda text: text.split(","), default=CASES)
    parser.add_argument("--drivers", type=lambda text: text.split(","), default=["af_packet"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--hogs", type=int, default=1)
    parser.add_argument("--size", type=int, default=172)
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("--json", type=os.path.abspath)
    given = parser.parse_args()
    try:
        if os.cpu_count() < 2 or len(os.sched_getaffinity(0)) < 2:
            raise Missing("one core: the load and the router want two")
        if shutil.which("taskset") is None:
            raise Missing("there is no taskset here")
        reference = setting.reference(given.reference)
        setting.own_namespace()
        setting.limit(3000)
        rows = measured(given, reference)
    except Missing as missing:
        print(f"{missing}: skipped")
        return setting.SKIPPED
    table(rows)
    if given.json is not None:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump({"scion_peers": rows, "bytes": given.size}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
