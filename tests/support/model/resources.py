"""The resources the model serves, and what sets them apart: scope, status, selectable fields, grace."""

from __future__ import annotations

from dataclasses import dataclass

from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import API_VERSION
from millpond.api.pool import Pool
from millpond.api.task import Task


@dataclass(frozen=True)
class ResourceType:
    """One resource. `counts_generations` is false for kinds whose spec has no generation (Nodes, Leases, Events)."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True
    status: bool = False
    counts_generations: bool = False
    graceful: bool = False
    finalizers: tuple[str, ...] = ()
    """What the server's own admission puts on each new object."""
    scale: str = ""
    """The field of its spec that its scale subresource sets; "" where it has none."""
    selectable: tuple[str, ...] = ("metadata.name", "metadata.namespace")


_META = ("metadata.name", "metadata.namespace")
_OURS = tuple(
    ResourceType(
        API_VERSION,
        model.KIND.name,
        model.KIND.plural,
        status=True,
        counts_generations=True,
        scale=model.KIND.scale.spec_path.removeprefix(".spec.") if model.KIND.scale else "",
        selectable=(*_META, *(path.lstrip(".") for path in model.KIND.selectable)),
    )
    for model in (Pool, ComputeNode, Job, Task, JobSchedule)
)
_MACHINES = "cluster.x-k8s.io/v1beta2"
_THEIRS = (
    ResourceType(
        "v1",
        "Pod",
        "pods",
        status=True,
        counts_generations=True,
        graceful=True,
        selectable=(*_META, "spec.nodeName", "status.phase", "spec.restartPolicy", "spec.schedulerName"),
    ),
    ResourceType(
        "v1", "Node", "nodes", namespaced=False, status=True, selectable=("metadata.name", "spec.unschedulable")
    ),
    ResourceType("events.k8s.io/v1", "Event", "events", selectable=(*_META, "reason", "type", "regarding.uid")),
    ResourceType(
        "v1", "Namespace", "namespaces", namespaced=False, status=True, selectable=("metadata.name", "status.phase")
    ),
    ResourceType("v1", "ConfigMap", "configmaps"),
    ResourceType("v1", "Secret", "secrets"),
    ResourceType(
        "v1",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        status=True,
        finalizers=("kubernetes.io/pvc-protection",),
    ),
    ResourceType("v1", "ServiceAccount", "serviceaccounts"),
    ResourceType("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    ResourceType("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    ResourceType("coordination.k8s.io/v1", "Lease", "leases"),
    ResourceType(
        _MACHINES, "MachineDeployment", "machinedeployments", status=True, counts_generations=True, scale="replicas"
    ),
    ResourceType(_MACHINES, "Machine", "machines", status=True, counts_generations=True),
    ResourceType("karpenter.sh/v1", "NodePool", "nodepools", namespaced=False, scale="replicas"),
)

BY_PLURAL = {kind.plural: kind for kind in (*_OURS, *_THEIRS)}
"""Plurals are unique among the resources that Millpond uses."""
