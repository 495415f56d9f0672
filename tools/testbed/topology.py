# SPDX-License-Identifier: Apache-2.0
"""The lab's network: namespaces joined by veth, one bridge as the servers' segment, a router between it and the
client. Needs root, veth and bridge, nothing else of the kernel. Offloads are off everywhere: a checksum that the sender
left to a NIC that does not exist would be wrong behind a MAC rewrite."""

import json
import pathlib
import subprocess

service_ipv4 = "192.0.2.10"
service_ipv6 = "2001:db8::10"
client_ipv4 = "198.51.100.2"
client_ipv6 = "2001:db8:c::2"
balancer_ipv4 = "10.0.0.1"
balancer_ipv6 = "fd00::1"

picture = """\
  client ------------ router ---+---------- segment 10.0.0.0/24, fd00::/64 ----------+
  198.51.100.2                  |             |             |             |
  2001:db8:c::2               balancer        b1            b2           b3    nginx; each has the service
                              10.0.0.1     10.0.0.11     10.0.0.12    10.0.0.13    addresses on lo and
        service 192.0.2.10,   fd00::1      fd00::11      fd00::12     fd00::13    answers the client itself
        2001:db8::10, port 80
"""


class LabError(Exception):
    """Something the lab needs is not there or did not start; the text says what to do."""


