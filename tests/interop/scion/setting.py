"""The setting in which a SCION border router is tested from outside: two network namespaces, five
veth pairs between them, and the router's files. It is that of the reference's own acceptance test,
so that braccept finds what it expects:

        outside                                          inside
    veth_int_host ====== 192.168.0.11   f0:0d:ca:fe:00:01  veth_int      the AS itself, siblings
    veth_121_host ====== 192.168.12.2   f0:0d:ca:fe:00:12  veth_121      peer      1-ff00:0:2
    veth_131_host ====== 192.168.13.2   f0:0d:ca:fe:00:13  veth_131      parent    1-ff00:0:3
    veth_141_host ====== 192.168.14.2   f0:0d:ca:fe:00:14  veth_141      child     1-ff00:0:4
    veth_151_host ====== 192.168.15.2   f0:0d:ca:fe:00:15  veth_151      child     1-ff00:0:5

Everybody outside has the MAC f0:0d:ca:fe:be:ef. The namespaces have no names, and go with the
processes that hold them, as does the router: nothing is left behind however a test ends.
"""
import base64
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "..", "support"))
from namespaces import (  # noqa: E402  where it lies is known only now
    SKIPPED, Missing, Namespace, die_with_parent, own_namespace, run)

MTU = 8000

OUTSIDE_MAC = "f0:0d:ca:fe:be:ef"
# Keys for tests, and for nothing else: anybody can read them here.
TEST_KEYS = (b"rhumb test key 0", b"rhumb test key 1")


class Link:
    def __init__(self, name, mac, address, neighbours, net, kind=None, isd_as=None, mtu=1472):
        self.name, self.mac, self.address, self.neighbours = name, mac, address, neighbours
        self.net, self.kind, self.isd_as, self.mtu = net, kind, isd_as, mtu
        self.inside, self.outside = "veth_" + name, "veth_" + name + "_host"


def external(number, kind, isd_as, mtu):
    net = f"192.168.{number // 10}."
    return Link(str(number), f"f0:0d:ca:fe:00:{number // 10}", net + "2/31", [net + "3"],
                net + "3/32", kind, isd_as, mtu)


LINKS = [
    Link("int", "f0:0d:ca:fe:00:01", "192.168.0.11/24",
         [f"192.168.0.{host}" for host in range(1, 255) if host != 11], "192.168.0.0/24"),
    external(121, "PEER", "1-ff00:0:2", 1472),
    external(131, "PARENT", "1-ff00:0:3", 8000),
    external(141, "CHILD", "1-ff00:0:4", 8000),
    external(151, "CHILD", "1-ff00:0:5", 1472),
]
# Router, last byte of its internal address, and its only interface.
SIBLINGS = [("brB", 12, 171, "PEER", "2-ff00:0:7"), ("brC", 13, 181, "CHILD", "1-ff00:0:8"),
            ("brD", 14, 191, "PARENT", "1-ff00:0:9")]


def limit(seconds):
    """Whatever happens, it ends, and orderly."""
    def end(number, _):
        raise RuntimeError(f"ended by {signal.Signals(number).name}")

    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, end)
    signal.alarm(seconds)


