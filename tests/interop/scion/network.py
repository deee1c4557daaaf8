"""A network of six SCION ASes with ten border routers, half of them rhumbd (r), half the reference
(g), in namespaces of their own. Each link has one of either at its ends, and each AS with two
routers one of either; interfaces at both ends of a link have the link's number.

              A core   1  B core
             Ar  Ag ======= Bg  Br          core      1: Ar Bg    2: Ag Br
            3 |  | 4      7 |  | 10         children  3: Ar Cg    4: Ag Cr    7: Bg Dr   10: Br Dg
             Cg  Cr ======= Dg  Dr                    5: Cr Eg    6: Cg Fr
            6 |  | 5   8                    peers     8: Cr Dg    9: Cg Dr
             Fr  Eg

A host of each AS, and a bridge for its inside, are in one further namespace.
"""
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import paths
from setting import Missing, Namespace, die_with_parent, run

LINKS = {1: ("Ar", "Bg", "core"), 2: ("Ag", "Br", "core"), 3: ("Ar", "Cg", "child"),
         4: ("Ag", "Cr", "child"), 5: ("Cr", "Eg", "child"), 6: ("Cg", "Fr", "child"),
         7: ("Bg", "Dr", "child"), 10: ("Br", "Dg", "child"), 8: ("Cr", "Dg", "peer"),
         9: ("Cg", "Dr", "peer")}
ROUTERS = sorted({end for link in LINKS.values() for end in link[:2]})
NUMBERS = {name: number for number, name in enumerate("ABCDEF", 1)}
ISD_AS = {name: f"1-ff00:0:{name.lower()}" for name in NUMBERS}
SECRETS = {name: b"rhumb test key " + name.encode() for name in NUMBERS}  # for tests only
PEERINGS = {name: [number for number, link in LINKS.items()
                   if link[2] == "peer" and name in (link[0][0], link[1][0])] for name in NUMBERS}
EXTERNAL_PORT, INTERNAL_PORT, HOST_PORT, HTTP_PORT = 50000, 30042, 40000, 30442
# Of a machine that does much else: ten routers on two cores.
BFD = 'detect_mult = 16\ndesired_min_tx_interval = "250ms"\nrequired_min_rx_interval = "250ms"\n'
PATIENCE = 30


def wait_until(condition, what, seconds=PATIENCE):
    """What `condition` gives, when it is true at last."""
    until = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s in vain: {what() if callable(what) else what}")
        time.sleep(0.05)


def inside(name, host):
    return f"10.1.{NUMBERS[name]}.{host}"


def internal(router):
    return inside(router[0], 1 if router[1] == "r" else 2)


def sibling(router):
    other = router[0] + ("g" if router[1] == "r" else "r")
    return other if other in ROUTERS else None


def links_of(router):
    """Number, own side (0 or 1), the router at the other end, and the kind, of each."""
    for number, link in LINKS.items():
        if router in link[:2]:
            side = link[:2].index(router)
            yield number, side, link[1 - side], link[2]


def topology(name):
    routers = {}
    for router in ROUTERS:
        if router[0] != name:
            continue
        interfaces = {}
        for number, side, other, kind in links_of(router):
            interfaces[str(number)] = {
                "underlay": {"local": f"10.0.{number}.{1 + side}:{EXTERNAL_PORT}",
                             "remote": f"10.0.{number}.{2 - side}:{EXTERNAL_PORT}"},
                "isd_as": ISD_AS[other[0]], "mtu": 1472,
                "link_to": "parent" if kind == "child" and side == 1 else kind}
        routers[router] = {"internal_addr": f"{internal(router)}:{INTERNAL_PORT}",
                           "interfaces": interfaces}
    return {"isd_as": ISD_AS[name], "mtu": 1472, "attributes": ["core"] if name in "AB" else [],
            "dispatched_ports": "1024-65535", "border_routers": routers}


def rhumb_toml(router):
    text = (f'[node]\nname = "{router}-{os.getpid()}"\n'
            f'[runtime]\nsocket = "{router}.sock"\nhugepages = "off"\nbuffers = 8192\n'
            f'[scion]\nrouter = "{router}.toml"\nhttp = "127.0.0.1:{HTTP_PORT}"\n')
    ports = [("inside", internal(router))] + [
        (f"link{number}", f"10.0.{number}.{1 + side}")
        for number, side, _, _ in links_of(router)]
    for number, (port, address) in enumerate(ports):
        text += (f'[ports.{port}]\ndevice = "net_af_packet{number},iface={port}"\n'
                 f'addresses = ["{address}/24"]\n')
    return text


