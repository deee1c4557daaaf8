"""npm's peers as child processes, and what the tests of rhumb-overlay against them share."""
import json
import pathlib
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "overlay"))
from overlay_node import HOST, free_ports  # noqa: E402

PATIENCE = 20  # seconds


def fail(why):
    raise AssertionError(why)


def wait_for(what, get, expected, patience=PATIENCE):
    end = time.monotonic() + patience
    while True:
        got = get()
        if got == expected:
            return
        if time.monotonic() > end:
            fail(f"{what}: {got} instead of {expected}")
        time.sleep(0.02)


class NodeJs:
    """A peer of npm's: lines go in, lines come out."""

    def __init__(self, script, packages, folder, *arguments):
        self.port = free_ports(1)[0]
        folder.mkdir(exist_ok=True)
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            ["node", HERE / script, packages, folder, HOST, str(self.port), *arguments], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.lines = []
        self.past = []
        self.came = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        self.id = json.loads(self.line(lambda line: line.startswith('{"id"')))["id"]

    def read(self):
        for line in self.process.stdout:
            with self.came:
                self.lines.append(line.rstrip("\n"))
                self.came.notify()

    def line(self, wanted, patience=PATIENCE):
        """The first line that is wanted; it and those before it are gone then."""
        end = time.monotonic() + patience
        with self.came:
            while True:
                for n, line in enumerate(self.lines):
                    if wanted(line):
                        self.past += self.lines[:n + 1]
                        del self.lines[:n + 1]
                        return line
                if not self.came.wait(end - time.monotonic()):
                    fail(f"the npm peer did not say what was expected, but {self.lines}, after {self.past}")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def address(self):
        return f"net:{HOST}:{self.port}~shs:{self.id[1:-len('.ed25519')]}"

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Peer(NodeJs):
    """With a database."""

    def ask(self, command, answer, patience=PATIENCE):
        self.say(command)
        return self.line(lambda line: line.startswith(answer), patience)[len(answer):].strip()

    def clock(self):
        return json.loads(self.ask("clock", "CLOCK"))

    def ids(self, of):
        return json.loads(self.ask(f"ids {of}", "IDS"))


class Raw(NodeJs):
    """Without one."""

    def do(self, command, **parameters):
        self.say(json.dumps({"do": command, **parameters}))

    def get(self, *expected):
        """The next lines must be these."""
        for one in expected:
            got = json.loads(self.line(lambda line: True))
            if got != one:
                fail(f"the wire: {got} instead of {one}")

    def nothing(self, seconds=0.3):
        time.sleep(seconds)
        with self.came:
            if self.lines:
                fail(f"the wire: {self.lines} instead of nothing")


def text(n, half="\\ud800"):
    """Contents of odd texts and numbers, as npm_peer.js has them."""
    words = ["plain", "h\u00e9llo \U0001f600 \u2028", f"lone {half} half", "\u0000\b\u007f\"\\", "\u3042" * (n % 50)]
    return ('{"type":"post","text":%s,"n":[%d,-0,1e21,1E-7,5e-324,%s,-1.5e300,0.1e1],'
            '"b":{"10":1,"b":2,"2":[],"01":{},"4294967295":null,"%s":true}}'
            % (json.dumps(words[n % 5]).replace("\\\\ud", "\\ud"), n, repr(0.1 * n), half))


def connect(ours, npm, we_dial):
    if we_dial:
        ours.ask("overlay.connect", address=npm.address())
    elif isinstance(npm, Peer):
        said = npm.ask(f"connect {ours.address()}", "CONNECTED")
        assert said == "", said
    else:
        npm.do("connect", to=ours.address())
        npm.get({"connected": None})