def reference(folder):
    """Builds the reference router and its tools in `folder` if they are not there yet."""
    done = subprocess.run([os.path.join(HERE, "reference.sh"), folder], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == SKIPPED:
        raise Missing(done.stdout.strip())
    if done.returncode != 0:
        raise RuntimeError("the reference cannot be built:\n" + done.stdout)
    return os.path.abspath(folder)


def topology():
    routers = {"brA": {"internal_addr": "192.168.0.11:30001", "interfaces": {}}}
    for link in LINKS[1:]:
        routers["brA"]["interfaces"][link.name] = {
            "underlay": {"local": link.address.split("/")[0] + ":50000",
                         "remote": link.neighbours[0] + ":40000"},
            "isd_as": link.isd_as, "link_to": link.kind, "mtu": link.mtu}
    for name, host, number, kind, isd_as in SIBLINGS:
        net = f"192.168.{number // 10}."
        routers[name] = {"internal_addr": f"192.168.0.{host}:{30000 + host - 10}", "interfaces": {
            str(number): {"underlay": {"local": net + "2:50000", "remote": net + "3:40000"},
                          "isd_as": isd_as, "link_to": kind, "mtu": 1472}}}
    return {"isd_as": "1-ff00:0:1", "mtu": 1472, "attributes": [],
            "dispatched_ports": "1024-65535", "border_routers": routers,
            "control_service": {"csA": {"addr": "192.168.0.71:20007"}}}


# How a DPDK router gets at the kernel's interfaces.
DRIVERS = {
    "pcap": "net_pcap{number},rx_iface_in={name},tx_iface={name}",
    "af_packet": "net_af_packet{number},iface={name}",
}


def rhumb_toml(folder, driver):
    text = (f'[node]\nname = "scion-{os.getpid()}-{os.path.basename(folder)}"\n'
            '[runtime]\nsocket = "rhumb.sock"\n'
            # What the reference does, where we think otherwise, and no limit that it has not.
            '[scion]\nrouter = "conf/router.toml"\nown_ports = true\npacket_too_big = false\n'
            'slow_path_rate = 1000000\nslow_path_link_rate = 1000000\n')
    for number, link in enumerate(LINKS):
        device = DRIVERS[driver].format(number=number, name=link.inside)
        text += (f'[ports.{link.inside}]\ndevice = "{device}"\nmac = "{link.mac}"\nmtu = {MTU}\n'
                 f'[nexthops.{link.inside}]\nport = "{link.inside}"\nmac = "{OUTSIDE_MAC}"\n'
                 f'[[prefixes]]\nmatch = "{link.net}"\nvia = "{link.inside}"\n')
    return text


def write_files(folder, bfd, authenticated, driver):
    """conf/ as the reference has it, and rhumb.toml, which points to it."""
    conf = os.path.join(folder, "conf")
    os.makedirs(os.path.join(conf, "keys"))

    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    for number, key in enumerate(TEST_KEYS):
        write(os.path.join(conf, "keys", f"master{number}.key"), base64.b64encode(key).decode())
    write(os.path.join(conf, "topology.json"), json.dumps(topology(), indent=2))
    write(os.path.join(conf, "router.toml"),
          f'[general]\nid = "brA"\nconfig_dir = "{conf}"\n'
          f'[features]\nexperimental_scmp_authentication = {str(authenticated).lower()}\n'
          f'[router.bfd]\ndisable = {str(not bfd).lower()}\n[log.console]\nlevel = "info"\n')
    write(os.path.join(folder, "rhumb.toml"), rhumb_toml(folder, driver))


class Setting:
    """A router that runs between its veths, as a context manager.

    `command` may name {router} (the reference's own router.toml) or {rhumb} (rhumbd's TOML). A
    router of the first kind has its addresses from the kernel, one of the second has the bare
    interfaces, by one of DRIVERS.
    """

    def __init__(self, command, bfd=False, authenticated=True, driver="pcap"):
        self.command, self.bfd, self.authenticated = command, bfd, authenticated
        self.driver = driver
        self.by_kernel = "{rhumb}" not in command
        self.router, self.folder, self.namespaces = None, None, []

    def __enter__(self):
        try:
            self.folder = tempfile.mkdtemp(prefix="rhumb-scion-")
            write_files(self.folder, self.bfd, self.authenticated, self.driver)
            for _ in range(2):
                self.namespaces.append(Namespace())
            self.outside, self.inside = self.namespaces
            for link in LINKS:
                self.lay(link)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.router is not None and self.router.poll() is None:
            self.router.kill()
            self.router.wait()
        for namespace in self.namespaces:
            namespace.end()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def lay(self, link):
        self.outside.run("ip", "link", "add", link.outside, "mtu", str(MTU), "type", "veth", "peer",
                         "name", link.inside, "mtu", str(MTU), "netns",
                         str(self.inside.holder.pid))
        self.outside.run("ip", "link", "set", link.outside, "address", OUTSIDE_MAC, "up")
        self.inside.run("ip", "link", "set", link.inside, "address", link.mac)
        self.inside.whole_checksums(link.inside)
        if self.by_kernel:
            self.inside.run("ip", "address", "add", link.address, "dev", link.inside)
            with open(os.path.join(self.folder, "neighbours"), "w", encoding="ascii") as file:
                file.writelines(f"neighbour add {neighbour} lladdr {OUTSIDE_MAC} nud permanent "
                                f"dev {link.inside}\n" for neighbour in link.neighbours)
            self.inside.run("ip", "-batch", file.name)
        self.inside.run("ip", "link", "set", link.inside, "up")

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def is_ready(self):
        if not self.by_kernel:
            return "forwarding" in self.log()
        # All its sockets are there: the internal one and one for each external link.
        with open(f"/proc/{self.inside.holder.pid}/net/udp", encoding="ascii") as file:
            ports = [line.split()[1].split(":")[1] for line in file.readlines()[1:]]
        return ports.count(f"{50000:04X}") == len(LINKS) - 1 and f"{30001:04X}" in ports

    def start(self):
        places = {"router": os.path.join(self.folder, "conf", "router.toml"),
                  "rhumb": os.path.join(self.folder, "rhumb.toml")}
        words = [word.format(**places) for word in shlex.split(self.command)]
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
            self.router = subprocess.Popen(self.inside.words() + words, cwd=self.folder,
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           preexec_fn=die_with_parent)
        until = time.monotonic() + 30
        while not self.is_ready():
            if self.router.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the router did not start:\n" + self.log())
            time.sleep(0.02)
        time.sleep(0.3)  # from its sockets to its threads
