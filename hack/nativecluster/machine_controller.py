"""The controller of machines: one round brings Machines to what their MachineDeployments want, and nodes to Machines.

Each round starts from what is there: the API's objects and the record of nodes, which says of a node whose Machine it
is. So it can be killed at any point, and the next round goes on.
"""

from __future__ import annotations

import time

from . import controlplane, machines, node, operations, processes, state
from .kube import Kube
from .layout import Instance
from .machines import API_VERSION, DEPLOYMENT, FINALIZER, PLURALS, Document, Machine
from .operations import NodeWish
from .progress import ClusterError, say, step, wait_until

_PAUSE = 0.5
_DEPLOYMENTS, _MACHINES = PLURALS
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def install(instance: Instance) -> None:
    """Define the kinds and start the controller; again is as good as once."""
    with operations.holding(instance):
        record = state.existing(instance)
        if not record.kubelets:
            raise ClusterError(f"cluster {instance.name} was made with --no-kubelets: it has no machines")
        kube = controlplane.refuse_without(instance, record.plan)
        for document in machines.definitions():
            kube.ask("POST", _DEFINITIONS, document, fine={409})
        wait_until(lambda: all(_served(kube, plural) for plural in PLURALS), "the kinds of machines are served", 30)
        record.machines = True
        state.save(instance, record)
        operations.converge(instance, record)


def remove(instance: Instance) -> None:
    """Remove all machines with their nodes, the controller and the kinds; none there is as good."""
    record = state.existing(instance)
    kube = controlplane.refuse_without(instance, record.plan)
    if not record.machines and not _served(kube, _DEPLOYMENTS):
        return
    processes.stop(instance.processes / controlplane.MACHINES)
    with step("removing machines"):
        for item in _items(kube, _DEPLOYMENTS):
            kube.ask("DELETE", _path(item, _DEPLOYMENTS), fine={404})
        while _items(kube, _DEPLOYMENTS) or _items(kube, _MACHINES) or _nodes(instance):
            work(instance, kube)
            time.sleep(_PAUSE)
        for plural in PLURALS:
            kube.ask("DELETE", f"{_DEFINITIONS}/{plural}.{machines.GROUP}", fine={404})
        wait_until(lambda: not any(_served(kube, plural) for plural in PLURALS), "the kinds are gone", 30)
    node.clear(instance)
    with operations.holding(instance):
        record = state.existing(instance)
        record.machines = False
        state.save(instance, record)


def run(instance: Instance) -> None:
    """Work until killed: what the process `machines` does."""
    while True:
        try:
            node.clear(instance)
            work(instance, Kube(state.existing(instance).plan, instance.certificates))
        except (OSError, ClusterError) as error:  # the API server restarts, or a program of a node does not start
            say(f"another try in a moment: {error}")
        time.sleep(_PAUSE)


def work(instance: Instance, kube: Kube) -> None:
    """One round."""
    for deployment in _items(kube, _DEPLOYMENTS):
        _size(kube, deployment)
    every = _items(kube, _MACHINES)
    _match_nodes(instance, kube, every)
    _tell(kube, instance, every)


def _size(kube: Kube, deployment: Document) -> None:
    meta = deployment["metadata"]
    owned = [Machine.of(item) for item in _items(kube, _MACHINES, meta["namespace"], f"{DEPLOYMENT}={meta['name']}")]
    replicas = 0 if "deletionTimestamp" in meta else deployment["spec"]["replicas"]
    for name in machines.missing(meta["name"], owned, replicas):
        document = machines.machine_document(deployment, name)
        kube.ask("POST", _path(document, _MACHINES, named=False), document, fine={409})
    for name in machines.surplus(owned, replicas):
        kube.ask("DELETE", f"{_path(deployment, _MACHINES, named=False)}/{name}", fine={404})
    ready = sum(bool(machine.node) for machine in owned)
    status = {"replicas": len(owned), "readyReplicas": ready, "selector": f"{DEPLOYMENT}={meta['name']}"}
    if deployment.get("status") != status:
        kube.ask("PATCH", f"{_path(deployment, _DEPLOYMENTS)}/status", {"status": status}, fine={404})


def _match_nodes(instance: Instance, kube: Kube, every: list[Document]) -> None:
    """Start nodes of Machines that have none, and remove those whose Machine goes, is gone, or lost its node."""
    nodes = _nodes(instance)
    wanted = {_key(item): item for item in every if "deletionTimestamp" not in item["metadata"]}
    for key, item in list(wanted.items()):
        if Machine.of(item).node and key not in nodes:
            kube.ask("DELETE", _path(item, _MACHINES), fine={404})  # its node was taken away: another one is made
            del wanted[key]
    for key in nodes.keys() - wanted.keys():
        operations.remove_node(instance, nodes[key])
    for item in every:
        if "deletionTimestamp" in item["metadata"] and _key(item) not in _nodes(instance):
            kept = [name for name in item["metadata"].get("finalizers", []) if name != FINALIZER]
            kube.ask("PATCH", _path(item, _MACHINES), {"metadata": {"finalizers": kept}}, fine={404})
    new = [_wish(key, wanted[key]["spec"]) for key in sorted(wanted.keys() - nodes.keys())]
    if new or not operations.all_run(instance):
        operations.add_nodes(instance, new)


def _tell(kube: Kube, instance: Instance, every: list[Document]) -> None:
    """Say of each Machine which node it is, once that is Ready."""
    ready, nodes = kube.nodes(), _nodes(instance)
    for item in every:
        node = nodes.get(_key(item), "")
        if ready.get(node) and Machine.of(item).node != node:
            status = {"nodeRef": {"apiVersion": "v1", "kind": "Node", "name": node}, "phase": "Running"}
            kube.ask("PATCH", f"{_path(item, _MACHINES)}/status", {"status": status}, fine={404})


def _wish(key: str, spec: Document) -> NodeWish:
    labels = ",".join(f"{name}={value}" for name, value in sorted(spec.get("labels", {}).items()))
    return NodeWish(labels, spec.get("cpu", ""), spec.get("memory", ""), key)


def _nodes(instance: Instance) -> dict[str, str]:
    """The nodes that are machines, by the keys of these."""
    return {node.machine: node.name for node in state.existing(instance).nodes if node.machine}


def _key(item: Document) -> str:
    meta = item["metadata"]
    return f"{meta['namespace']}/{meta['name']}/{meta['uid']}"


def _items(kube: Kube, plural: str, namespace: str = "", selector: str = "") -> list[Document]:
    within = f"/namespaces/{namespace}" if namespace else ""
    path = f"/apis/{API_VERSION}{within}/{plural}?labelSelector={selector.replace('=', '%3D')}"
    found: list[Document] = kube.ask("GET", path, fine={404}).get("items", [])
    return found


def _served(kube: Kube, plural: str) -> bool:
    return kube.request("GET", f"/apis/{API_VERSION}/{plural}")[0] == 200


def _path(item: Document, plural: str, *, named: bool = True) -> str:
    meta = item["metadata"]
    return f"/apis/{API_VERSION}/namespaces/{meta['namespace']}/{plural}" + (f"/{meta['name']}" if named else "")
