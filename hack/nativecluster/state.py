"""What an instance shall be: a small record on disk, written whole, changed under a lock.

The record is the wish; what runs is found out anew each time. So a command that was killed is mended by the next one.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from ipaddress import ip_network
from pathlib import Path

from .layout import MAX_NODES, SLOTS, Instance, Plan, clusters_dir
from .progress import ClusterError, say


@dataclass
class NodeRecord:
    """One real node."""

    name: str
    index: int
    labels: str = ""
    cpu: str = ""
    memory: str = ""
    machine: str = ""


@dataclass
class ClusterRecord:
    """One instance."""

    name: str
    slot: int
    kubelets: bool = True
    simulated: bool = False
    machines: bool = False
    task_seconds: float = 1.0
    nodes: list[NodeRecord] = field(default_factory=list)

    @property
    def plan(self) -> Plan:
        """The addresses of this instance."""
        return Plan(self.slot, loopback_only=not self.kubelets)

    def node(self, name: str) -> NodeRecord | None:
        """The real node of that name."""
        return next((node for node in self.nodes if node.name == name), None)

    def add_node(self, labels: str = "", cpu: str = "", memory: str = "", machine: str = "") -> NodeRecord:
        """Record one more real node, under the first free number."""
        taken = {node.index for node in self.nodes}
        index = next((number for number in range(1, MAX_NODES + 1) if number not in taken), None)
        if index is None:
            raise ClusterError(f"cluster {self.name} has {MAX_NODES} nodes already, which is the most")
        node = NodeRecord(f"node-{index}", index, labels, cpu, memory, machine)
        self.nodes.append(node)
        return node


def load(instance: Instance) -> ClusterRecord | None:
    """The record of an instance; None if there is none."""
    try:
        data = json.loads(instance.record.read_text())
    except FileNotFoundError:
        return None
    return ClusterRecord(**{**data, "nodes": [NodeRecord(**node) for node in data["nodes"]]})


def existing(instance: Instance) -> ClusterRecord:
    """The record of an instance that must be there."""
    record = load(instance)
    if record is None:
        raise ClusterError(
            f"there is no cluster {instance.name}: make it with `hack/cluster up --name {instance.name}`"
        )
    return record


def save(instance: Instance, record: ClusterRecord) -> None:
    """Write the record whole or not at all."""
    instance.root.mkdir(parents=True, exist_ok=True)
    write_whole(instance.record, json.dumps(asdict(record), indent=2) + "\n")


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file so that readers and crashes see the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=mode)
    fresh.write_text(text)
    fresh.replace(path)


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock on `path` that ends with this process, however it ends."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another command to finish with {what}")
                fcntl.flock(handle, fcntl.LOCK_EX)
            if not _is_still(path, handle.fileno()):
                continue  # its last holder removed it, which only a holder may do
            yield
            return


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def lock_of(instance: Instance) -> Path:
    """The lock of one instance, beside its folder so that removing the folder keeps it."""
    return clusters_dir() / f".{instance.name}.lock"


def every_instance() -> list[str]:
    """The names of all instances that have a record."""
    folder = clusters_dir()
    return sorted(path.parent.name for path in folder.glob("*/cluster.json")) if folder.is_dir() else []


def free_slot(taken: set[int], networks: list[str]) -> int:
    """The first slot that no instance has and whose range meets none of `networks` (this machine's own)."""
    others = [ip_network(text, strict=False) for text in networks]
    for slot in range(SLOTS):
        own = ip_network(Plan(slot).network)
        if slot not in taken and not any(other.version == 4 and own.overlaps(other) for other in others):
            return slot
    raise ClusterError("no free address range is left: take down a cluster (`hack/cluster down --name NAME`)")


def claim(instance: Instance, *, kubelets: bool) -> ClusterRecord:
    """The record of an instance, made with a slot of its own if it is new."""
    with locked(clusters_dir() / ".slots.lock", "the list of clusters"):
        record = load(instance)
        if record is None:
            others = [load(Instance.named(name)) for name in every_instance()]
            taken = {other.slot for other in others if other} | {slot for slot in range(SLOTS) if _is_in_use(slot)}
            slot = free_slot(taken, _machine_networks())
            record = ClusterRecord(instance.name, slot, kubelets)
            save(instance, record)
    return record


def _is_in_use(slot: int) -> bool:
    """Whether another user's instance has the slot: its folders are not seen, its etcd is."""
    with socket.socket() as client:
        return client.connect_ex((Plan(slot).loopback, 2379)) == 0


def _machine_networks() -> list[str]:
    """Ranges this machine routes already, so that no instance hides one of them."""
    try:
        routes = json.loads(subprocess.run(["ip", "-j", "route"], capture_output=True, check=True).stdout or "[]")
    except (OSError, subprocess.CalledProcessError):
        return []
    return [route["dst"] for route in routes if route["dst"] != "default"]
