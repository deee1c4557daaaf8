"""Programs of a whole-process measurement: started, asked for their rates, and ended.

Both rhumbd and testpmd answer on DPDK's telemetry socket, so both are measured in the same way.
"""
import json
import os
import pathlib
import shutil
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
    """A DPDK program with the file prefix `prefix`; `command` runs in `folder`. It is asked `every` so
    many seconds whether it is ready: memif ports that are asked all the time do not start."""

    def __init__(self, prefix, command, folder, every=0.05):
        self.prefix = prefix
        self.every = every
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
            time.sleep(every)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def ask(self, command):
        """ValueError: it has closed the connection, which DPDK does where many are open."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.socket))
            client.recv(16384)  # the banner
            client.send(command.encode())
            return json.loads(client.recv(65536))

    def ask_again(self, command):
        """The same, until there is an answer."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask(command)
            except ValueError:
                if time.monotonic() > until:
                    raise Failed(f"{self.prefix} does not answer {command}") from None
                time.sleep(0.001)

    def packets(self, port):
        """Sent so far; none by a port that is yet to come."""
        counted = self.ask_again(f"/ethdev/stats,{port}")["/ethdev/stats"]
        return counted["opackets"] if counted else 0

    def wait_for(self, come, complaint):
        until = time.monotonic() + PATIENCE
        while not come():
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failed(f"{self.prefix} {complaint}:\n{self.tail()}")
            time.sleep(self.every)

    def wait_for_packets(self, ports):
        self.wait_for(lambda: all(self.packets(port) for port in ports), "sends no packets")

    def workers(self):
        """Folders in /proc of the threads that forward. Others come and go."""
        for thread in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                if "worker" in (thread / "comm").read_text():
                    yield thread
            except (FileNotFoundError, ProcessLookupError):  # it ends as it is looked at
                pass

    def worker_seconds(self):
        """CPU time that the worker threads have had, each."""
        seconds = [int((thread / "schedstat").read_text().split()[0]) / 1e9
                   for thread in self.workers()]
        if not seconds:
            raise Failed(f"{self.prefix} has no worker threads")
        return sum(seconds) / len(seconds)

    def rate_during(self, ports, action):
        """(packets that these ports send in a second of CPU time of each worker, what `action` gives).

        What else the machine does may take the workers' cores, and does not count."""
        before = sum(self.packets(port) for port in ports)
        start = self.worker_seconds()
        given = action()
        # The kernel counts it in steps of some milliseconds; and a worker may not have had a core.
        until = time.monotonic() + PATIENCE
        while True:
            after = sum(self.packets(port) for port in ports)
            used = self.worker_seconds() - start
            if used > 0 and after != before:
                return (after - before) / used, given
            if time.monotonic() > until:
                raise Failed(f"{self.prefix} sends no packets any more:\n{self.tail()}")
            time.sleep(0.001)

    def rate(self, ports, seconds):
        return self.rate_during(ports, lambda: time.sleep(seconds))[0]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.socket.parent, ignore_errors=True)  # testpmd leaves it


def cores(workers, worker=1):
    """DPDK's core map: control on one core; workers on cores of their own, but of several the last
    shares the control thread's, so that two cores are enough."""
    if workers == 1:
        return f"0@{1 - worker},1@{worker}"
    return ",".join(["0@0", *(f"{n}@{n % workers}" for n in range(1, workers + 1))])


def testpmd(prefix, mode, devices, folder, huge, worker=1, workers=1):
    """Debian's dpdk-testpmd; packets go from port 0 to port 1, or back by the only port, or with
    several workers back by the port that they came by. `huge`: huge pages; `worker`: the core that
    forwards."""
    memory = ["--in-memory"] if huge else ["--no-huge", "-m", "512"]
    command = ["dpdk-testpmd", "--lcores", cores(workers, worker), "--main-lcore=0", *memory,
               "--no-pci", "--file-prefix", prefix]
    for device in devices:
        command += ["--vdev", device]
    command += ["--", f"--forward-mode={mode}", "--auto-start", "-i", f"--nb-cores={workers}",
                "--burst=32", "--rxd=512", "--txd=512", "--total-num-mbufs=8192",
                "--no-mlockall", "--no-flush-rx"]
    if workers != 1:
        command.append("--port-topology=loop")
    return Program(prefix, command, folder)


def rhumbd(build, name, config, folder, every=0.05):
    path = pathlib.Path(folder) / f"{name}.toml"
    path.write_text(config)
    command = [str(pathlib.Path(build) / "controlplane" / "rhumbd"), "--config", str(path)]
    return Program(f"rhumb-{name}", command, folder, every)
