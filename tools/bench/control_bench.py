#!/usr/bin/env python3
"""What the control plane of a router with a million labels does, and what its traffic notices.

Traffic comes from a capture without end (net_pcap, infinite_rx) and goes to net_null; its rate in the
time around and during changes is compared. On two cores, the worker has one to itself; this program and
rhumbd's control thread share the other. Measured:

  check      rhumbd --check of the configuration
  start      from the start of rhumbd to the first answer on its control socket
  bulk       label rules a second, in tables of 50,000 (`apply` with `labels_csv`)
  single     label rules a second, one a request, sent without waiting for answers
  reload     of the million labels
  failover   packets lost, and time, when the next hop's port is set down: traffic goes on by its
             backup with the next burst

usage: control_bench.py BUILD [--rounds 5] [--json FILE]
"""
import argparse
import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from peers import Failed, rhumbd
from process_bench import capture

LABELS = range(16, 1000016)
IN_BULK = 50000


class Control:
    """A connection to the control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        until = time.monotonic() + 20
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > until:
                    raise Failed(f"no answer at {path}") from None
                time.sleep(0.005)
        self.answers = self.socket.makefile("rb")

    def send(self, method, **params):
        line = json.dumps({"id": 1, "method": method, "params": params}) + "\n"
        self.socket.sendall(line.encode())

    def answer(self):
        message = json.loads(self.answers.readline())
        if "error" in message:
            raise Failed(f"refused: {message['error']}")
        return message["result"]

    def ask(self, method, **params):
        self.send(method, **params)
        return self.answer()


def write_router(folder, pcap):
    with open(folder / "labels.csv", "w", encoding="ascii") as table:
        table.write("label,op,out,via\n")
        table.writelines(f"{label},continue,{label},r{label % 8}\n" for label in LABELS)
    hops = "".join(f'[nexthops.r{n}]\nport = "out"\nmac = "02:00:00:00:02:0{n}"\n'
                   'backup = { nexthop = "spare" }\n' for n in range(8))
    return f"""[node]
