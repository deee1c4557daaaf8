"""A node of the overlay as a child process, for tests: its files, and requests over its socket."""
import concurrent.futures
import json
import os
import socket
import subprocess
import sys
import time


# A loopback address of this process's own: nobody else takes a port there that is free.
HOST = f"127.{64 + (os.getpid() >> 16) % 64}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind((HOST, 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Gone(Exception):
    """The node was killed, or does not answer."""


class Refused(Exception):
    """The node says no, and why."""


class Node:
    def __init__(self, program, folder, name, port):
        self.program, self.folder, self.name, self.port = program, folder, name, port
        self.id = None
        self.process = None
        self.published = {}  # sequence -> message id, as answered
        self.socket = folder / f"{name}.sock"

    def configure(self, peers=(), network=None):
        lines = ["[node]", f'name = "{self.name}"', "[runtime]", f'socket = "{self.socket}"',
                 "[overlay]", f'key = "{self.name}.key"', f'store = "{self.name}.db"',
                 f'listen = ["{HOST}:{self.port}"]',
                 'admit = "anyone"', "switch_timeout = 300",
                 f"peers = {json.dumps([p.address() for p in peers])}"]
        if network is not None:
            lines.append(f'network = "{network}"')
        (self.folder / f"{self.name}.toml").write_text("\n".join(lines) + "\n")

    def address(self):
        return f"net:{HOST}:{self.port}~shs:{self.id[1:-len('.ed25519')]}"

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

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

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
                        raise Refused(f"{self.name}: {method}: {answer['error']['message']}")
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

    def publish_all(self, contents):
        """JSON texts, many at a time: each of them waits for the disk."""
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            for _ in pool.map(lambda text: self.ask("overlay.publish", json=text), contents):
                pass

    def row(self, what):
        return self.ask("show", what=what)["rows"][0]

    def feed(self, of):
        """Sequences and ids of a feed's messages; `of` is an id, or has one."""
        events = []
        self.ask("overlay.read", events, feed=getattr(of, "id", of))
        return [(e["value"]["sequence"], e["key"]) for e in events]


