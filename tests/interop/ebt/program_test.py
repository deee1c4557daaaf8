#!/usr/bin/env python3
"""rhumb-overlay against npm's peers over loopback, in both roles.

    program_test.py RHUMB_OVERLAY FETCH PACKAGES VECTORS WHAT

WHAT: `wire`, a peer of npm's transport that says what it is told to, also what is wrong; `database`,
ssb-db and ssb-ebt; `application`, ssb-db2 with friends, conn and scheduler. npm's packages are fetched
into PACKAGES-…; exit status 77 where they cannot be had.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from npm_process import PATIENCE, Peer, Raw, connect, text, wait_for
from overlay_node import Node, free_ports
from program_wire import Wire

MESSAGES = 10000
LISTS = {"wire": "peer", "database": "peer", "application": "application"}
LOCKS = {"peer": "c", "application": "f"}


def latencies(ours, npm):
    """Milliseconds from `publish` to what the other side hears, both ways, and how often."""
    npm.ask("watch", "WATCHING")
    there, here = [], []
    for n in range(40):
        begin = time.time()
        ours.publish(str(n))
        live = npm.line(lambda line: line.startswith("LIVE") and line.endswith(ours.id))
        there.append(int(live.split()[2]) - begin * 1000)
    head = npm.clock()[npm.id]
    events = []
    reader = threading.Thread(target=ours.ask, args=("overlay.read", Stamped(events)),
                              kwargs={"feed": npm.id, "from": head + 1, "limit": 40, "follow": True})
    reader.start()
    time.sleep(0.2)
    for n in range(40):
        begin = time.time()
        npm.say(f"publish {n}")
        end = time.monotonic() + PATIENCE
        while len(events) <= n and time.monotonic() < end:
            time.sleep(0.0005)
        here.append((events[n] - begin) * 1000)
    reader.join()
    return there, here


class Stamped:
    """Keeps when something was added, not what."""

    def __init__(self, times):
        self.times = times

    def append(self, _):
        self.times.append(time.time())


def spread(times):
    times = sorted(times)
    return f"median {statistics.median(times):.1f} ms, 90 % {times[len(times) * 9 // 10]:.1f}, most {times[-1]:.1f}"


def counted(ours):
    row = ours.row("overlay_progress")
    return {name: row[name] for name in ("messages_received", "messages_sent", "notes_received", "notes_sent")}


def disconnect(ours, npm, we_dial):
    ours.ask("overlay.disconnect", peer=npm.id)
    wait_for("connections", lambda: ours.ask("show", what="overlay_peers")["rows"], [])


def both_ways(ours, npm, count, we_dial, name):
    """All messages there and back, live ones, and connections that find nothing to do."""
    is_application = name == "application"
    ours.ask("overlay.follow", feed=npm.id)
    npm.say(f"request {ours.id}")
    begin = time.monotonic()
    half = "\ufffd" if is_application else "\\ud800"  # ssb-db2 keeps no halves of pairs
    ours.publish_all(text(n, half) for n in range(count))
    npm.ask(f"many {count}", "MANY", 120)
    extra = 0
    if is_application:
        assert npm.ask(f"follow {ours.id}", "PUBLISHED") == ""
        ours.ask("overlay.publish", json=json.dumps({"type": "contact", "contact": npm.id, "following": True}))
        extra = 1
    published = time.monotonic()
    connect(ours, npm, we_dial)
    total = count + extra
    wait_for("their feed here", lambda: ours.row("overlay_progress")["messages_appended"] - total, total, 60)
    wait_for("our feed there", lambda: npm.clock().get(ours.id), total, 60)
    synced = time.monotonic()
    for feed in ours.id, npm.id:
        mine = ours.feed(feed)
        wait_for("its index", lambda: len(npm.ids(feed)), total)
        theirs = npm.ids(feed)
        assert [sequence for sequence, _ in mine] == list(range(1, total + 1))
        assert [key for _, key in mine] == theirs, \
            f"the ids of {feed} differ: {[(n, a[1], b) for n, (a, b) in enumerate(zip(mine, theirs)) if a[1] != b][:9]}"
    there, here = latencies(ours, npm)
    assert statistics.median(there) < 3000 and statistics.median(here) < 3000, (there, here)
    print(f"{name}, {'we dial' if we_dial else 'npm dials'}: published in {published - begin:.1f} s, "
          f"{total} both ways in {synced - published:.2f} s; live to npm: {spread(there)}; "
          f"live from npm: {spread(here)}", flush=True)
    before = counted(ours)
    assert before["messages_received"] == before["messages_sent"] == total + 40, before
    # Of nothing new there is nothing to say: at the third time, or as soon as npm has had time to
    # store its clock.
    for session in range(10):
        disconnect(ours, npm, we_dial)
        if not we_dial:
            time.sleep(0.5)  # until npm has stored its clock
        connect(ours, npm, we_dial)
        wait_for("the stream", lambda: [row["state"] for row in ours.ask("show", what="overlay_peers")["rows"]],
                 ["replicating"])
        time.sleep(0.7)
        after = counted(ours)
        for what in "messages_received", "messages_sent":
            assert after[what] == before[what], f"session {session}: sent again: {before} {after}"
        quiet = all(after[what] == before[what] for what in ("notes_received", "notes_sent"))
        if session >= 2 and quiet:
            break
        assert session < 9, f"notes of nothing new each time: {before} {after}"
        before = after
    # And it goes on from there.
    npm.say("publish after")
    wait_for("the next message", lambda: counted(ours)["messages_received"], total + 41)
    disconnect(ours, npm, we_dial)


def run(program, packages, what):
    with tempfile.TemporaryDirectory(prefix="rhumb-npm-") as name:
        for we_dial in True, False:
            folder = pathlib.Path(name) / ("dial" if we_dial else "listen")
            folder.mkdir()
            ours = Node(program, folder, "ours", free_ports(1)[0])
            ours.configure()
            ours.start()
            ours.learn_id()
            npm = None
            try:
                if what == "wire":
                    npm = Raw("npm_raw.js", packages, folder / "npm")
                    Wire(ours, npm, we_dial).run()
                    print(f"wire, {'we dial' if we_dial else 'npm dials'}: as expected", flush=True)
                else:
                    npm = Peer("npm_peer.js", packages, folder / "npm",
                               *(["application"] if what == "application" else []))
                    both_ways(ours, npm, MESSAGES, we_dial, what)
            except AssertionError as why:
                print((folder / "ours.log").read_text()[-2000:])
                print(ours.ask("show", what="overlay_peers"), str(ours.row("overlay_state"))[:2000])
                if npm is not None:
                    print((folder / "npm" / "log").read_text(errors="replace")[-2000:])
                traceback.print_exception(why)
                sys.exit(f"{what}, {'we dial' if we_dial else 'npm dials'}: failed")
            finally:
                if npm is not None:
                    npm.end()
                ours.kill()


def main():
    program, fetch, folder, vectors, what = sys.argv[1:]
    packages = pathlib.Path(f"{folder}-{LISTS[what]}")
    lock = f"{vectors}/ebt/peer/{LOCKS[LISTS[what]]}/package-lock.json"
    fetched = subprocess.run(["sh", fetch, LISTS[what], packages, lock], check=False).returncode
    if fetched:
        return fetched
    run(pathlib.Path(program).resolve(), packages.resolve(), what)
    return 0


if __name__ == "__main__":
    sys.exit(main())
