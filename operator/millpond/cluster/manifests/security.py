"""Security contexts: what tasks, start tasks and our own containers may do. The least, written out."""

from __future__ import annotations

from millpond.cluster.manifests.layout import Manifest


def unprivileged(uid: int, gid: int) -> Manifest:
    """For users' commands and the agent: not root, no capability, no way to gain any."""
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": gid,
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def layout_maker() -> Manifest:
    """For the one container that makes the node directory, which the kubelet creates for root alone."""
    return {
        "runAsNonRoot": False,
        "runAsUser": 0,
        "runAsGroup": 0,
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
