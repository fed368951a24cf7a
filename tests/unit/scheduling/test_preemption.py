"""Which task gives way to a manager that is to start again: one at most, none of higher priority, none in vain."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.scheduling.demand import Demand
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.preemption import Running, who_gives_way

ONE, TWO, ALONE = Demand(1, 0, 0), Demand(2, 0, 0), Demand(1, 0, 0, exclusive=True)


def at(node: str, pod: str, priority: int = 0, began: str = "10:00", demand: Demand = ONE, **more: Any) -> Running:
    return Running(pod, node, demand, priority, began, **more)


A, B, C = at("n1", "a", began="10:00"), at("n2", "b", began="10:05"), at("n1", "c", began="10:02")

CASES = [
    # what it shows, demand, slots of a node, what runs on n1 and n2, what jobs above want, who gives way
    ("nothing runs: it fits anyway", ONE, 1, [], [], None),
    ("one node is free", ONE, 1, [A], [], None),
    ("the last begun", ONE, 1, [A, B], [], "b"),
    ("the lowest priority before that", ONE, 1, [at("n1", "a", -1), B], [], "a"),
    ("never a higher priority", ONE, 1, [at("n1", "a", 1), at("n2", "b", 1)], [], None),
    ("a higher one stays, an equal one goes", ONE, 1, [A, at("n2", "b", 1)], [], "a"),
    ("room is coming", ONE, 1, [A, at("n2", "b", leaving=True)], [], None),
    ("managers and what is counted stay", ONE, 1, [at("n1", "a", yields=False), at("n2", "b", yields=False)], [], None),
    ("a higher job would take the room", ONE, 1, [A, B], [ONE], None),
    ("a higher job that could not take it does not matter", ONE, 1, [A, B], [TWO], "b"),
    ("one alone is not enough", TWO, 2, [A, C, B, at("n2", "d")], [], None),
    ("one is enough where another leaves", TWO, 2, [A, at("n1", "c", leaving=True), B, at("n2", "d", 1)], [], "a"),
    ("alone: the only one of its node", ALONE, 2, [A, C, B], [], "b"),
    ("alone: two on every node", ALONE, 2, [A, C, B, at("n2", "d")], [], None),
    ("on a node that takes no tasks", ONE, 1, [A, B, at("gone", "x", -5)], [], "b"),
]


@pytest.mark.parametrize(
    ("demand", "slots", "running", "above", "pod"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_who_gives_way(
    demand: Demand, slots: int, running: list[Running], above: list[Demand], pod: str | None
) -> None:
    nodes = {name: NodeSlots(name, "host", slots, slots, 0, 0, 0, 0) for name in ("n1", "n2")}
    for attempt in running:
        if attempt.node in nodes:
            nodes[attempt.node].take(attempt.demand)
    before = {name: (node.free, node.held) for name, node in nodes.items()}
    for order in (running, running[::-1]):
        assert who_gives_way(demand, 0, nodes, order, above) == pod
    assert {name: (node.free, node.held) for name, node in nodes.items()} == before, "nothing is booked"
