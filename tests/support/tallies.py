"""What nodes say of the tasks that ended on them, against every end that the API server was told of."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from support.model.store import Change, Document

if TYPE_CHECKING:
    from support.books import Books


class Tallies:
    """Hears every end of a task, and knows on which node it was."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._ended: dict[str, list[str]] = defaultdict(list)
        """Results of the tasks that ended on each node, in the order in which their Tasks said so."""
        self._taken_back: dict[str, int] = defaultdict(int)
        """How many of them no Task tells of any more, and none did when the node's status told of them."""
        books.verbs.store.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        if change.plural == "computenodes" and change.type == "ADDED":
            # A node of that name was here before: what ended there was its own.
            for known in (self._ended, self._taken_back):
                known.pop(change.after["metadata"]["name"], None)  # type: ignore[attr-defined]
        if change.plural != "tasks":
            return
        old = (change.before or {}).get("status") or {}
        new = {} if change.type == "DELETED" else change.after.get("status") or {}
        last = change.after.get("status") or {} if change.type == "DELETED" else old
        before, now = _ends(last), _ends(new)
        for end in now.keys() - before.keys():
            self._ended[end[0]].append(now[end])
        for node, number in before.keys() - now.keys():
            if self._totals(node).get("countedThrough", 0) < number:
                self._taken_back[node] += 1

    def _totals(self, name: str) -> dict[str, Any]:
        nodes = [node for node in self._books.verbs.list("computenodes") if node["metadata"]["name"] == name]
        return _totals_of(nodes[0]) if nodes else {}

    def check(self) -> None:
        """At rest each node tells of just the tasks that ended on it."""
        for node in self._books.verbs.list("computenodes"):
            name, totals = node["metadata"]["name"], _totals_of(node)
            ended, unknown = self._ended[name], self._taken_back[name]
            counts = (
                (totals.get("tasksRun", 0), len(ended)),
                (totals.get("tasksSucceeded", 0), ended.count("Success")),
            )
            if not all(most - unknown <= told <= most for told, most in counts):
                self._books.say(f"node {name} tells of {totals}, and had {ended}; {unknown} may be forgotten")
            remembered = len(node.get("status", {}).get("recentTasks", ()))
            if remembered != min(totals.get("tasksRun", 0), 10):
                self._books.say(f"node {name} tells of {totals}, and remembers {remembered}")


def _ends(status: dict[str, Any]) -> dict[tuple[str, int], str]:
    """The results that a task's status tells of, by node and number: its own, and those of a group's members."""
    if status.get("state") != "Completed":
        return {}
    own = [status] if status.get("nodeName") else []
    told = [*own, *(one for one in status.get("subtasks") or () if one.get("result"))]
    return {(one["nodeName"], one.get("nodeEnd", 0)): one["result"] for one in told}


def _totals_of(node: Document) -> dict[str, Any]:
    return (node.get("status") or {}).get("totals") or {}