name = "control-bench"
static = ["16-14999", "24000-1048575"]
table = "labels.csv"
[runtime]
idle = "busy"
cores = "0,1"
socket = "{folder}/control.sock"
[ports.in]
device = "net_pcap0,rx_pcap={pcap},infinite_rx=1"
mac = "02:00:00:00:01:01"
[ports.out]
device = "net_null0,no-rx=1"
mac = "02:00:00:00:01:02"
[ports.spare]
device = "net_null1,no-rx=1"
mac = "02:00:00:00:01:03"
[nexthops.spare]
port = "spare"
mac = "02:00:00:00:03:01"
{hops}"""


class Meter:
    """The traffic's rate, sampled on a thread of its own."""

    def __init__(self, router):
        self.router = router
        self.samples = []  # (when, packets)
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ending.is_set():
            packets, when = self.router.packets(1)
            self.samples.append((when, packets))
            time.sleep(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()

    def rate(self, start, end):
        within = [sample for sample in self.samples if start <= sample[0] <= end]
        if len(within) < 2:
            return None
        (first, before), (last, after) = within[0], within[-1]
        return (after - before) / (last - first)


def under_traffic(router, action, count):
    """(actions a second, loss of traffic in per cent): `action` runs for a second and more."""
    with Meter(router) as meter:
        time.sleep(0.7)
        start = time.monotonic()
        done = 0
        busy = 0.0
        while time.monotonic() - start < 1.0:
            busy += action()
            done += count
        end = time.monotonic()
        time.sleep(0.7)
        after = time.monotonic()
    quiet = [rate for rate in (meter.rate(start - 0.7, start), meter.rate(end, after)) if rate]
    during = meter.rate(start, end)
    loss = None if during is None or not quiet else 100 * (1 - during / statistics.mean(quiet))
    return done / busy, loss


def bulk(control):
    labels = random.sample(LABELS, IN_BULK)
    table = "label,op,out,via\n" + "".join(
        f"{label},continue,{random.choice(LABELS)},r{label % 8}\n" for label in labels)
    start = time.monotonic()
    control.ask("apply", labels_csv=table)
    return time.monotonic() - start


def single(control, count):
    lines = "".join(
        json.dumps({"id": 1, "method": "apply", "params": {
            "labels_csv": f"label,op,out,via\n{random.choice(LABELS)},continue,17000,r1\n"}}) + "\n"
        for _ in range(count)).encode()
    start = time.monotonic()
    sender = threading.Thread(target=control.socket.sendall, args=(lines,))
    sender.start()
    for _ in range(count):
        control.answer()
    sender.join()
    return time.monotonic() - start


def reload(control):
    start = time.monotonic()
    control.ask("reload")
    return time.monotonic() - start


def failover(router, control):
    """(packets neither forwarded nor on their way, seconds until the answer)."""
    def rows(what):
        return control.ask("show", what=what)["rows"]

    def dropped():
        return sum(row["dropped"] for row in rows("drops"))

    before = dropped()
    start = time.monotonic()
    control.ask("port", name="out", up=False)
    took = time.monotonic() - start
    spare, _ = router.packets(2)
    time.sleep(0.1)
    after, _ = router.packets(2)
    if after <= spare:
        raise Failed("no traffic on the backup")
    lost = dropped() - before
    control.ask("port", name="out", up=True)
    return lost, took


def measure(arguments, folder):
    pcap = capture(arguments.build, folder, 64)
    config = write_router(folder, pcap)
    (folder / "check.toml").write_text(config)
    rhumbd_path = str(pathlib.Path(arguments.build) / "controlplane/rhumbd")
    results = {}
    times = []
    for _ in range(arguments.rounds):
        start = time.monotonic()
        subprocess.run([rhumbd_path, "--config", str(folder / "check.toml"), "--check"],
                       check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - start)
    results["check_seconds"] = statistics.median(times)
    start = time.monotonic()
    with rhumbd(arguments.build, "control-bench", config, folder) as router:
        control = Control(f"{folder}/control.sock")
        control.ask("show", what="version")
        results["start_seconds"] = time.monotonic() - start
        for name, action, count in (("bulk", lambda: bulk(control), IN_BULK),
                                    ("single", lambda: single(control, 20000), 20000),
                                    ("reload", lambda: reload(control), 1)):
            rates, losses = [], []
            for _ in range(arguments.rounds):
                rate, loss = under_traffic(router, action, count)
                rates.append(rate)
                if loss is not None:
                    losses.append(loss)
            results[f"{name}_a_second"] = statistics.median(rates)
            results[f"{name}_traffic_loss_percent"] = statistics.median(losses)
        failures = [failover(router, control) for _ in range(arguments.rounds)]
        results["failover_packets_lost"] = sum(lost for lost, _ in failures)
        results["failover_seconds_to_answer"] = statistics.median(t for _, t in failures)
        status = pathlib.Path(f"/proc/{router.process.pid}/status").read_text()
        results["resident_mib"] = int(status.split("VmRSS:")[1].split()[0]) / 1024
        results["traffic_mpps"] = router.rate(1, 0.5) / 1e6
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="folder of a release build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="file to write")
    arguments = parser.parse_args()
    arguments.build = str(pathlib.Path(arguments.build).resolve())
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})  # where rhumbd's control thread is, too
    try:
        with tempfile.TemporaryDirectory() as folder:
            results = measure(arguments, pathlib.Path(folder))
    except Failed as why:
        print(f"control_bench: {why}", file=sys.stderr)
        return 1
    print(f"a million labels, traffic {results['traffic_mpps']:.1f} million packets a second")
    print(f"  --check                    {results['check_seconds']:9.2f} s")
    print(f"  start to the first answer  {results['start_seconds']:9.2f} s")
    for name, what in (("bulk", "rules a second, in bulk"), ("single", "rules a second, singly"),
                       ("reload", "reloads a second")):
        print(f"  {what:26} {results[name + '_a_second']:9,.1f}   "
              f"traffic loses {results[name + '_traffic_loss_percent']:.1f} %")
    print(f"  failover                   {results['failover_packets_lost']:9} packets lost, answered "
          f"in {1000 * results['failover_seconds_to_answer']:.2f} ms")
    print(f"  resident                   {results['resident_mib']:9.0f} MiB")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