class Router:
    def __init__(self, name, folder, command):
        self.name, self.folder, self.command = name, folder, command
        self.process = None
        self.is_rhumb = name[1] == "r"
        self.namespace = Namespace()

    def start(self):
        with open(os.path.join(self.folder, self.name + ".log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.namespace.words() + self.command, cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=die_with_parent)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        self.process = None

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.namespace.end()

    def log(self):
        with open(os.path.join(self.folder, self.name + ".log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def metrics(self):
        """What its Prometheus page says, by name and labels as they stand there; {} if there is no
        answer."""
        try:
            with self.namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
                client.settimeout(10)
                client.connect(("127.0.0.1", HTTP_PORT))
                client.sendall(b"GET /metrics HTTP/1.0\r\nHost: test\r\n\r\n")
                text = b""
                while chunk := client.recv(1 << 16):
                    text += chunk
        except OSError:
            return {}
        found = {}
        for line in text.decode(errors="replace").splitlines():
            if line.startswith("router_"):
                key, _, value = line.rpartition(" ")
                found[key] = float(value)
        return found

    def sessions(self, what=("router_interface_up", "router_sibling_reachable")):
        """These values by link: its number, or "sibling"."""
        found = {}
        for key, value in self.metrics().items():
            name, _, labels = key.partition("{")
            if name in what:
                number = labels.partition('interface="')[2].partition('"')[0]
                found[int(number) if number.isdigit() else "sibling"] = value
        return found

    def links(self):
        return [number for number, _, _, _ in links_of(self.name)] + (
            ["sibling"] if sibling(self.name) else [])

    def all_up(self):
        """Whether it says so of each of its links."""
        sessions = self.sessions()
        return all(sessions.get(link) == 1 for link in self.links())


class Host:
    """The host of an AS: what it sends goes to the border router of its choice."""

    def __init__(self, name, namespace, number=9):
        self.name, self.address = name, inside(name, number)
        namespace.run("ip", "address", "add", self.address + "/24", "dev", "inside")
        self.socket = namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, HOST_PORT))

    def ends(self, other):
        return paths.ends((ISD_AS[self.name], self.address), (ISD_AS[other], inside(other, 9)))

    def send(self, path, protocol, layer4, **changes):
        """Over `path`, by the router that has its first interface."""
        _, number, _, _ = next(path.interfaces())
        first = LINKS[number]
        router = first[0] if first[0][0] == self.name else first[1]
        self.socket.sendto(
            paths.packet(self.ends(path.destination), path.wire(**changes), protocol, layer4),
            (internal(router), INTERNAL_PORT))

    def receive(self, seconds=PATIENCE):
        """What comes next and from which router, (None, None) if nothing does."""
        self.socket.settimeout(seconds)
        try:
            data, router = self.socket.recvfrom(65536)
        except TimeoutError:
            return None, None
        return paths.Received(data), router

    def silence(self):
        """Forgets what has come."""
        while self.receive(0.001)[0] is not None:
            pass


class Network:
    """All of it, as a context manager. Routers are started, and not waited for."""

    def __init__(self, reference, rhumbd):
        self.folder, self.namespaces, self.routers, self.hosts = None, {}, {}, {}
        self.commands = {"g": lambda name: [os.path.join(reference, "router"), "--config",
                                            name + ".toml"],
                         "r": lambda name: [rhumbd, "--config", name + ".rhumb.toml"]}

    def __enter__(self):
        try:
            self.folder = tempfile.mkdtemp(prefix="rhumb-network-")
            for name in NUMBERS:
                self.write_files(name)
                self.namespaces[name] = Namespace()
                self.batch(self.namespaces[name], "link add inside type bridge", "link set inside up")
            for name in ROUTERS:
                self.routers[name] = Router(name, os.path.join(self.folder, name[0]),
                                            self.commands[name[1]](name))
                self.wire(self.namespaces[name[0]], name, self.routers[name].namespace, "inside",
                          "master inside")
                self.give_address(name, "inside", internal(name))
            for number, link in LINKS.items():
                left, right = (self.routers[name].namespace for name in link[:2])
                self.wire(left, f"link{number}", right, f"link{number}")
                for side, name in enumerate(link[:2]):
                    self.give_address(name, f"link{number}", f"10.0.{number}.{1 + side}")
            for name in NUMBERS:
                self.hosts[name] = Host(name, self.namespaces[name])
            for router in self.routers.values():
                router.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for host in self.hosts.values():
            host.socket.close()
        for holder in [*self.routers.values(), *self.namespaces.values()]:
            holder.end()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def batch(self, namespace, *lines):
        path = os.path.join(self.folder, "commands")
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        namespace.run("ip", "-batch", path)

    def wire(self, left, left_name, right, right_name, more=""):
        """A veth pair; `more` for its left end."""
        self.batch(left, f"link add {left_name} type veth peer name {right_name} "
                   f"netns {right.holder.pid}")
        left.whole_checksums(left_name)
        right.whole_checksums(right_name)
        self.batch(left, f"link set {left_name} {more} up")
        self.batch(right, f"link set {right_name} up")

    def give_address(self, router, interface, address):
        """Of the kernel's; rhumbd has its own."""
        if router[1] == "g":
            self.batch(self.routers[router].namespace, f"address add {address}/24 dev {interface}")

    def write_files(self, name):
        folder = os.path.join(self.folder, name)
        os.makedirs(os.path.join(folder, "keys"))

        def write(path, text):
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                file.write(text)

        for number in (0, 1):
            write(f"keys/master{number}.key", base64.b64encode(SECRETS[name]).decode())
        write("topology.json", json.dumps(topology(name), indent=2))
        for router in ROUTERS:
            if router[0] == name:
                write(router + ".toml",
                      f'[general]\nid = "{router}"\nconfig_dir = "."\n'
                      f'[metrics]\nprometheus = "127.0.0.1:{HTTP_PORT}"\n'
                      f'[router.bfd]\n{BFD}[log.console]\nlevel = "info"\n')
                if router[1] == "r":
                    write(router + ".rhumb.toml", rhumb_toml(router))

    def alive(self):
        for router in self.routers.values():
            if router.process is not None and router.process.poll() is not None:
                raise Missing(router.log()) if "not permitted" in router.log() else \
                    AssertionError(f"{router.name} ended:\n{router.log()[-3000:]}")
        return True

    def states(self):
        return {name: router.sessions() for name, router in self.routers.items()}

    def wait_all_up(self):
        wait_until(lambda: self.alive() and all(router.all_up() for router in
                                                self.routers.values()),
                   lambda: f"not all links are up: {self.states()}")

    def set_link(self, router, interface, state):
        self.batch(self.routers[router].namespace, f"link set {interface} {state}")
