"""Where things are: the cache, an instance's folders, and the addresses and names that follow from its slot.

Pure but for reading the environment and the user id. Knows nothing of what is running.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from .progress import ClusterError

SOURCE = Path(__file__).resolve().parent
BINARIES_MODULE = SOURCE / "binaries"
SLOTS = 50
MAX_NODES = 100
# 20 at most: sockets below an instance's folder have paths of at most 107 characters
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


def cache_dir() -> Path:
    """The folder for what is slow to make; outside the checkout and shared by all checkouts."""
    return Path(os.environ.get("MILLPOND_CACHE") or Path.home() / ".cache" / "millpond")


def clusters_dir() -> Path:
    """The folder of all instances of this machine: one for root, whose instances share links and subnets."""
    return Path("/var/lib/millpond/clusters") if os.geteuid() == 0 else cache_dir() / "clusters"


def checked_name(name: str) -> str:
    """Return `name` if it can name an instance or a node, else raise ClusterError."""
    if not _NAME.fullmatch(name):
        raise ClusterError(
            f"the name {name!r} cannot be used: 1 to 20 lower-case letters, digits and dashes, no dash at either end"
        )
    return name


@dataclass(frozen=True)
class Plan:
    """The addresses of the instance in one slot, 0 to SLOTS - 1; instances in different slots share none."""

    slot: int
    loopback_only: bool = False

    @property
    def _octet(self) -> int:
        return 200 + self.slot

    @property
    def network(self) -> str:
        """The range that holds every other one of this instance."""
        return f"10.{self._octet}.0.0/16"

    @property
    def loopback(self) -> str:
        """The address for what only this machine may reach: etcd and the health ports."""
        return f"127.{self._octet}.0.1"

    @property
    def gateway(self) -> str:
        """The bridge's own address."""
        return f"10.{self._octet}.0.1"

    @property
    def api_address(self) -> str:
        """Where the API server listens: at the bridge, or at the loopback address where there are no kubelets."""
        return self.loopback if self.loopback_only else self.gateway

    @property
    def api_url(self) -> str:
        """The API server's address as a URL."""
        return f"https://{self.api_address}:6443"

    @property
    def etcd_url(self) -> str:
        """Etcd's client address."""
        return f"http://{self.loopback}:2379"

    @property
    def services(self) -> str:
        """The range of service addresses."""
        return f"10.{self._octet}.64.0/18"

    @property
    def kubernetes_service(self) -> str:
        """The address of the service `kubernetes`: the first of the range."""
        return f"10.{self._octet}.64.1"

    @property
    def pods(self) -> str:
        """The range that holds every real node's pods."""
        return f"10.{self._octet}.128.0/17"

    @property
    def simulated_pods(self) -> str:
        """The range from which KWOK gives addresses to pods that do not run."""
        return f"10.{self._octet}.32.0/19"

    @property
    def bridge(self) -> str:
        """The link that joins the nodes."""
        return f"millpond{self.slot}"

    def node_address(self, index: int) -> str:
        """The address of node `index`, 1 to MAX_NODES."""
        return f"10.{self._octet}.0.{10 + index}"

    def node_pods(self, index: int) -> str:
        """The pods' range at node `index`."""
        return f"10.{self._octet}.{128 + index}.0/24"

    def node_link(self, index: int) -> str:
        """The bridge's end of node `index`'s cable."""
        return f"millpond{self.slot}n{index}"


@dataclass(frozen=True)
class Instance:
    """The folders of one named instance."""

    name: str
    root: Path

    @classmethod
    def named(cls, name: str) -> Instance:
        """The instance called `name`, whether or not it exists."""
        return cls(checked_name(name), clusters_dir() / name)

    @property
    def record(self) -> Path:
        """The file that says what this instance shall be."""
        return self.root / "cluster.json"

    @property
    def certificates(self) -> Path:
        """Keys and certificates."""
        return self.root / "certificates"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def images(self) -> Path:
        """The archives loaded so far, for nodes that come later."""
        return self.root / "images"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.root / "logs"

    @property
    def processes(self) -> Path:
        """One record per started process."""
        return self.root / "processes"

    @property
    def trash(self) -> Path:
        """What is left of removed nodes, until there is time to delete it: that are thousands of files."""
        return self.root / "trash"

    def node(self, name: str) -> Path:
        """The folder of one node."""
        return self.root / "nodes" / name

    @property
    def cgroup(self) -> str:
        """The control group of everything in this instance, relative to each hierarchy's root."""
        return f"millpond/{self.name}"

    def etcd_data(self) -> Path:
        """Where etcd keeps its data: in memory where there is room, for speed."""
        memory = Path("/dev/shm")  # noqa: S108 (a file system in memory; the folder in it is private)
        if memory.is_dir():
            room = os.statvfs(memory)
            if room.f_bavail * room.f_frsize > 1 << 30:
                return memory / f"millpond-{os.geteuid()}-{self.name}"
        return self.root / "etcd"
