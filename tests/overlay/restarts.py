#!/usr/bin/env python3
"""Nodes of the overlay on loopback, killed and started again at random while they publish.

    restarts.py RHUMB_OVERLAY [--nodes N] [--seconds S] [--seed N]

Each node follows all others and dials two of them. In the end all run, and every node must have of
every feed exactly what its author has, with each message that `publish` was answered for, once.
"""
import argparse
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

from overlay_node import Node, free_ports

NETWORK = "cmh1bWIgdGVzdHM6IHJlc3RhcnRzIG9uIGxvb3BiYWM="


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
                node.configure([], network=NETWORK)
                node.start()
                node.learn_id()
                node.end(signal.SIGTERM)
            for i, node in enumerate(nodes):
                node.configure([nodes[(i + 1) % len(nodes)], nodes[(i + 2) % len(nodes)]], network=NETWORK)
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
                node.kill()


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
