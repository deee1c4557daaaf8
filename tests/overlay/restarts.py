#!/usr/bin/env python3
"""Nodes of the overlay on loopback, killed and started again at random while they publish.

    restarts.py RHUMB_OVERLAY [--nodes N] [--seconds S] [--seed N]

Each node follows all others and dials two of them. In the end all run, and every node must have of
every feed exactly what its author has, with each message that `publish` was answered for, once.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

NETWORK = "cmh1bWIgdGVzdHM6IHJlc3RhcnRzIG9uIGxvb3BiYWM="


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Gone(Exception):
    """The node was killed, or does not answer."""


class Node:
    def __init__(self, program, folder, name, port):
        self.program, self.folder, self.name, self.port = program, folder, name, port
        self.id = None
        self.process = None
        self.published = {}  # sequence -> message id, as answered
        self.socket = folder / f"{name}.sock"

    def configure(self, peers):
        lines = ["[node]", f'name = "{self.name}"', "[runtime]", f'socket = "{self.socket}"',
                 "[overlay]", f'key = "{self.name}.key"', f'store = "{self.name}.db"',
                 f'network = "{NETWORK}"', f'listen = ["127.0.0.1:{self.port}"]',
                 'admit = "anyone"', "switch_timeout = 300",
                 f"peers = {json.dumps([p.address() for p in peers])}"]
        (self.folder / f"{self.name}.toml").write_text("\n".join(lines) + "\n")

    def address(self):
        return f"net:127.0.0.1:{self.port}~shs:{self.id[1:-len('.ed25519')]}"

    def start(self):
        log = open(self.folder / f"{self.name}.log", "ab")
        self.process = subprocess.Popen([self.program, "--config", self.folder / f"{self.name}.toml"],
                                        stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 30
        while True:
            try:
                return self.ask("show", what="overlay_progress")
            except Gone:
                if self.process.poll() is not None or time.monotonic() > end:
                    sys.exit(f"{self.name} does not start:\n" +
                             (self.folder / f"{self.name}.log").read_text())
                time.sleep(0.02)

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait(30)

    def ask(self, method, events=None, **params):
        try:
            with socket.socket(socket.AF_UNIX) as to:
                to.settimeout(20)
                to.connect(str(self.socket))
                to.sendall(json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n")
                for line in to.makefile("r", encoding="utf-8"):
                    answer = json.loads(line)
                    if "event" in answer:
                        events.append(answer["event"])
                    elif "error" in answer:
                        sys.exit(f"{self.name}: {method}: {answer['error']['message']}")
                    else:
                        return answer["result"]
        except OSError as why:
            raise Gone(str(why)) from why
        raise Gone("no answer")

    def learn_id(self):
        text = (self.folder / f"{self.name}.log").read_text()
        self.id = text.split("this node is ")[1].split()[0]

    def publish(self, text):
        done = self.ask("overlay.publish", json=json.dumps({"type": "test", "text": text}))
        if done["sequence"] in self.published:
            sys.exit(f"{self.name}: sequence {done['sequence']} was published twice")
        self.published[done["sequence"]] = done["id"]

    def feed(self, of):
        events = []
        self.ask("overlay.read", events, feed=of.id)
        return [(e["value"]["sequence"], e["key"]) for e in events]


def check(nodes):
    """What is missing; None where everything is everywhere."""
    for author in nodes:
        own = author.feed(author)
        if [sequence for sequence, _ in own] != list(range(1, len(own) + 1)):
            sys.exit(f"{author.name}: its own feed has holes or repeats: {own}")
        for sequence, message in author.published.items():
            if sequence > len(own) or own[sequence - 1][1] != message:
                sys.exit(f"{author.name}: message {sequence} was acknowledged and is lost")
        for node in nodes:
            copy = node.feed(author)
            if copy != own[:len(copy)]:
                sys.exit(f"{node.name} has something else of {author.name} than {author.name}")
            if len(copy) < len(own):
                return f"{node.name} has {len(copy)} of {len(own)} messages of {author.name}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    dice = random.Random(given.seed)
    kills = 0
    with tempfile.TemporaryDirectory(prefix="rhumb-overlay-") as name:
        folder = pathlib.Path(name)
        nodes = [Node(given.program.resolve(), folder, f"n{i}", port)
                 for i, port in enumerate(free_ports(given.nodes))]
        try:
            for node in nodes:  # the first start makes the keys
                node.configure([])
                node.start()
                node.learn_id()
                node.end(signal.SIGTERM)
            for i, node in enumerate(nodes):
                node.configure([nodes[(i + 1) % len(nodes)], nodes[(i + 2) % len(nodes)]])
                node.start()
                for other in nodes:
                    if other is not node:
                        node.ask("overlay.follow", feed=other.id)
            end = time.monotonic() + given.seconds
            while time.monotonic() < end:
                for _ in range(dice.randrange(1, 30)):
                    dice.choice(nodes).publish("x" * dice.randrange(1, 2000))
                victim = dice.choice(nodes)
                victim.process.send_signal(signal.SIGKILL)
                victim.process.wait()
                kills += 1
                alive = [n for n in nodes if n is not victim]
                for _ in range(dice.randrange(0, 10)):
                    dice.choice(alive).publish("while one is away")
                victim.start()
            end = time.monotonic() + 60
            while (missing := check(nodes)) is not None:
                if time.monotonic() > end:
                    sys.exit(missing)
                time.sleep(0.1)
            messages = sum(len(n.published) for n in nodes)
            print(f"{kills} kills, {messages} messages by {len(nodes)} nodes: all of them everywhere, once")
        finally:
            for node in nodes:
                if node.process is not None and node.process.poll() is None:
                    node.process.kill()
                    node.process.wait()


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
