#!/usr/bin/env python3
"""What the control plane of a router with a million labels does, and what its traffic notices of it.

Traffic comes from a capture without end (net_pcap, infinite_rx) and goes to net_null. Its rate during a
change is compared with the mean of half a second before and half a second after, in packets a second
of CPU time that the worker got: what else the machine does may take its core, but is no cost of the
change. The worker runs on core 1; on two cores, this program shares the other one with rhumbd's control
thread, so changes a second are what both do together.

  check         rhumbd --check of the configuration
  start         from the start of rhumbd to the first packet sent
  nothing       what rates differ by when nothing changes
  reload        `rhumbctl reload`: of the same file, and of one in which every label differs
  bulk          every label changed, 50,000 a request (`apply` with `labels_csv`); and one such table by
                `rhumbctl apply`
  one by one    each label its own request, as CSV and as TOML, sent without waiting; and waiting
  failover      of all labels, by `port` and by `nexthop` down. Until: from before the request is sent
                to the time stamp of the first packet captured on the backup's port, which is exact
                to microseconds. Lost: dropped or refused by a port meanwhile, by rhumbd's own
                counters, which are exact
  resident      memory of rhumbd at the end, without DPDK's huge pages; and those

usage: control_bench.py BUILD [--labels 1000000] [--rounds 5] [--pages huge|ordinary] [--json FILE]
"""
import argparse
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

import report
from control_client import Control, request
from control_router import HEADER, NAME, Router, row
from peers import Failed, rhumbd

IN_BULK = 50000
EAST, NORTH = 1, 2  # ports as DPDK numbers them


def timed(action):
    start = time.monotonic()
    action()
    return time.monotonic() - start


