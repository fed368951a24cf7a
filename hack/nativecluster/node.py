"""One real node: a namespace of its own for network and mounts, and in it containerd, kubelet and kube-proxy.

A holder process keeps the two namespaces. With the node's processes gone its namespaces go, and with those its mounts
and its cable: ending a node is ending what is in its control group. Folders that programs insist on having at a fixed
place of the machine are covered, inside the node, by folders of its own.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

from . import binaries, certificates, cgroups, configuration, images, network, processes
from .certificates import Subject
from .controlplane import kubeconfig_of
from .kube import Kube
from .layout import Instance, clusters_dir
from .progress import ClusterError, step, wait_until
from .state import ClusterRecord, NodeRecord, write_whole

# the programs' fixed places: containerd's shims, the pod network's results, device plugins, links to container logs
_PRIVATE = ("/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
_HOLD = """
private=$1; shift
for folder; do mkdir -p "$private$folder" && mount --bind "$private$folder" "$folder" || exit 1; done
mount --make-rshared / || exit 1
echo held
exec sleep infinity
"""


class Node:
    """A real node of one instance: `record` says what it shall be."""

    def __init__(self, instance: Instance, cluster: ClusterRecord, record: NodeRecord) -> None:
        self.instance = instance
        self.plan = cluster.plan
        self.record = record
        self.folder = instance.node(record.name)
        self.address = self.plan.node_address(record.index)
        self.group = f"{instance.cgroup}/{record.name}"
        self.system_group = f"{instance.cgroup}/{record.name}-system"

    @property
    def socket(self) -> Path:
        """Containerd's socket."""
        return self.folder / "containerd.sock"

    def _process(self, name: str) -> Path:
        return self.instance.processes / f"{self.record.name}-{name}"

    def log(self, name: str) -> Path:
        """The log of one of the node's processes."""
        return self.instance.logs / f"{self.record.name}-{name}.log"

    def running(self) -> bool:
        """Whether all of the node's processes run."""
        return all(processes.running(self._process(name)) for name in ("holder", "containerd", "kubelet", "kube-proxy"))

    def start(self) -> None:
        """Start whatever of the node does not run, up to a containerd with its images and a kubelet."""
        if processes.running(self._process("holder")) is None:
            self.end()  # what is left of an earlier life has lost its namespaces
        cgroups.make(self.group)
        group = cgroups.make(self.system_group)
        programs = binaries.ensure(binaries.NODES)
        self._configure()
        holder = self._hold(group)
        network.plug(self.plan, self.record.index, holder)
        self._start("containerd", group, holder, ["containerd", "--config", str(self.folder / "containerd.toml")])
        wait_until(
            self._containerd_answers,
            f"containerd of {self.record.name} answers",
            60,
            failed=lambda: self._death("containerd"),
        )
        for archive in images.loaded(self.instance):
            images.import_into(self.socket, archive)
        self._start("kubelet", group, holder, [str(programs / "kubelet"), *self._kubelet_flags()])
        self._start(
            "kube-proxy", group, holder, [str(programs / "kube-proxy"), f"--config={self.folder}/kube-proxy.json"]
        )

    def wait_ready(self, kube: Kube) -> None:
        """Wait until the API server shows the node Ready and its process is the one that says so."""
        name = self.record.name

        def ready() -> bool:
            return kube.is_node_ready(name)

        if not (self.running() and ready()):
            with step(f"{name} becomes Ready"):
                wait_until(ready, f"{name} becomes Ready", 120, failed=lambda: self._death("containerd", "kubelet"))

    def end(self) -> None:
        """End everything of the node; what it left, its configuration and images included, is for `clear` to remove."""
        cgroups.end(self.system_group)
        cgroups.end(self.group)
        network.unplug(self.plan, self.record.index)
        for name in ("holder", "containerd", "kubelet", "kube-proxy"):
            self._process(name).unlink(missing_ok=True)
        if self.folder.exists():
            self.instance.trash.mkdir(exist_ok=True)
            self.folder.rename(self.instance.trash / f"{self.record.name}-{time.time_ns()}")

    def _hold(self, group: Path) -> int:
        for folder in _PRIVATE:
            self._make_covered(Path(folder))
        log = self.log("holder")
        if (pid := processes.running(self._process("holder"))) is None:
            log.unlink(missing_ok=True)
            script = ["sh", "-c", _HOLD, "hold", str(self.folder / "private"), *_PRIVATE]
            pid = processes.start(
                self._process("holder"),
                log,
                ["unshare", "--net", "--mount", "--propagation", "slave", *script],
                group=group,
            )
        wait_until(
            lambda: log.exists() and "held" in log.read_text(),
            f"the namespaces of {self.record.name} are made",
            20,
            failed=lambda: self._death("holder"),
            interval=0.01,
        )
        return pid

    def _make_covered(self, folder: Path) -> None:
        """Make a folder that must exist to be covered, and remember it, so that `down` can take it away."""
        if folder.is_dir():
            return
        made = clusters_dir() / ".made-folders"
        with made.open("a") as record:
            record.write(f"{folder}\n")
        folder.mkdir(parents=True, exist_ok=True)

    def _start(self, name: str, group: Path, holder: int, argv: list[str]) -> None:
        inside = ["nsenter", f"--net=/proc/{holder}/ns/net", f"--mount=/proc/{holder}/ns/mnt"]
        processes.start(self._process(name), self.log(name), [*inside, *argv], group=group)

    def _death(self, *names: str) -> str:
        for name in names:
            if processes.running(self._process(name)) is None:
                return f"{name} has ended; the end of {self.log(name)}:\n{processes.last_lines(self.log(name))}"
        return ""

    def _containerd_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
            except OSError:
                return False
        return True

    def _configure(self) -> None:
        instance, name, folder = self.instance, self.record.name, self.folder
        identity = Subject(f"system:node:{name}", "system:nodes", (name, self.address))
        certificates.sign(instance.certificates, name, identity)
        write_whole(folder / "kubelet.kubeconfig", kubeconfig_of(instance, self.plan, name), 0o600)
        memory_kib = int(Path("/proc/meminfo").read_text().split()[1])
        reserved = configuration.reserved(os.cpu_count() or 1, memory_kib, self.record.cpu, self.record.memory)
        kubelet = configuration.kubelet(
            folder=folder,
            certificates=instance.certificates,
            address=self.address,
            cgroup=self.group,
            reserved=reserved,
            file=name,
        )
        proxy = configuration.kube_proxy(
            kubeconfig_file=instance.certificates / "kube-proxy.kubeconfig",
            node=name,
            address=self.address,
            pods=self.plan.pods,
        )
        pods = configuration.pod_network(f"millpond-{instance.name}", self.plan.node_pods(self.record.index), folder)
        write_whole(folder / "kubelet.json", json.dumps(kubelet, indent=2))
        write_whole(folder / "kube-proxy.json", json.dumps(proxy, indent=2))
        write_whole(folder / "cni" / "10-pods.conflist", json.dumps(pods, indent=2))
        write_whole(folder / "containerd.toml", configuration.containerd(folder))

    def _kubelet_flags(self) -> list[str]:
        flags = [
            f"--config={self.folder}/kubelet.json",
            f"--kubeconfig={self.folder}/kubelet.kubeconfig",
            f"--root-dir={self.folder}/kubelet",
            f"--cert-dir={self.folder}/kubelet-certificates",
            f"--hostname-override={self.record.name}",
            f"--node-ip={self.address}",
        ]
        return [*flags, f"--node-labels={self.record.labels}"] if self.record.labels else flags


def clear(instance: Instance) -> None:
    """Have what removed nodes left behind deleted, by a process that nobody waits for."""
    left = [str(path) for path in instance.trash.iterdir()] if instance.trash.exists() else []
    if left:
        group = cgroups.make(f"{instance.cgroup}/clearing")
        processes.start(
            instance.trash.with_name("clearing"), instance.logs / "clearing.log", ["rm", "-rf", *left], group=group
        )


def remove_made_folders() -> None:
    """With no instance left: remove the folders that were made to be covered, where nobody has used them since."""
    made = clusters_dir() / ".made-folders"
    if not made.exists():
        return
    for line in made.read_text().split():
        try:
            Path(line).rmdir()
        except OSError:
            continue  # in use by others now, or gone: theirs to keep
    made.unlink()


def require_index(cluster: ClusterRecord, name: str) -> NodeRecord:
    """The record of a real node that must exist."""
    node = cluster.node(name)
    if node is None:
        known = ", ".join(item.name for item in cluster.nodes) or "none"
        raise ClusterError(f"cluster {cluster.name} has no node {name}; its nodes: {known}")
    return node
