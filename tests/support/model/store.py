"""The versioned store beneath the verbs: one revision for all, a history, and how far back it is kept.

Knows no rules of any verb: it puts, removes and remembers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from support.model.failures import gone

Document = dict[str, Any]
Key = tuple[str, str]
"""Namespace ("" for cluster-wide objects) and name."""


class Change(NamedTuple):
    """One write. `before` is None for a creation; `after` is the last state for a removal."""

    revision: int
    type: str
    plural: str
    key: Key
    before: Document | None
    after: Document


class Store:
    """All objects by plural and key, and the changes that led here."""

    def __init__(self, first_revision: int = 1000) -> None:
        self.revision = first_revision
        self.floor = first_revision
        """Changes up to this revision are not known."""
        self.objects: dict[str, dict[Key, Document]] = {}
        self.history: list[Change] = []
        self.listeners: list[Callable[[Change], None]] = []

    def get(self, plural: str, key: Key) -> Document | None:
        return self.objects.get(plural, {}).get(key)

    def all(self, plural: str) -> dict[Key, Document]:
        """The live collection. Copy it before writing while iterating."""
        return self.objects.setdefault(plural, {})

    def put(self, plural: str, key: Key, document: Document) -> Document:
        """Store the document with a new resourceVersion."""
        before = self.get(plural, key)
        self.revision += 1
        after = document | {"metadata": document["metadata"] | {"resourceVersion": str(self.revision)}}
        self.all(plural)[key] = after
        self._tell(Change(self.revision, "ADDED" if before is None else "MODIFIED", plural, key, before, after))
        return after

    def remove(self, plural: str, key: Key) -> Document:
        """Drop the object; its last state carries the revision of the removal, as etcd's watchers see it."""
        before = self.all(plural).pop(key)
        self.revision += 1
        after = before | {"metadata": before["metadata"] | {"resourceVersion": str(self.revision)}}
        self._tell(Change(self.revision, "DELETED", plural, key, before, after))
        return after

    def since(self, revision: int) -> Iterator[Change]:
        """Changes after a revision, oldest first. 410 where they are not known."""
        if revision < self.floor:
            raise gone(f"too old resource version: {revision} ({self.floor})")
        start = bisect_right(self.history, revision, key=lambda change: change.revision)
        return iter(self.history[start:])

    def _tell(self, change: Change) -> None:
        self.history.append(change)
        for listener in list(self.listeners):
            listener(change)
