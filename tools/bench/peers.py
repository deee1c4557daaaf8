"""Programs of a whole-process measurement: started, asked for their rates, and ended.

Both rhumbd and testpmd answer on DPDK's telemetry socket, so both are measured in the same way.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

PATIENCE = 20  # seconds until a program must answer


class Failed(Exception):
    """A program did not do what it should; the text says which and what it printed."""


def runtime_folder(prefix):
    base = os.environ.get("RUNTIME_DIRECTORY") or (
        "/var/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "/tmp"))
    return pathlib.Path(base) / "dpdk" / prefix


class Program:
    """A DPDK program with the file prefix `prefix`; `command` runs in `folder`."""

    def __init__(self, prefix, command, folder):
        self.prefix = prefix
        self.log = pathlib.Path(folder) / f"{prefix}.log"
        self.socket = runtime_folder(prefix) / "dpdk_telemetry.v2"
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE,
                                            stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self.ask("/ethdev/list")["/ethdev/list"]:
                    break
            except (OSError, KeyError, ValueError):
                pass
            if self.process.poll() is not None or time.monotonic() > until:
                self.end()
                raise Failed(f"{command[0]} does not answer:\n{self.tail()}")
            time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def ask(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.socket))
            client.recv(16384)  # the banner
            client.send(command.encode())
            return json.loads(client.recv(65536))

    def packets(self, port, field="opackets"):
        """(packets so far, when)."""
        answer = self.ask(f"/ethdev/stats,{port}")["/ethdev/stats"]
        return answer[field], time.monotonic()

    def worker_seconds(self):
        """CPU time that the first worker thread has had."""
        for thread in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if "worker" in (thread / "comm").read_text():
                return int((thread / "schedstat").read_text().split()[0]) / 1e9
        raise Failed(f"{self.prefix} has no worker thread")

    def rate(self, port, seconds, field="opackets"):
        """Packets a second over the next `seconds`."""
        before, start = self.packets(port, field)
        time.sleep(seconds)
        after, end = self.packets(port, field)
        return (after - before) / (end - start)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def testpmd(prefix, mode, devices, folder, huge, worker=1):
    """Debian's dpdk-testpmd on cores 0 and 1; packets go from port 0 to port 1, or back by the only
    port. `huge`: huge pages; `worker`: the core that forwards."""
    memory = ["--in-memory"] if huge else ["--no-huge", "-m", "512"]
    command = ["dpdk-testpmd", "-l", "0,1", f"--main-lcore={1 - worker}", *memory, "--no-pci",
               "--file-prefix", prefix]
    for device in devices:
        command += ["--vdev", device]
    command += ["--", f"--forward-mode={mode}", "--auto-start", "-i", "--nb-cores=1",
                "--burst=32", "--rxd=512", "--txd=512", "--total-num-mbufs=8192",
                "--no-mlockall", "--no-flush-rx"]
    return Program(prefix, command, folder)


def rhumbd(build, name, config, folder):
    path = pathlib.Path(folder) / f"{name}.toml"
    path.write_text(config)
    command = [str(pathlib.Path(build) / "controlplane" / "rhumbd"), "--config", str(path)]
    return Program(f"rhumb-{name}", command, folder)
