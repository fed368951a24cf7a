"""Where things are in a node directory, seen from inside containers (reference §7.2), and how containers reach it."""

from __future__ import annotations

from typing import Any

ROOT = "/mnt/batch/tasks"
STARTUP_DIRECTORY = "startup"
STARTUP = f"{ROOT}/{STARTUP_DIRECTORY}"
LAUNCHER_HOME = "/.millpond"
LAUNCHER = f"{LAUNCHER_HOME}/launcher"
LAUNCHER_DIRECTORY = "volatile/bin"
"""Where the launcher lies below the node directory; containers see it read-only."""

NODE_VOLUME = "node"

Manifest = dict[str, Any]


def directory_name(namespace: str, pool: str, node: str) -> str:
    """What the node directory is called on its host; the names hold no slash."""
    return f"{namespace}.{pool}.{node}"


def host_directory(root: str, namespace: str, pool: str, node: str) -> str:
    """The node directory on its host, in one fixed root."""
    return f"{root}/{directory_name(namespace, pool, node)}"


def task_directory(job: str, task_id: str) -> str:
    """A task's own directory, below the node directory; a job's preparation and release tasks have theirs beside."""
    return f"workitems/{job}/job-1/{task_id}"


def node_mount() -> Manifest:
    return {"name": NODE_VOLUME, "mountPath": ROOT}


def launcher_mount() -> Manifest:
    return {"name": NODE_VOLUME, "subPath": LAUNCHER_DIRECTORY, "mountPath": LAUNCHER_HOME, "readOnly": True}
