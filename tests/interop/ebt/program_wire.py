"""The twelve interactions of a peer of npm's transport with rhumb-overlay, as program_test.py plays them."""
import json

from npm_process import connect, text, wait_for


class Wire:
    """The twelve interactions: `raw` is the peer that does them, ours the one that is tested."""

    def __init__(self, ours, raw, we_dial):
        self.ours, self.raw, self.we_dial = ours, raw, we_dial
        self.stream = 0

    def open(self, version=3):
        """A stream; where we dial, a new connection is needed for each."""
        self.stream += 1
        if self.we_dial:
            self.ours.ask("overlay.connect", address=self.raw.address())
        else:
            self.raw.do("open", version=version)
        self.raw.get({"stream": self.stream})

    def frames(self, *values):
        self.raw.get(*({"on": self.stream, "got": value} for value in values))

    def end(self, why=True):
        self.raw.get({"on": self.stream, "end": why})

    def say(self, **notes):
        names = {"us": self.ours.id, "raw": self.raw.id}
        self.raw.do("send", what={names.get(name, name): value for name, value in notes.items()})

    def asks_again(self):
        """Within a tick; from where it was then."""
        got = json.loads(self.raw.line(lambda line: True))
        assert got["on"] == self.stream and got["got"].keys() == {self.raw.id}, got

    def head(self):
        rows = self.ours.ask("show", what="overlay_feeds")["rows"]
        return next(row["sequence"] for row in rows if row["feed"] == self.raw.id)

    def give(self, *sequences, what="give"):
        for sequence in sequences:
            self.raw.do(what, sequence=sequence)

    def run(self):
        ours, raw = self.ours, self.raw
        odd = [json.loads(text(n)) for n in range(12)]
        raw.do("make", contents=odd)
        made = json.loads(raw.line(lambda line: "made" in line))["made"]
        ours.ask("overlay.follow", feed=raw.id)
        for n in range(5):
            ours.publish(f"message {n}")
        if not self.we_dial:
            connect(ours, raw, False)
        # 1. The server speaks first, and feeds go both ways.
        self.open()
        if self.we_dial:
            raw.nothing()
            self.say(us=0, raw=2 * 12)
        self.frames({ours.id: 2 * 5, raw.id: 0})
        if not self.we_dial:
            self.say(us=0, raw=2 * 12)
        for n in range(5):
            got = json.loads(raw.line(lambda line: True))
            assert got["got"]["sequence"] == n + 1 and got["got"]["author"] == ours.id, got
        self.give(1, 2, 3)
        wait_for("its clock", self.head, 3)
        # 2. Live, without notes.
        ours.publish("live")
        got = json.loads(raw.line(lambda line: True))
        assert got["got"]["sequence"] == 6, got
        raw.nothing(0.1)
        # 3. A duplicate of the last that it has said it has is answered; and a later one is taken.
        self.say(raw=2 * 3)
        self.give(2)
        self.frames({raw.id: 2 * 3 + 1})
        self.give(4)
        wait_for("its clock", self.head, 4)
        # 4. A gap is nothing but a claim: what is missing is asked for, and filled.
        self.give(6)
        self.asks_again()
        assert self.head() == 4
        self.give(5, 6)
        wait_for("its clock", self.head, 6)
        # 6. Feeds that nobody follows: no, once. What is no feed is passed over.
        stranger = "@" + "A" * 43 + "=.ed25519"
        self.say(**{stranger: 20})
        self.frames({stranger: -1})
        self.say(**{stranger: 22, "foo": 4})
        raw.nothing()
        # 7. Unfollowed, it is told so; followed again, it is asked for.
        ours.ask("overlay.unfollow", feed=raw.id)
        self.frames({raw.id: -1})
        self.say(raw=2 * 12)
        raw.nothing()
        ours.ask("overlay.follow", feed=raw.id)
        self.frames({raw.id: 2 * 6})
        # 11. Odd texts and numbers, to the same ids.
        self.give(*range(7, 11))
        wait_for("its clock", self.head, 10)
        assert [key for _, key in ours.feed(raw.id)] == made[:10]
        self.ends_and_versions()
        self.lies()

    def ends_and_versions(self):
        ours, raw = self.ours, self.raw
        # 8. Ends are answered; the next stream works, also while one is open.
        raw.do("end")
        if self.we_dial:  # only who has called needs the connection, and dials anew
            raw.line(lambda line: "gone" in line)
            self.open()
            self.say(us=2 * 6, raw=2 * 10)
        else:
            raw.nothing()  # muxrpc does not tell who has ended that the other has, too
            self.open()
        self.mentions()
        if not self.we_dial:
            self.open()
            raw.get({"on": self.stream - 1, "end": "reconnected to peer"})
            self.mentions()
            # 9. Other versions.
            self.open(version=2)
            self.end("expected ebt.replicate({version: 3})")
            self.open()
            raw.get({"on": self.stream - 2, "end": "reconnected to peer"})
            self.mentions()
        # 10. A goodbye is answered, whatever is open.
        raw.do("goodbye")
        waits = {"gone", "closed"}
        while waits:
            waits -= set(json.loads(raw.line(lambda line: True)))
        wait_for("connections", lambda: [r["state"] for r in ours.ask("show", what="overlay_peers")["rows"]
                                         if r["state"] == "replicating"], [])
        self.reconnect()

    def mentions(self):
        """The first frame of a later session: what differs."""
        got = json.loads(self.raw.line(lambda line: True))
        assert got["on"] == self.stream and set(got["got"]) <= {self.ours.id, self.raw.id}, got

    def reconnect(self):
        if not self.we_dial:
            connect(self.ours, self.raw, False)
        self.open()
        self.say(us=2 * 6, raw=2 * 12)

    def lies(self):
        ours, raw = self.ours, self.raw
        got = json.loads(raw.line(lambda line: True))
        assert got["on"] == self.stream, got
        # 5. A bad signature ends the feed from this peer, a fork freezes it; all else goes on.
        if self.we_dial:
            self.give(11, what="break")
            raw.line(lambda line: json.loads(line) == {"on": self.stream, "got": {raw.id: -1}})
            self.give(11)
        else:
            self.give(11, what="fork")
            self.give(12)
            wait_for("the proof", lambda: [row["feed"] for row in ours.ask("show", what="overlay_forks")["rows"]],
                     [raw.id])
        ours.publish("still live")
        raw.line(lambda line: json.loads(line).get("got", {}).get("sequence") == 7)
        assert self.head() == (10 if self.we_dial else 11)
        # 12. null is no frame; the node and its other connections live.
        self.raw.do("send", what=[None])
        raw.line(lambda line: "end" in json.loads(line) and json.loads(line)["on"] == self.stream)
        assert ours.row("overlay_progress")["invalid"] == (1 if self.we_dial else 0)
        wait_for("connections", lambda: [r["state"] for r in ours.ask("show", what="overlay_peers")["rows"]
                                         if r["state"] == "replicating"], [])
        # 7. Blocked, it is hung up on.
        ours.ask("overlay.block", peer=raw.id)
        raw.line(lambda line: "gone" in line) if not self.we_dial else None
