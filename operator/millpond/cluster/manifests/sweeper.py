"""The container of a node Pod that deletes directories of tasks, whoever's files are in them (reference §7.5)."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.nodetemplate import Storage
from millpond.cluster.manifests.layout import ROOT, Manifest, node_mount
from millpond.cluster.manifests.storage import of_keeper
from millpond.lifecycle.nodes import SWEEPER_CONTAINER
from millpond.settings import Settings

ORDERS_VOLUME = "orders"
ORDERS = "/run/millpond"
"""Where the container sees the node Pod's annotation with the operator's orders."""
ERASE = "erase"


def sweeper(storage: Storage, settings: Settings, *, evicts: bool) -> Manifest:
    """The manifest. It listens to nobody, and asks for no room: it has a part of the agent's.

    `evicts`: it deletes retained files before their time while the disk is full.
    """
    return {
        "name": SWEEPER_CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["millpond", "agent", "sweep", "--root", ROOT, "--orders", f"{ORDERS}/{ERASE}"]
        + (["--evict"] if evicts else []),
        "volumeMounts": [node_mount(), {"name": ORDERS_VOLUME, "mountPath": ORDERS, "readOnly": True}],
        "securityContext": of_keeper(storage, settings),
    }


def orders_volume() -> Manifest:
    """The volume in which the kubelet shows the container that annotation as it changes."""
    path = f"metadata.annotations['{labels.ERASE_ANNOTATION}']"
    return {
        "name": ORDERS_VOLUME,
        "downwardAPI": {"items": [{"path": ERASE, "fieldRef": {"apiVersion": "v1", "fieldPath": path}}]},
    }
