#!/usr/bin/env python3
"""A node that has lost its store and kept its key: it learns its own feed from a peer before it publishes.

    own_feed.py RHUMB_OVERLAY
"""
import pathlib
import signal
import sys
import tempfile
import time

from overlay_node import Node, Refused, free_ports


def wait_for(what, get, expected):
    end = time.monotonic() + 30
    while (got := get()) != expected:
        if time.monotonic() > end:
            sys.exit(f"{what}: {got} instead of {expected}")
        time.sleep(0.05)


def lose_store(node):
    node.end(signal.SIGKILL)
    for file in node.folder.glob(f"{node.name}.db*"):
        file.unlink()
    node.start()


def refused(node):
    try:
        node.ask("overlay.publish", json='{"type": "test"}')
    except Refused as why:
        return "learned" in str(why)
    return False


def main():
    with tempfile.TemporaryDirectory(prefix="rhumb-overlay-") as name:
        author, keeper = [Node(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(name), n, port)
                          for n, port in zip(("author", "keeper"), free_ports(2))]
        try:
            for node in author, keeper:
                node.configure()
                node.start()
                node.learn_id()
            assert author.row("overlay_progress")["own_feed"] == "known"
            keeper.ask("overlay.follow", feed=author.id)
            for n in range(50):
                author.publish(f"before {n}")
            keeper.ask("overlay.connect", address=author.address())
            wait_for("what was published", lambda: len(keeper.feed(author)), 50)
            keeper.ask("overlay.disconnect", peer=author.id)

            lose_store(author)
            assert refused(author)
            author.end(signal.SIGKILL)
            author.start()  # also after another start
            assert author.row("overlay_progress")["own_feed"] == "learning"
            keeper.ask("overlay.connect", address=author.address())
            wait_for("the own feed", lambda: author.row("overlay_progress")["own_feed"], "known")
            assert author.feed(author) == keeper.feed(author)
            author.publish("after")
            assert max(author.published) == 51
            wait_for("what follows", lambda: keeper.feed(author), author.feed(author))
            keeper.ask("overlay.disconnect", peer=author.id)

            lose_store(author)
            assert refused(author)
            author.ask("overlay.new_feed")
            assert author.ask("overlay.publish", json='{"type": "test"}')["sequence"] == 1
            author.end(signal.SIGTERM)
            author.start()
            assert author.row("overlay_progress")["own_feed"] == "known"
            print("a lost store: nothing is published before the feed is back, or given up")
        finally:
            for node in author, keeper:
                node.kill()


if __name__ == "__main__":
    main()
