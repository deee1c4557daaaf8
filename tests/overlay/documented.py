#!/usr/bin/env python3
"""docs/overlay.md's two routers, step by step, as they are written there.

    documented.py DOCUMENT RHUMBD RHUMBCTL

Runs the section's commands, without those that say where programs and files are. The address is of
this process alone, and ports are free ones.
What is printed is looked at where it matters: both routers have heard each other in the end.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from overlay_node import HOST, free_ports

HEADING = "### Two routers, step by step"
# Routers take a while to start and to hear each other; people do too between two commands.
PATIENCE = """
rhumbctl() {
    for _ in $(seq 200); do
        text=$(command rhumbctl "$@" 2>&1) && { [[ $* != *"show nodes"* ]] || heard "$text"; } && break
        sleep 0.1
    done && printf '%s\\n' "$text"
    [[ $text != *"rhumbctl: "* ]]
}
# Both have said something: each line has a version.
heard() { [[ $(grep -cE 'ed25519 +(yes|no) +[0-9]+ +1 +1 ' <<< "$1") == 2 ]]; }
"""


def commands(text):
    """Of the indented blocks: what stands behind $, with the lines of a here-document."""
    section = text[text.index(HEADING) + len(HEADING):]
    section = section[:section.index("\n### ")]
    found, document = [], False
    for line in re.findall(r"^    (.*)$", section, re.M):
        if document:
            found[-1] += "\n" + line
            document = line != "END"
        elif line.startswith("$ "):
            found.append(line[2:])
            document = line.endswith("<<END")
    return found


def main():
    document, rhumbd, rhumbctl = sys.argv[1:]
    steps = [c for c in commands(pathlib.Path(document).read_text()) if not re.match("PATH=|mkdir ", c)]
    assert len(steps) > 8 and steps[-1].startswith("rhumbctl"), steps
    script = "set -eu" + PATIENCE + "\n".join(steps) + "\nwait\n"
    for port, free in zip(("8081", "8082"), free_ports(2)):
        assert f"127.0.0.1:{port}" in script
        script = script.replace(f"127.0.0.1:{port}", f"{HOST}:{free}")
    path = ":".join([str(pathlib.Path(p).resolve().parent) for p in (rhumbd, rhumbctl)] + [os.environ["PATH"]])
    with tempfile.TemporaryDirectory(prefix="rhumb-documented-") as folder:
        # A session of its own, so that nothing of it is left running.
        shell = subprocess.Popen(["bash", "-c", script], cwd=folder, env={**os.environ, "PATH": path}, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            said, _ = shell.communicate(timeout=100)
        finally:
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        print(said)
        files = {n: pathlib.Path(folder) / f"{n}.log" for n in ("r1", "r2")}
        logs = {n: f.read_text() if f.exists() else "" for n, f in files.items()}
        if shell.returncode != 0:
            sys.exit(f"status {shell.returncode}; the logs:\n{logs['r1']}\n{logs['r2']}")
        # Good files, of which --check warns of nothing, and logs that say who is who.
        assert said.count(": good: ") == 2 and "warning" not in said, said
        ids = dict(re.findall(r"^(r[12]) +(@\S+)", said, re.M))
        for one, other in (("r1", "r2"), ("r2", "r1")):
            for words in (f"this node is {ids[one]}", f"listening on net:{HOST}:"):
                assert words in logs[one], (words, logs[one])
            assert re.search(f"connected (to|from) {re.escape(ids[other])}", logs[one]), logs[one]


if __name__ == "__main__":
    main()
