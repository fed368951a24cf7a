"""The target in force of each pool, kept by the writes of its status: a removal lowers it by one, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.model.store import Change, Document

if TYPE_CHECKING:
    from support.books import Books

ASKED = ("targetNodes", "resizedAt", "resizeStoppedAt", "stopped")


class Sizes:
    """Listens to every write of a Pool, and tells the books what is wrong with it."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._counted: set[str] = set()
        """Uids of the nodes for which a target was lowered."""
        books.verbs.store.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        if change.plural == "pools" and change.type == "MODIFIED" and change.before is not None:
            self._written(change.before.get("status") or {}, change.after)

    def _written(self, old: dict[str, Any], pool: Document) -> None:
        new = pool.get("status") or {}
        before, after = old.get("resize") or {}, new.get("resize") or {}
        fresh = set(after.get("removedNodes", ())) - set(before.get("removedNodes", ()))
        if fresh & self._counted:
            self._books.say(f"pool {pool['metadata']['name']}: counts the removals of {fresh & self._counted} again")
        self._counted |= fresh
        same = before and all(before.get(word) == after.get(word) for word in ASKED)
        by_formula = "autoScale" in pool["spec"] or old.get("autoScaleRun") != new.get("autoScaleRun")
        if not same or by_formula or pool["metadata"].get("deletionTimestamp"):
            return
        wanted = max(0, old["targetDedicatedNodes"] - len(fresh))
        if new["targetDedicatedNodes"] != wanted:
            self._books.say(f"pool {pool['metadata']['name']}: the target in force is not {wanted}: {old} -> {new}")
