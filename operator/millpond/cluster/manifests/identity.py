"""Labels and owners of the Pods we make."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.kind import API_VERSION
from millpond.cluster.manifests.layout import Manifest


def common_labels(role: labels.Role, pool: str, node: str) -> dict[str, str]:
    """Labels of every Pod of ours."""
    return {
        labels.APP_NAME: labels.OPERATOR,
        labels.MANAGED_BY: labels.OPERATOR,
        labels.COMPONENT: role.value,
        labels.POOL: pool,
        labels.NODE: node,
        labels.ROLE: role.value,
    }


def owner(kind: str, name: str, uid: str) -> Manifest:
    """The reference that makes the garbage collector delete the Pod after its owner."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


SURVIVE_SILENCE: list[Manifest] = [
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
]
"""Only the operator decides what becomes of Pods on a silent host."""

KEEP_HOST = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
"""Annotations by which node autoscalers leave a host alone while a node stands, or a task runs, on it."""
