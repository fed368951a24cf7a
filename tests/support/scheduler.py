"""A simulated kube-scheduler: places Pods without a host as far as node Pods ask for it."""

from __future__ import annotations

from typing import Any

from millpond.api.resources import millicores

from support.claims import bind, may_stand
from support.model.store import Document
from support.model.verbs import Verbs


def requested_cpu(pod: Document) -> int:
    """Millicores that a Pod's containers ask for; init containers count as far as they exceed that."""
    spec = pod["spec"]
    main = sum(_cpu(container) for container in spec["containers"])
    return max([main, *(_cpu(container) for container in spec.get("initContainers") or ())])


def _cpu(container: Document) -> int:
    return millicores((container.get("resources") or {}).get("requests", {}).get("cpu", "0"))


def is_terminal(pod: Document) -> bool:
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


class Scheduler:
    """`schedule` makes one pass over the Pods that wait for a host."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs

    def schedule(self) -> int:
        """Place what fits; how many Pods were placed. What fits nowhere is told so in its status."""
        placed = 0
        for pod in self._verbs.list("pods"):
            if pod["spec"].get("nodeName") or is_terminal(pod) or "deletionTimestamp" in pod["metadata"]:
                continue
            placed += self._place(pod)
        return placed

    def _place(self, pod: Document) -> bool:
        meta = pod["metadata"]
        everyone = self._verbs.list("pods")
        hosts = self._verbs.list("nodes")
        for host in hosts:
            if self._admits(host, pod, everyone):
                bind(self._verbs, pod, host["metadata"]["name"])
                self._verbs.bind(meta["namespace"], meta["name"], host["metadata"]["name"])
                self._tell(meta, {"type": "PodScheduled", "status": "True"})
                return True
        text = f"0/{len(hosts)} nodes are available"
        self._tell(meta, {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text})
        return False

    def _tell(self, meta: Document, condition: Document) -> None:
        patch = {"status": {"conditions": [condition]}}
        self._verbs.merge_patch("pods", meta["namespace"], meta["name"], patch, "status")

    def _admits(self, host: Document, pod: Document, everyone: list[Document]) -> bool:
        name, spec = host["metadata"]["name"], pod["spec"]
        on_host = [other for other in everyone if other["spec"].get("nodeName") == name and not is_terminal(other)]
        free = millicores(host["status"]["allocatable"]["cpu"]) - sum(map(requested_cpu, on_host))
        return (
            not host["spec"].get("unschedulable")
            and _ready(host)
            and _tolerates(spec.get("tolerations") or (), host["spec"].get("taints") or ())
            and _selected(spec, host)
            and requested_cpu(pod) <= free
            and not _repelled(pod, on_host)
            and may_stand(self._verbs, pod, name)
        )


def _ready(host: Document) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in host["status"].get("conditions", ()))


def _tolerates(tolerations: Any, taints: Any) -> bool:
    return all(taint["effect"] == "PreferNoSchedule" or any(_bears(t, taint) for t in tolerations) for taint in taints)


def _bears(toleration: Document, taint: Document) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")


def _selected(spec: Document, host: Document) -> bool:
    labels = host["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    terms = (required or {}).get("nodeSelectorTerms") or []
    return not terms or any(_term(term, labels, host["metadata"]["name"]) for term in terms)


def _term(term: Document, labels: dict[str, str], name: str) -> bool:
    rows = [(e, labels) for e in term.get("matchExpressions") or ()]
    rows += [(e, {"metadata.name": name}) for e in term.get("matchFields") or ()]
    return all(_expression(expression, values) for expression, values in rows)


def _expression(expression: Document, values: dict[str, str]) -> bool:
    value = values.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


def _repelled(pod: Document, on_host: list[Document]) -> bool:
    """Required anti-affinity by host, in both directions."""
    return any(_avoids(pod, other) or _avoids(other, pod) for other in on_host)


def _avoids(pod: Document, other: Document) -> bool:
    anti = ((pod["spec"].get("affinity") or {}).get("podAntiAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or []
    labels = other["metadata"].get("labels") or {}
    for term in anti:
        selector = term.get("labelSelector") or {}
        everywhere = term.get("namespaceSelector") == {}
        same = pod["metadata"]["namespace"] == other["metadata"]["namespace"]
        if not (everywhere or same):
            continue
        pairs = (selector.get("matchLabels") or {}).items()
        if all(labels.get(key) == value for key, value in pairs) and all(
            _expression(e, labels) for e in selector.get("matchExpressions") or ()
        ):
            return True
    return False
