"""Simulated nodes: Node objects whose kubelet is KWOK. Pods bound to them go through their states and run nothing."""

from __future__ import annotations

from typing import Any

from .kube import Kube
from .progress import ClusterError

_PREFIX = "simulated-"


def node_object(name: str, cpu: str, memory: str, labels: dict[str, str]) -> dict[str, Any]:
    """A Node that KWOK takes over."""
    room = {"cpu": cpu, "memory": memory, "pods": "200", "ephemeral-storage": "100Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "type": "kwok",
                **labels,
            },
        },
        "status": {"allocatable": room, "capacity": room},
    }


def next_names(existing: set[str], count: int) -> list[str]:
    """Names for `count` more simulated nodes: the first free numbers."""
    names: list[str] = []
    number = 0
    while len(names) < count:
        number += 1
        if f"{_PREFIX}{number}" not in existing:
            names.append(f"{_PREFIX}{number}")
    return names


def add(kube: Kube, count: int, *, cpu: str, memory: str, labels: dict[str, str]) -> list[str]:
    """Create `count` simulated nodes; return their names."""
    names = next_names(set(kube.nodes()), count)
    for name in names:
        status, answer = kube.request("POST", "/api/v1/nodes", node_object(name, cpu, memory, labels))
        if status not in {201, 409}:
            raise ClusterError(f"the API server refused the node {name}: {answer}")
    return names


def is_simulated(name: str) -> bool:
    """Whether a node of that name was made here."""
    return name.startswith(_PREFIX)