class Bench:
    def __init__(self, arguments, folder):
        self.build = pathlib.Path(arguments.build)
        self.rounds = arguments.rounds
        self.window = arguments.window
        self.router = Router(arguments.build, folder, arguments.labels, arguments.pages)
        self.folder = pathlib.Path(folder)
        self.rows = []
        self.program = None
        self.control = None

    def add(self, what, unit, values, traffic=None):
        """A row of the result; `traffic`: (before, during) of each round."""
        made = {"what": what, "unit": unit, "median": statistics.median(values),
                "least": min(values), "most": max(values), "values": values}
        median, least, most = (f"{made[key]:,.{2 if made['most'] < 1000 else 0}f}"
                               for key in ("median", "least", "most"))
        text = f"{what:32}{median:>11} {unit:<9}{least:>11} - {most:<11}"
        if traffic:
            costs = [100 * (1 - during / around) for around, during in traffic]
            made["traffic_mpps"] = [round(statistics.median(rates) / 1e6, 2)
                                    for rates in zip(*traffic)]
            made["traffic_cost_percent"] = round(statistics.median(costs), 2)
            made["traffic_cost_spread"] = [round(min(costs), 2), round(max(costs), 2)]
            text += ("{:7.2f}{:7.2f}".format(*made["traffic_mpps"]) +
                     f"{made['traffic_cost_percent']:>7.1f} % ({min(costs):.1f} - {max(costs):.1f})")
        self.rows.append(made)
        print(text.rstrip(), flush=True)

    def beside_traffic(self, action):
        """(seconds that it takes, (traffic around it, traffic during it))."""
        before = self.program.rate([EAST], self.window)
        during, seconds = self.program.rate_during([EAST], lambda: timed(action))
        after = self.program.rate([EAST], self.window)
        return seconds, ((before + after) / 2, during)

    def changes(self, what, count, actions):
        """`actions`: one for each round, `count` labels each."""
        measured = [self.beside_traffic(action) for action in actions]
        self.add(what, "labels/s", [count / seconds for seconds, _ in measured],
                 [traffic for _, traffic in measured])

    def rhumbctl(self, *words):
        subprocess.run([str(self.build / "tools/rhumbctl/rhumbctl"), "-s", str(self.router.socket),
                        "--timeout", "0", *words], check=True, stdout=subprocess.DEVNULL)

    # What is measured, in turn.

    def check(self):
        command = [str(self.build / "controlplane/rhumbd"), "--check", "--config",
                   str(self.router.file)]
        self.add("check", "s", [timed(lambda: subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL)) for _ in range(self.rounds)])

    def start(self):
        config = self.router.file.read_text()
        seconds = []
        for n in range(self.rounds):
            self.program = rhumbd(self.build, NAME, config, self.folder, every=0.005)
            self.program.wait_for_packets([EAST])
            seconds.append(time.monotonic() - self.program.started)
            if n + 1 != self.rounds:
                self.program.end()
        self.add("start to forwarding", "s", seconds)
        self.control = Control(self.router.socket)

    def nothing(self):
        """What the comparison of rates says of traffic that nobody disturbs."""
        measured = [self.beside_traffic(lambda: time.sleep(2 * self.window))
                    for _ in range(self.rounds)]
        self.add("nothing", "s", [seconds for seconds, _ in measured],
                 [traffic for _, traffic in measured])

    def reload(self):
        for what, hops in (("reload, nothing changed", "aaaa"),
                           ("reload, every label changed", "baba")):
            def reloads(hops=hops):
                for hop in hops:
                    self.router.use(hop)
                    self.rhumbctl("reload")

            measured = [self.beside_traffic(reloads) for _ in range(self.rounds)]
            self.add(what, "s", [seconds / len(hops) for seconds, _ in measured],
                     [traffic for _, traffic in measured])

    def bulk(self):
        labels = list(self.router.labels)
        tables = [labels[n:n + IN_BULK] for n in range(0, len(labels), IN_BULK)]
        lines = {hop: b"".join(request("apply", labels_csv=HEADER + "".join(
            row(label, hop) for label in table)) for table in tables) for hop in "ab"}
        self.changes("in bulk", len(labels), [
            lambda hop=hop: self.control.pipeline(lines[hop], len(tables))
            for hop in ("ba" * self.rounds)[:self.rounds]])
        for hop in "ab":
            (self.folder / f"some-{hop}.csv").write_text(
                HEADER + "".join(row(label, hop) for label in tables[0]))
        self.changes("in bulk, one table by rhumbctl", len(tables[0]), [
            lambda hop=hop: self.rhumbctl("apply", str(self.folder / f"some-{hop}.csv"))
            for hop in ("ba" * self.rounds)[:self.rounds]])

    def one_by_one(self):
        def as_csv(label, hop):
            return request("apply", labels_csv=HEADER + row(label, hop))

        def as_toml(label, hop):
            return request("apply", toml=f'[[labels]]\nlabel = {label}\nop = "continue"\n'
                                         f'out = {label}\nvia = "{hop}"\n')

        dice = random.Random(2)
        for what, make, most in (("one by one, CSV", as_csv, 200000),
                                 ("one by one, TOML", as_toml, 50000)):
            labels = dice.sample(self.router.labels, min(most, len(self.router.labels)))
            lines = {hop: b"".join(make(label, hop) for label in labels) for hop in "ab"}
            self.changes(what, len(labels), [
                lambda hop=hop: self.control.pipeline(lines[hop], len(labels))
                for hop in ("ba" * self.rounds)[:self.rounds]])
        # The kernel counts CPU time in steps of some milliseconds: enough of them.
        singles = [as_csv(label, "b") for label in
                   dice.sample(self.router.labels, min(20000, len(self.router.labels)))]

        def waiting():
            for line in singles:
                self.control.send(line)
                self.control.message()

        self.changes("one by one, each answer awaited", len(singles), [waiting] * self.rounds)

    def lost(self):
        drops = self.control.ask("show", what="drops")["rows"]
        ports = self.control.ask("show", what="ports")["rows"]
        return (sum(entry["dropped"] for entry in drops) +
                sum(port["tx_errors"] + port["rx_missed"] + port["rx_errors"] for port in ports))

    def failover(self, what, name):
        self.router.use("a")
        self.control.ask("reload")
        until, answered, lost = [], [], []
        for _ in range(2 * self.rounds):
            watching = Control(self.router.socket)
            watching.send(request("capture", port="north"))
            time.sleep(0.1)
            before = self.lost()
            line = request(what, name=name, up=False)
            asked = time.time_ns()
            self.control.send(line)
            self.control.message()
            answered.append((time.time_ns() - asked) / 1e3)
            # What an earlier capture left behind may come first.
            first = 0
            while first < asked:
                first = watching.message()["event"]["nanoseconds"]
            until.append((first - asked) / 1e3)
            time.sleep(0.05)
            lost.append(self.lost() - before)
            watching.socket.close()
            self.control.ask(what, name=name, up=True)
        self.add(f"failover by {what}: until", "us", until)
        self.add(f"failover by {what}: answer", "us", answered)
        self.add(f"failover by {what}: lost", "packets", lost)

    def memory(self):
        status = pathlib.Path(f"/proc/{self.program.process.pid}/status").read_text()
        for what, field in (("resident", "VmRSS"), ("huge pages of DPDK", "HugetlbPages")):
            found = re.search(rf"{field}:\s*(\d+) kB", status)
            self.add(what, "MiB", [int(found.group(1)) / 1024 if found else 0])

    def run(self):
        print(f"{'':32}{'median':>11} {'':9}{'least':>11} - {'most':11}"
              f"{'around':>7}{'during':>7}{'cost':>7}   (traffic, million packets/s)", flush=True)
        self.check()
        try:
            self.start()
            self.nothing()
            self.reload()
            self.bulk()
            self.one_by_one()
            self.failover("port", "east")
            self.failover("nexthop", "a")
            self.memory()
        finally:
            if self.program:
                self.program.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="folder of a release build")
    parser.add_argument("--labels", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", type=float, default=0.5,
                        help="seconds of traffic before and after a change to compare with")
    parser.add_argument("--pages", choices=("huge", "ordinary"), default="ordinary")
    parser.add_argument("--json", help="file to write")
    arguments = parser.parse_args()
    arguments.build = str(pathlib.Path(arguments.build).resolve())
    # DPDK pins rhumbd's threads; what is measured with keeps off the worker's core.
    others = os.sched_getaffinity(0) - {1}
    if others:
        os.sched_setaffinity(0, others)
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(arguments, folder)
            bench.run()
    except (Failed, OSError, subprocess.CalledProcessError) as why:
        print(f"control_bench: {why}", file=sys.stderr)
        return 1
    if arguments.json:
        report.write(arguments.json, arguments.pages, "control", bench.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
