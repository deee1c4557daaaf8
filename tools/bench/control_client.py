"""A client of the control socket that measures: requests are made before the clock starts."""
import json
import select
import socket
import time

from peers import PATIENCE, Failed


def request(method, **params):
    """One line of docs/control-socket.md."""
    return json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n"


class Control:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.rest = b""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.socket.connect(str(path))
                return
            except OSError:
                if time.monotonic() > until:
                    raise Failed(f"no answer at {path}") from None
                time.sleep(0.005)

    def message(self):
        while b"\n" not in self.rest:
            more = self.socket.recv(1 << 20)
            if not more:
                raise Failed("the router closed the control socket")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        message = json.loads(line)
        if "error" in message:
            raise Failed(f"refused: {message['error']}")
        return message

    def send(self, line):
        self.socket.sendall(line)

    def ask(self, method, **params):
        self.send(request(method, **params))
        return self.message()["result"]

    def pipeline(self, lines, count):
        """Sends all `count` requests without waiting for answers, and reads these meanwhile."""
        waiting = memoryview(lines)
        answered = 0
        self.socket.setblocking(False)
        try:
            while answered < count:
                readable, writable, _ = select.select(
                    [self.socket], [self.socket] if waiting else [], [], PATIENCE)
                if not readable and not writable:
                    raise Failed(f"{count - answered} of {count} answers are missing")
                if writable:
                    waiting = waiting[self.socket.send(waiting[:1 << 18]):]
                if readable:
                    answers = self.socket.recv(1 << 20)
                    if not answers or b'"error"' in answers:
                        raise Failed(f"refused: {answers[:300]!r}")
                    answered += answers.count(b"\n")
        finally:
            self.socket.settimeout(PATIENCE)