def run(command, check=True, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
    return done


def batch(commands, namespace=None):
    """Many `ip` commands in one process."""
    command = ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"]
    done = subprocess.run(command, input="\n".join(commands) + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"ip, in {namespace or 'the main namespace'}: {done.stderr.strip()}")


def backend_ipv4(index):
    return f"10.0.0.{10 + index}"


def backend_ipv6(index):
    return f"fd00::{10 + index}"


def backend_mac(index):
    return f"02:67:77:00:00:{10 + index:02x}"


class Topology:
    """Names and makes the namespaces of one lab; several labs with different names can stand side by side."""

    def __init__(self, name, backends, segment_mtu=1500, client_mtu=1500):
        self.name = name
        self.backends = backends
        self.segment_mtu = segment_mtu  # of the servers' segment
        self.client_mtu = client_mtu  # between client and router
        self.network = f"{name}-net"
        self.client = f"{name}-client"
        self.balancer = f"{name}-lb"

    def backend(self, index):
        return f"{self.name}-b{index}"

    def namespaces(self):
        return [self.network, self.client, self.balancer, *(self.backend(i) for i in range(1, self.backends + 1))]

    def existing(self):
        listed = json.loads(run(["ip", "-json", "netns", "list"]).stdout or "[]")
        ours = [entry["name"] for entry in listed if entry["name"].startswith(self.name + "-")]
        return sorted(ours)

    def up(self):
        batch([f"netns add {namespace}" for namespace in self.namespaces()])
        for namespace in self.namespaces():
            self.sysctl(
                namespace,
                {
                    "net.ipv6.conf.all.accept_dad": 0,
                    "net.ipv6.conf.default.accept_dad": 0,
                    "net.ipv4.conf.all.rp_filter": 0,
                    "net.ipv4.conf.default.rp_filter": 0,
                    "net.ipv6.conf.all.disable_ipv6": 0,
                    "net.ipv6.conf.default.disable_ipv6": 0,
                },
            )
            batch(["link set lo up"], namespace)
        self.make_network()
        self.make_client()
        self.make_balancer()
        for index in range(1, self.backends + 1):
            self.make_backend(index)

    def make_network(self):
        self.sysctl(
            self.network,
            {
                "net.ipv4.ip_forward": 1,
                "net.ipv6.conf.all.forwarding": 1,
                "net.ipv4.conf.all.send_redirects": 0,
                "net.ipv4.conf.default.send_redirects": 0,
            },
        )
        try:
            batch(["link add br0 type bridge forward_delay 0 mcast_snooping 0"], self.network)
        except LabError as error:
            raise LabError(
                f"this kernel has no bridge (module `bridge`), which the lab's segment is made of: {error}"
            ) from error
        batch(
            [
                f"link set br0 mtu {self.segment_mtu} up",
                "address add 10.0.0.254/24 dev br0",
                "address add fd00::254/64 dev br0 nodad",
            ],
            self.network,
        )

    def cable(self, namespace, device, port, bridged=True, mac=None):
        address = f" address {mac}" if mac else ""
        mtu = self.segment_mtu if bridged else self.client_mtu
        batch(
            [
                f"link add {port} mtu {mtu} type veth peer name {device} mtu {mtu} netns {namespace}{address}",
                *([f"link set {port} master br0"] if bridged else []),
                f"link set {port} up",
            ],
            self.network,
        )
        for where, what in ((self.network, port), (namespace, device)):
            run(
                [
                    "ip",
                    "netns",
                    "exec",
                    where,
                    "ethtool",
                    "-K",
                    what,
                    "rx",
                    "off",
                    "tx",
                    "off",
                    "sg",
                    "off",
                    "tso",
                    "off",
                    "gso",
                    "off",
                    "gro",
                    "off",
                    "txvlan",
                    "off",
                    "rxvlan",
                    "off",
                ],
                check=False,
            )

    def make_client(self):
        self.cable(self.client, "eth0", "to-client", bridged=False)
        batch(
            ["address add 198.51.100.1/24 dev to-client", "address add 2001:db8:c::1/64 dev to-client nodad"],
            self.network,
        )
        # Source ports of the load generator are its own choice; the kernel takes its ones from elsewhere.
        self.sysctl(self.client, {"net.ipv4.ip_local_port_range": "61000 65000", "net.ipv4.tcp_tw_reuse": 1})
        batch(
            [
                f"address add {client_ipv4}/24 dev eth0",
                f"address add {client_ipv6}/64 dev eth0 nodad",
                "link set eth0 up",
                "route add default via 198.51.100.1",
                "route add default via 2001:db8:c::1",
            ],
            self.client,
        )

    def make_balancer(self):
        """port0 belongs to the datapath. The kernel sees its frames too and must answer none of them: no address, no
        ARP, no IPv6, and rp_filter, because what is for the box itself is local on every interface, but no way leads
        back through this one."""
        self.cable(self.balancer, "port0", "to-lb")
        self.sysctl(self.balancer, {"net.ipv6.conf.port0.disable_ipv6": 1, "net.ipv4.conf.port0.rp_filter": 1})
        batch(["link set port0 arp off", "link set port0 promisc on", "link set port0 up"], self.balancer)

    def make_backend(self, index):
        namespace = self.backend(index)
        self.cable(namespace, "eth0", f"to-b{index}", mac=backend_mac(index))
        self.sysctl(
            namespace,
            {
                f"net.ipv4.conf.{device}.{key}": value
                for device in ("all", "eth0", "lo")
                for key, value in (("arp_ignore", 1), ("arp_announce", 2), ("rp_filter", 0))
            },
        )
        batch(
            [
                f"address add {service_ipv4}/32 dev lo",
                f"address add {service_ipv6}/128 dev lo nodad",
                f"address add {backend_ipv4(index)}/24 dev eth0",
                f"address add {backend_ipv6(index)}/64 dev eth0 nodad",
                "link set eth0 up",
                "route add default via 10.0.0.254",
                "route add default via fd00::254",
            ],
            namespace,
        )

    def keep_answers_small(self):
        """Backends on a segment of larger frames go on answering clients in frames that fit theirs."""
        for index in range(1, self.backends + 1):
            batch(
                [
                    f"route change default via 10.0.0.254 mtu {self.client_mtu}",
                    f"route change default via fd00::254 mtu {self.client_mtu}",
                ],
                self.backend(index),
            )

    def pull_cable(self, index):
        batch([f"link set to-b{index} down"], self.network)

    def plug_cable(self, index):
        batch([f"link set to-b{index} up"], self.network)

    def give_face_addresses(self, device):
        """The balancer's own addresses belong on its kernel face."""
        batch(
            [
                f"link set {device} up",
                f"address replace {balancer_ipv4}/24 dev {device}",
                f"address replace {balancer_ipv6}/64 dev {device} nodad",
                "route replace default via 10.0.0.254",
                "route replace default via fd00::254",
            ],
            self.balancer,
        )

    def route_service(self, ipv4, ipv6):
        """Where the router sends packets for the service addresses."""
        batch(
            [f"route replace {service_ipv4}/32 via {ipv4}", f"route replace {service_ipv6}/128 via {ipv6}"],
            self.network,
        )

    @staticmethod
    def sysctl(namespace, settings):
        run(
            [
                "ip",
                "netns",
                "exec",
                namespace,
                "sysctl",
                "-q",
                "-w",
                *(f"{key}={value}" for key, value in settings.items()),
            ]
        )

    def down(self):
        for namespace in self.existing():
            run(["ip", "netns", "del", namespace], check=False)


def device_exists(namespace, device):
    return run(["ip", "-n", namespace, "link", "show", device], check=False).returncode == 0


def state_folder(name):
    return pathlib.Path("/run/guideway-lab") / name
