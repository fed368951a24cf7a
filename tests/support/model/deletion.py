"""How objects go: grace for Pods, finalizers for all, owners before what they own."""

from __future__ import annotations

from datetime import UTC, datetime

from support.model.resources import ResourceType
from support.model.store import Document, Store


def delete(store: Store, kind: ResourceType, document: Document, grace: int | None, now: float) -> Document:
    """Mark the object, or remove it where nothing keeps it."""
    meta = document["metadata"]
    key = meta.get("namespace", ""), meta["name"]
    period = _period(kind, document, grace)
    if "deletionTimestamp" in meta:
        left = meta.get("deletionGracePeriodSeconds", 0)
        if period >= left and not (period == 0 and not meta.get("finalizers")):
            return document
    if period == 0 and not meta.get("finalizers"):
        return store.remove(kind.plural, key)
    return store.put(kind.plural, key, _marked(kind, document, period, now))


def _period(kind: ResourceType, document: Document, grace: int | None) -> int:
    """Seconds of grace in force: only Pods have any, and none that is not on a host or has ended."""
    if not kind.graceful:
        return 0
    spec = document["spec"]
    if not spec.get("nodeName") or document.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return spec.get("terminationGracePeriodSeconds", 30) if grace is None else grace


def _marked(kind: ResourceType, document: Document, period: int, now: float) -> Document:
    meta = document["metadata"]
    when = datetime.fromtimestamp(int(now) + period, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = {"deletionTimestamp": when, "deletionGracePeriodSeconds": period}
    if kind.counts_generations and "deletionTimestamp" not in meta:
        mark["generation"] = meta.get("generation", 1) + 1
    return document | {"metadata": meta | mark}


def is_over(document: Document) -> bool:
    """True when a marked object has nothing left that keeps it."""
    meta = document["metadata"]
    return "deletionTimestamp" in meta and not meta.get("finalizers") and not meta.get("deletionGracePeriodSeconds")
