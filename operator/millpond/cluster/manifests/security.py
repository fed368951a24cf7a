"""Security contexts: what tasks, start tasks and our own containers may do. The least, written out."""

from __future__ import annotations

from collections.abc import Sequence

from millpond.cluster.manifests.layout import Manifest
from millpond.lifecycle.users import ROOT_ID, User

ADMIN_CAPABILITIES = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETUID", "SYS_CHROOT",
)  # fmt: skip
"""What root needs to install packages, own files and become other users, within the Baseline standard."""


def of_pod(gid: int) -> Manifest:
    """For a whole Pod: `gid` is the group that all tasks of a node have in common."""
    return {"seccompProfile": {"type": "RuntimeDefault"}, "supplementalGroups": [gid]}


def of_node_pod(gid: int, *, has_volumes: bool) -> Manifest:
    """For a node Pod: it gives volumes to the group of all tasks, once, and leaves what tasks have closed as it is."""
    if not has_volumes:
        return of_pod(gid)
    return of_pod(gid) | {"fsGroup": gid, "fsGroupChangePolicy": "OnRootMismatch"}


def of_user(user: User) -> Manifest:
    """For users' commands: not root, no capability, no way to gain any; an administrator is root in its container."""
    return _root(ADMIN_CAPABILITIES) if user.admin else _unprivileged(user.uid, user.gid)


def of_agent(uid: int, gid: int) -> Manifest:
    """For the container that serves the node directory's files."""
    return _unprivileged(uid, gid) | {"readOnlyRootFilesystem": True}


def runs_as_root(pod: Manifest) -> bool:
    """Whether a container of a Pod of ours is an administrator's."""
    return any(container["securityContext"]["runAsUser"] == ROOT_ID for container in pod["spec"]["containers"])


def over_all_files(gid: int) -> Manifest:
    """For the containers that make and erase the node directory, whoever's files are in it.

    `gid` is the group that directories are given to: a set-group-ID mark is only taken from members.
    """
    three = _root(("CHOWN", "DAC_OVERRIDE", "FOWNER"))
    return three | {"runAsGroup": gid, "readOnlyRootFilesystem": True}


def _unprivileged(uid: int, gid: int) -> Manifest:
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": gid,
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _root(capabilities: Sequence[str]) -> Manifest:
    return {
        "runAsNonRoot": False,
        "runAsUser": ROOT_ID,
        "runAsGroup": ROOT_ID,
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "capabilities": {"drop": ["ALL"], "add": list(capabilities)},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
