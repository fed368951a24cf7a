"""Local volumes for claims: the storage class `local`, without a provisioner, and free volumes for it on real nodes.

Each is a folder of the instance, so it goes with it. A volume whose claim has gone is used up, and replaced.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import controlplane, state
from .layout import Instance
from .operations import holding

CLASS = "local"
SIZE = "1Gi"
"""What each volume is said to hold; nothing bounds it but the machine's disk."""
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_VOLUMES = "/api/v1/persistentvolumes"

Document = dict[str, Any]


def supply(instance: Instance, each: int) -> list[str]:
    """Have so many free volumes on each real node; the names of all free ones. Again is as good as once."""
    with holding(instance):
        record = state.existing(instance)
        kube = controlplane.refuse_without(instance, record.plan)
        kube.ask("POST", _CLASSES, storage_class(), fine={409})
        found = kube.ask("GET", _VOLUMES)["items"]
        used_up = [name_of(volume) for volume in found if phase_of(volume) in ("Released", "Failed")]
        for name in used_up:
            kube.ask("DELETE", f"{_VOLUMES}/{name}", fine={404})
            shutil.rmtree(_folder(instance, name), ignore_errors=True)
        taken = {name_of(volume) for volume in found} - set(used_up)
        free = [name_of(volume) for volume in found if phase_of(volume) in ("Available", "Pending")]
        for node in (item.name for item in record.nodes):
            own = [name for name in free if name.startswith(f"{node}-")]
            for name in next_names(node, taken, each - len(own)):
                _folder(instance, name).mkdir(parents=True)
                kube.ask("POST", _VOLUMES, volume_document(name, node, _folder(instance, name)))
                free.append(name)
        return sorted(free)


def storage_class() -> Document:
    """The class: a claim is bound when the Pod that mounts it has found a node."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def volume_document(name: str, node: str, folder: Path) -> Document:
    """A volume in a folder that only that node reaches."""
    host = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": SIZE},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": CLASS,
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [host]}]}},
        },
    }


def next_names(node: str, taken: Iterable[str], count: int) -> list[str]:
    """Names for `count` more volumes on the node: the first free numbers; none where `count` is less than one."""
    names: list[str] = []
    taken, number = set(taken), 0
    while len(names) < count:
        number += 1
        if f"{node}-{number}" not in taken:
            names.append(f"{node}-{number}")
    return names


def name_of(volume: Document) -> str:
    """The volume's name."""
    return str(volume["metadata"]["name"])


def phase_of(volume: Document) -> str:
    """Where the volume stands: Pending at first, Available, Bound, and Released when its claim has gone."""
    return str(volume.get("status", {}).get("phase", "Pending"))


def _folder(instance: Instance, name: str) -> Path:
    return instance.root / "volumes" / name
