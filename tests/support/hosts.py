"""Simulated hosts: joining, falling silent, coming back, leaving, and what the cluster's controllers make of that."""

from __future__ import annotations

from datetime import UTC, datetime

from support.kubelets import Kubelets
from support.model.failures import StatusError
from support.model.verbs import Verbs

UNREACHABLE = "node.kubernetes.io/unreachable"
FAREWELL = "ToBeDeletedByClusterAutoscaler"


class Hosts:
    """Node objects and the node controller's and PodGC's part, done at once when asked."""

    def __init__(self, verbs: Verbs, kubelets: Kubelets) -> None:
        self.verbs = verbs
        self.kubelets = kubelets

    def join(self, name: str, cpu: str = "2", memory: str = "4Gi", labels: dict[str, str] | None = None) -> None:
        """A new host that reports itself ready."""
        tags = {"kubernetes.io/hostname": name, **(labels or {})}
        self.verbs.create("nodes", None, {"metadata": {"name": name, "labels": tags}, "spec": {}})
        room = {"cpu": cpu, "memory": memory, "pods": "110"}
        self._status(name, "True", {"allocatable": room, "capacity": room})
        self.kubelets.silent.discard(name)

    def fall_silent(self, name: str) -> None:
        """The kubelet stops; nobody has noticed yet."""
        self.kubelets.silent.add(name)

    def notice_silence(self, name: str) -> None:
        """The node controller marks a host whose kubelet does not report: Ready=Unknown and a taint."""
        self._status(name, "Unknown", {})

    def come_back(self, name: str) -> None:
        """The kubelet reports again; what ended meanwhile is told now."""
        self.kubelets.silent.discard(name)
        self._status(name, "True", {})

    def say_farewell(self, name: str) -> None:
        """Cluster Autoscaler is about to delete the host."""
        host = self.verbs.get("nodes", None, name)
        taints = [*(host["spec"].get("taints") or ()), {"key": FAREWELL, "effect": "NoSchedule"}]
        self.verbs.merge_patch("nodes", None, name, {"spec": {"taints": taints}})

    def about_to_leave(self) -> list[str]:
        """Names of the hosts that have said farewell."""
        hosts = self.verbs.list("nodes")
        taints = {host["metadata"]["name"]: host["spec"].get("taints") or () for host in hosts}
        return sorted(name for name, found in taints.items() if any(taint["key"] == FAREWELL for taint in found))

    def leave(self, name: str) -> None:
        """The Node object is deleted; PodGC follows with `collect`."""
        self.verbs.delete("nodes", None, name)

    def collect(self) -> int:
        """PodGC: Pods bound to hosts that do not exist are failed and deleted without grace; how many."""
        names = {key[1] for key in self.verbs.store.all("nodes")}
        orphans = [
            pod
            for pod in self.verbs.list("pods")
            if pod["spec"].get("nodeName") and pod["spec"]["nodeName"] not in names
        ]
        for pod in orphans:
            meta = pod["metadata"]
            if pod["status"].get("phase") not in ("Succeeded", "Failed"):
                patch = {"status": {"phase": "Failed"}}
                self.verbs.merge_patch("pods", meta["namespace"], meta["name"], patch, "status")
            try:
                self.verbs.delete("pods", meta["namespace"], meta["name"], uid=meta["uid"], grace=0)
            except StatusError as failure:
                if failure.status != 404:
                    raise
        return len(orphans)

    def _status(self, name: str, ready: str, more: dict[str, object]) -> None:
        at = datetime.fromtimestamp(int(self.verbs.clock()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        condition = {"type": "Ready", "status": ready, "lastTransitionTime": at}
        self.verbs.merge_patch("nodes", None, name, {"status": {"conditions": [condition], **more}}, "status")
        host = self.verbs.get("nodes", None, name)
        taints = [taint for taint in host["spec"].get("taints") or () if taint["key"] != UNREACHABLE]
        if ready != "True":
            taints.append({"key": UNREACHABLE, "effect": "NoSchedule"})
        self.verbs.merge_patch("nodes", None, name, {"spec": {"taints": taints or None}})
