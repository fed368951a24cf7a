"""A simulated Cluster API: MachineDeployments whose Machines become hosts after a while, and leave when told to.

Like its model it does nothing at once: a machine takes `delay` seconds to become a host, and one that goes takes its
host with it. It reads what is there in each pass, takes the Machines first that are marked to go first, and replaces
those whose host is gone, as a MachineHealthCheck does.
"""

from __future__ import annotations

from support.hosts import Hosts
from support.model.failures import StatusError
from support.model.store import Document
from support.model.verbs import Verbs

API_VERSION = "cluster.x-k8s.io/v1beta2"
DELETE_FIRST = "cluster.x-k8s.io/delete-machine"
OWNER = "cluster.x-k8s.io/deployment-name"


class Machines:
    """`advance` makes one pass; `due` says when the next one has something to do."""

    def __init__(self, verbs: Verbs, hosts: Hosts) -> None:
        self._verbs = verbs
        self._hosts = hosts
        self._made = 0
        self.delay = 5.0
        self.barren = False
        """No machine becomes a host any more."""
        self._ready_at: dict[str, float] = {}

    def deployment(self, namespace: str, name: str, replicas: int = 0) -> None:
        """A MachineDeployment."""
        self._verbs.create(
            "machinedeployments", namespace, {"metadata": {"name": name}, "spec": {"replicas": replicas}}
        )

    def advance(self) -> None:
        """Make and remove Machines as is wanted, and hosts as Machines say."""
        for deployment in self._verbs.list("machinedeployments"):
            self._size(deployment)
        hosts = {key[1] for key in self._verbs.store.all("nodes")}
        for machine in self._verbs.list("machines"):
            if "status" in machine and machine["metadata"]["name"] not in hosts:
                self._remove(machine)
            else:
                self._become(machine)

    def due(self, forever: float) -> float:
        """When the next machine becomes a host."""
        return min(self._ready_at.values(), default=forever) if not self.barren else forever

    def _size(self, deployment: Document) -> None:
        meta = deployment["metadata"]
        owned = self._verbs.list("machines", meta["namespace"], f"{OWNER}={meta['name']}")
        for _ in range(deployment["spec"]["replicas"] - len(owned)):
            self._make(meta)
        owned.sort(key=lambda m: (DELETE_FIRST not in m["metadata"].get("annotations", {}), "status" in m))
        for machine in owned[: max(0, len(owned) - deployment["spec"]["replicas"])]:
            self._remove(machine)
        count = max(len(owned), deployment["spec"]["replicas"])
        status = {"status": {"replicas": count, "selector": f"{OWNER}={meta['name']}"}}
        self._verbs.merge_patch("machinedeployments", meta["namespace"], meta["name"], status, "status")

    def _make(self, owner: Document) -> None:
        self._made += 1
        name = f"{owner['name']}-{self._made}"
        document = {"metadata": {"name": name, "labels": {OWNER: owner["name"]}}, "spec": {}}
        self._verbs.create("machines", owner["namespace"], document)
        self._ready_at[name] = self._verbs.clock() + self.delay

    def _remove(self, machine: Document) -> None:
        meta = machine["metadata"]
        self._ready_at.pop(meta["name"], None)
        self._verbs.delete("machines", meta["namespace"], meta["name"])
        try:
            self._hosts.leave(meta["name"])
        except StatusError as failure:
            if failure.status != 404:
                raise

    def _become(self, machine: Document) -> None:
        meta = machine["metadata"]
        if self.barren or self._verbs.clock() < self._ready_at.get(meta["name"], float("inf")):
            return
        del self._ready_at[meta["name"]]
        self._hosts.join(meta["name"])
        status = {"status": {"nodeRef": {"name": meta["name"]}}}
        self._verbs.merge_patch("machines", meta["namespace"], meta["name"], status, "status")
