"""The tool's commands over whole instances: up, down, nodes, images. Each compares the record with what runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import binaries, cgroups, controlplane, images, network, node, packages, processes, simulated, state
from .kube import Kube
from .layout import MAX_NODES, Instance, clusters_dir
from .node import Node
from .progress import ClusterError, say, step, wait_until
from .state import ClusterRecord


@dataclass(frozen=True)
class NodeWish:
    """What new nodes shall be like; empty text leaves a thing as the machine has it."""

    labels: str = ""
    cpu: str = ""
    memory: str = ""
    machine: str = ""
    """Which Machine the node is, if it is one."""


def up(instance: Instance, count: int | None, *, kubelets: bool, wish: NodeWish) -> ClusterRecord:
    """Bring an instance up, or verify and mend it: `count` nodes for a new one (None: 3), at least so many if old."""
    prepare(kubelets=kubelets)
    with holding(instance):
        record = state.load(instance)
        is_new = record is None
        record = record or state.claim(instance, kubelets=kubelets)
        if record.kubelets != kubelets and not is_new:
            raise ClusterError(
                f"cluster {instance.name} was made {'with' if record.kubelets else 'without'} kubelets: "
                f"take it down first, or use another --name"
            )
        wanted = 0 if not kubelets else count if count is not None else 3
        if wanted > MAX_NODES:
            raise ClusterError(f"{wanted} nodes are too many: {MAX_NODES} is the most")
        if not record.nodes or count is not None:
            while len(record.nodes) < wanted:
                record.add_node(wish.labels, wish.cpu, wish.memory, wish.machine)
        state.save(instance, record)
        converge(instance, record)
    return record


def prepare(*, kubelets: bool, simulated_nodes: bool = False) -> None:
    """Everything an instance needs on the machine: packages and programs."""
    if kubelets:
        packages.require_root()
        packages.require(packages.CONTROL_PLANE, packages.NODES, packages.IMAGES)
    else:
        packages.require(packages.CONTROL_PLANE)
    wanted = binaries.CONTROL_PLANE + (binaries.NODES if kubelets else ())
    binaries.ensure(wanted + (binaries.SIMULATED if simulated_nodes else ()))


def converge(instance: Instance, record: ClusterRecord) -> None:
    """Start whatever of an instance does not run, and wait until all of it is well."""
    if record.kubelets:
        network.connect(record.plan, instance.name)
        images.pause()
    controlplane.start(instance, record)
    kube = Kube(record.plan, instance.certificates)
    nodes = [Node(instance, record, item) for item in record.nodes]
    with ThreadPoolExecutor(max(1, len(nodes))) as pool:
        list(pool.map(lambda item: (item.start(), item.wait_ready(kube)), nodes))


def down(instance: Instance) -> bool:
    """End everything of an instance and remove what it made; False if there is nothing of that name."""
    with holding(instance):
        record = state.load(instance)
        if record is None and not instance.root.exists():
            return False
        with step(f"taking down cluster {instance.name}"):
            _end_all(instance, record)
    return True


@contextmanager
def holding(instance: Instance) -> Iterator[None]:
    """Keep other commands from the same instance; where none is left of it, leave no lock either."""
    try:
        with state.locked(state.lock_of(instance), f"cluster {instance.name}"):
            try:
                yield
            finally:
                if not instance.root.exists():
                    state.lock_of(instance).unlink()
    finally:
        if not instance.root.exists():
            _leave_nothing()


def _leave_nothing() -> None:
    """With the last instance gone: remove what all of them shared."""
    slots = clusters_dir() / ".slots.lock"
    with state.locked(slots, "the list of clusters"):
        if state.every_instance():
            return
        node.remove_made_folders()
        slots.unlink()
    for folder in (clusters_dir(), clusters_dir().parent):
        try:
            folder.rmdir()
        except OSError:
            return  # another command has begun to use it, or it is the cache


def _end_all(instance: Instance, record: ClusterRecord | None) -> None:
    """The record goes last: until then another `down` knows what is left to do."""
    cgroups.end(instance.cgroup)
    if cgroups.available():
        cgroups.remove_if_empty("millpond")
    for process in sorted(instance.processes.glob("*")) if instance.processes.is_dir() else []:
        processes.stop(process, grace=0)  # without root there are no control groups
    if record is not None and record.kubelets:
        network.disconnect(record.plan, instance.name)
    shutil.rmtree(instance.etcd_data(), ignore_errors=True)
    for entry in instance.root.iterdir() if instance.root.exists() else []:
        if entry != instance.record:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.rmtree(instance.root, ignore_errors=True)


def add_nodes(instance: Instance, wishes: Sequence[NodeWish]) -> list[str]:
    """Add real nodes, and start whatever else does not run; return the names of the new ones."""
    with holding(instance):
        record = state.existing(instance)
        if not record.kubelets:
            raise ClusterError(f"cluster {instance.name} was made with --no-kubelets: it takes simulated nodes only")
        prepare(kubelets=True)
        names = [record.add_node(wish.labels, wish.cpu, wish.memory, wish.machine).name for wish in wishes]
        state.save(instance, record)
        converge(instance, record)
    return names


def all_run(instance: Instance) -> bool:
    """Whether the programs of all real nodes run."""
    record = state.existing(instance)
    return all(Node(instance, record, item).running() for item in record.nodes)


def add_simulated(instance: Instance, count: int, wish: NodeWish, task_seconds: float | None) -> list[str]:
    """Add simulated nodes, with KWOK started for the first; return their names.

    `task_seconds` is how long pods that are not restarted take on all simulated nodes (None: as it was, first 1).
    """
    labels = dict(pair.split("=", 1) for pair in wish.labels.split(",") if pair)
    with holding(instance):
        record = state.existing(instance)
        if not record.simulated or task_seconds not in {None, record.task_seconds}:
            prepare(kubelets=record.kubelets, simulated_nodes=True)
            record.simulated = True
            record.task_seconds = record.task_seconds if task_seconds is None else task_seconds
            state.save(instance, record)
            converge(instance, record)
        kube = controlplane.refuse_without(instance, record.plan)
        names = simulated.add(kube, count, cpu=wish.cpu or "8", memory=wish.memory or "32Gi", labels=labels)
        with step(f"{count} simulated nodes become Ready"):
            wait_until(
                lambda: all(kube.nodes().get(name) for name in names), "simulated nodes become Ready", 60 + count
            )
    return names


def remove_node(instance: Instance, name: str) -> None:
    """Remove a node: its Node object, and everything that ran for it. Its files are for `node.clear` to delete."""
    with holding(instance):
        record = state.existing(instance)
        kube = controlplane.refuse_without(instance, record.plan)
        if not (simulated.is_simulated(name) and record.node(name) is None):
            wanted = node.require_index(record, name)
            with step(f"removing {name}"):
                Node(instance, record, wanted).end()
                record.nodes.remove(wanted)
                state.save(instance, record)
        status, answer = kube.request("DELETE", f"/api/v1/nodes/{name}")
        if status not in {200, 404}:
            raise ClusterError(f"the API server refused to delete the node {name}: {answer}")
        if status == 404 and simulated.is_simulated(name):
            raise ClusterError(f"cluster {instance.name} has no node {name}")


def load_images(instance: Instance, items: Sequence[str]) -> None:
    """Load archives, or images that buildah or Docker have, into every real node."""
    with holding(instance):
        record = state.existing(instance)
        nodes = [Node(instance, record, item) for item in record.nodes]
        stopped = [item.record.name for item in nodes if not item.running()]
        if stopped:
            raise ClusterError(f"{', '.join(stopped)} not running: run `hack/cluster up --name {instance.name}` first")
        with tempfile.TemporaryDirectory() as folder:
            for item in items:
                path = Path(item)
                archive = path if path.is_file() else images.export(item, Path(folder))
                images.load(instance, [one.socket for one in nodes], [archive])


def status(instance: Instance) -> bool:
    """Print what an instance is and whether each part is well; True if all is."""
    record = state.existing(instance)
    plan = record.plan
    kube = Kube(plan, instance.certificates)
    answers = kube.is_ready()
    print(f"cluster {record.name}: Kubernetes {binaries.kubernetes_version()}, {plan.api_url}, {instance.kubeconfig}")
    well = answers
    for name in controlplane.components(record):
        pid = processes.running(instance.processes / name)
        well = well and pid is not None
        print(f"  {name:<26}{f'running, process {pid}' if pid else f'ended; see {instance.logs / name}.log'}")
    ready = kube.nodes() if answers else {}
    for item in record.nodes:
        real = Node(instance, record, item)
        is_ready = ready.pop(item.name, False)
        is_well = real.running() and is_ready
        well = well and is_well
        words = "Ready" if is_well else f"not Ready; see {instance.logs}/{item.name}-*.log"
        print(f"  {item.name:<26}{words}, {real.address}")
    if ready:
        well = well and all(ready.values())
        print(f"  {'simulated nodes':<26}{sum(ready.values())} of {len(ready)} Ready")
    if not well:
        say(f"not all is well: `hack/cluster up --name {instance.name}` mends it")
    return well
