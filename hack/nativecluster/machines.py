"""Machines as Cluster API shows them: the definitions of its two kinds, and the judgement of one round. Pure.

A `MachineDeployment` wants so many `Machine`s; each Machine is one real node. What differs from Cluster API: no
MachineSet stands between the two, templates give labels and sizes of nodes only, and nothing is drained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GROUP = "cluster.x-k8s.io"
VERSION = "v1beta2"
API_VERSION = f"{GROUP}/{VERSION}"
DELETE_FIRST = f"{GROUP}/delete-machine"
"""Annotation: a MachineDeployment that shrinks removes such Machines before others."""
DEPLOYMENT = f"{GROUP}/deployment-name"
FINALIZER = f"machine.{GROUP}"
PLURALS = ("machinedeployments", "machines")

Document = dict[str, Any]


@dataclass(frozen=True)
class Machine:
    """What the judgement sees of a Machine."""

    name: str
    node: str = ""
    deleted_first: bool = False
    going: bool = False

    @classmethod
    def of(cls, document: Document) -> Machine:
        """Read a Machine object."""
        meta = document["metadata"]
        node = document.get("status", {}).get("nodeRef", {}).get("name", "")
        return cls(meta["name"], node, DELETE_FIRST in meta.get("annotations", {}), "deletionTimestamp" in meta)


def surplus(machines: list[Machine], replicas: int) -> list[str]:
    """The Machines to delete: those that are to go first, then those without a node, then the last by name."""
    staying = [machine for machine in machines if not machine.going]
    ordered = sorted(staying, key=lambda machine: machine.name, reverse=True)
    ordered.sort(key=lambda machine: (not machine.deleted_first, bool(machine.node)))
    return [machine.name for machine in ordered[: max(0, len(staying) - replicas)]]


def missing(deployment: str, machines: list[Machine], replicas: int) -> list[str]:
    """Names for the Machines to create: the first free numbers."""
    taken = {machine.name for machine in machines}
    staying = sum(not machine.going for machine in machines)
    names: list[str] = []
    number = 0
    while staying + len(names) < replicas:
        number += 1
        if f"{deployment}-{number}" not in taken:
            names.append(f"{deployment}-{number}")
    return names


def machine_document(deployment: Document, name: str) -> Document:
    """A Machine of a MachineDeployment."""
    meta = deployment["metadata"]
    owner = {"apiVersion": API_VERSION, "kind": "MachineDeployment", "name": meta["name"], "uid": meta["uid"]}
    return {
        "apiVersion": API_VERSION,
        "kind": "Machine",
        "metadata": {
            "name": name,
            "namespace": meta["namespace"],
            "labels": {DEPLOYMENT: meta["name"]},
            "finalizers": [FINALIZER],
            "ownerReferences": [owner | {"controller": True, "blockOwnerDeletion": True}],
        },
        "spec": dict(deployment["spec"].get("template", {}).get("spec", {})),
    }


def definitions() -> list[Document]:
    """The two CustomResourceDefinitions."""
    deployment, machine = PLURALS
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    wanted = {"replicas": {"type": "integer", "minimum": 0, "default": 1}, "template": _template()}
    return [
        _definition("MachineDeployment", deployment, wanted, {"status": {}, "scale": scale}),
        _definition("Machine", machine, _node_properties(), {"status": {}}),
    ]


def _node_properties() -> Document:
    text = {"type": "string", "maxLength": 63}
    return {"labels": {"type": "object", "additionalProperties": text}, "cpu": text, "memory": text}


def _template() -> Document:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": _node_properties()}}}


def _definition(kind: str, plural: str, spec: Document, subresources: Document) -> Document:
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": spec}, "status": status}}
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": subresources,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }
