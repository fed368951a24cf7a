"""Cycles among things that wait for at most one other each: found when closed, at the cost of their shorter side.

Whoever closes a cycle lies on it. So the way ahead of it and the ways that lead to it are followed side by side, and
the search ends with the shorter: a chain that grows at either end, or in the middle, costs little at every link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Node = TypeVar("Node")


def find_cycle(
    start: Node, ahead: Callable[[Node], Node | None], behind: Callable[[Node], Iterable[Node | None]]
) -> list[Node] | None:
    """The cycle through `start`, beginning with it, each followed by what it waits for; None where there is none.

    `ahead` is what a node waits for; `behind` yields all that wait for a node, and None for work that found nothing.
    """
    node = ahead(start)
    path = [start]
    # A cycle of n nodes has n steps behind its start too, so ending with them misses none.
    for _ in _backwards(start, behind):
        if node is None:
            return None
        if node == start:
            return path
        path.append(node)
        node = ahead(node)
    return None


def _backwards(start: Node, behind: Callable[[Node], Iterable[Node | None]]) -> Iterator[None]:
    """One turn for each thing looked at on the ways that lead to the start."""
    seen, waiting = {start}, [start]
    while waiting:
        for node in behind(waiting.pop()):
            if node is not None and node not in seen:
                seen.add(node)
                waiting.append(node)
            yield


MOST_NAMED = 12


def in_words(cycle: Sequence[str]) -> str:
    """What the tasks of a cycle are told."""
    shown = list(cycle) if len(cycle) <= MOST_NAMED else [*cycle[: MOST_NAMED - 1], "…", cycle[-1]]
    way = " -> ".join([*shown, cycle[0]])
    return f"It waits for itself: {way}. Delete one of these tasks, and create it again with other dependencies."
