"""How many nodes to add, and which to remove."""

from __future__ import annotations

import pytest
from millpond.api.reasons import NodeState
from millpond.scaling.resize import Candidate, plan_resize


def a_node(name: str, state: NodeState = NodeState.IDLE, used: int = 0, created: str = "2026-01-01") -> Candidate:
    return Candidate(name, state, used, created)


FREE, BUSY, BUSIER = a_node("free"), a_node("busy", NodeState.RUNNING, 1), a_node("busier", NodeState.RUNNING, 3)
FAILED = a_node("failed", NodeState.START_TASK_FAILED)
UNKNOWN = a_node("unknown", NodeState.UNKNOWN, 4)
UNUSABLE = a_node("unusable", NodeState.UNUSABLE)
PREEMPTED = a_node("preempted", NodeState.PREEMPTED)
CREATING, STARTING = a_node("creating", NodeState.CREATING), a_node("starting", NodeState.STARTING)
MANAGED = Candidate("managed", NodeState.RUNNING, 1, "2026-03-01", manages=True)
OLD, NEW = a_node("old", created="2026-01-01"), a_node("new", created="2026-02-01")

CASES = [
    # target, nodes, how many to add, which to remove in order
    (0, [], 0, ()),
    (3, [], 3, ()),
    (3, [FREE], 2, ()),
    (1, [FREE], 0, ()),
    (1, [FAILED], 0, ()),
    (1, [FREE, BUSY], 0, ("free",)),
    (1, [BUSIER, BUSY], 0, ("busy",)),
    (2, [FREE, BUSY, FAILED], 0, ("failed",)),
    (2, [FREE, BUSY, UNKNOWN], 0, ("unknown",)),
    (2, [FREE, STARTING, BUSY], 0, ("starting",)),
    (2, [UNUSABLE, STARTING, BUSY], 0, ("unusable",)),
    (1, [UNUSABLE, CREATING, FREE], 0, ("unusable", "creating")),
    (2, [PREEMPTED, UNUSABLE, STARTING], 0, ("unusable",)),
    (1, [PREEMPTED, CREATING], 0, ("preempted",)),
    (1, [OLD, NEW], 0, ("new",)),
    (0, [OLD, NEW, BUSIER], 0, ("new", "old", "busier")),
    (0, [BUSIER, FREE, CREATING, UNUSABLE, BUSY], 0, ("unusable", "creating", "free", "busy", "busier")),
    (1, [a_node("b"), a_node("a")], 0, ("b",)),
    (1, [BUSY, MANAGED, BUSIER], 0, ("busy", "busier")),
    (0, [MANAGED, BUSIER], 0, ("busier", "managed")),
]


@pytest.mark.parametrize(("target", "nodes", "add", "remove"), CASES)
def test_a_pool_reaches_its_target(target: int, nodes: list[Candidate], add: int, remove: tuple[str, ...]) -> None:
    for order in (nodes, nodes[::-1]):
        change = plan_resize(target, order)
        assert (change.add, change.remove) == (add, remove)
