"""The garbage collector: what has owners and has lost them all is deleted, in the background."""

from __future__ import annotations

from support.model.store import Change, Document
from support.model.verbs import Verbs


class GarbageCollector:
    """Remembers whose owner went; `sweep` deletes. Sweeping is separate so that a test decides when it happens."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        self._gone: set[str] = set()
        self._dead: set[str] = set()
        """All that ever went: what is made for one of them later has lost its owner, too."""
        verbs.store.listeners.append(self._hear)

    @property
    def pending(self) -> bool:
        return bool(self._gone)

    def _hear(self, change: Change) -> None:
        if change.type == "DELETED":
            self._gone.add(change.after["metadata"]["uid"])
            self._dead.add(change.after["metadata"]["uid"])
        elif change.type == "ADDED":
            owners = change.after["metadata"].get("ownerReferences") or ()
            self._gone |= {owner["uid"] for owner in owners} & self._dead

    def sweep(self) -> int:
        """Delete what the owners that went since the last sweep have left; how many objects that was."""
        gone, self._gone = self._gone, set()
        if not gone:
            return 0
        orphans = [
            (plural, document)
            for plural, objects in self._verbs.store.objects.items()
            for document in objects.values()
            if self._lost_all_owners(document, gone)
        ]
        for plural, document in orphans:
            meta = document["metadata"]
            if self._verbs.store.get(plural, (meta.get("namespace", ""), meta["name"])) is not None:
                self._verbs.delete(plural, meta.get("namespace"), meta["name"], uid=meta["uid"])
        return len(orphans)

    def _lost_all_owners(self, document: Document, gone: set[str]) -> bool:
        owners = document["metadata"].get("ownerReferences") or []
        return bool(owners) and any(owner["uid"] in gone for owner in owners) and not any(map(self._lives, owners))

    def _lives(self, owner: Document) -> bool:
        return any(
            document["metadata"]["uid"] == owner["uid"]
            for objects in self._verbs.store.objects.values()
            for document in objects.values()
            if document["metadata"]["name"] == owner["name"]
        )
