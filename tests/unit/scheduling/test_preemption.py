"""Which tasks give way: as few as it takes, those that lose least, none of higher priority, none in vain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest
from millpond.scheduling.demand import Demand
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.preemption import Claim, Displacement, Running, rooms_to_come, who_gives_way

ONE, TWO, ALONE = Demand(1, 0, 0), Demand(2, 0, 0), Demand(1, 0, 0, exclusive=True)


def at(node: str, pod: str, priority: int = 0, began: str = "10:00", demand: Demand = ONE, **more: Any) -> Running:
    return Running(pod, node, demand, priority, began, **more)


def offer(node: str, pod: str, priority: int = 0, began: str = "10:00", demand: Demand = ONE, **more: Any) -> Running:
    return at(node, pod, priority, began, demand, offered=True, **more)


def manager(demand: Demand = ONE, priority: int = 0, **more: Any) -> Claim:
    return Claim("m", demand, priority, restarts=True, **more)


def tasks(amount: int = 1, demand: Demand = ONE, priority: int = 5, **more: Any) -> Claim:
    return Claim("t", demand, priority, amount, **more)


def stopped(claims: Sequence[Claim], slots: int, running: Collection[Running]) -> list[str]:
    """Who gives way on two nodes of so many slots, in whatever order what runs is told."""
    nodes = {name: NodeSlots(name, "host", slots, slots, 0, 0, 0, 0) for name in ("n1", "n2")}
    for attempt in running:
        if attempt.node in nodes:
            nodes[attempt.node].take(attempt.demand)
    before = {name: (node.free, node.held) for name, node in nodes.items()}
    found = who_gives_way(claims, nodes, list(running))
    assert who_gives_way(claims, nodes, list(running)[::-1]) == found
    assert {name: (node.free, node.held) for name, node in nodes.items()} == before, "nothing is booked"
    return [each.pod for each in found]


A, B, C = at("n1", "a", began="10:00"), at("n2", "b", began="10:05"), at("n1", "c", began="10:02")
D = at("n2", "d")
HIGH = tasks()

MANAGERS: list[tuple[str, list[Claim], int, list[Running], list[str]]] = [
    # what it shows, claims in order, slots of a node, what runs on n1 and n2, who gives way
    ("nothing runs: it is not for us", [manager()], 1, [], []),
    ("the last begun", [manager()], 1, [A, B], ["b"]),
    ("the lowest priority before that", [manager()], 1, [at("n1", "a", -1), B], ["a"]),
    ("never a higher priority", [manager()], 1, [at("n1", "a", 1), at("n2", "b", 1)], []),
    ("a higher one stays, an equal one goes", [manager()], 1, [A, at("n2", "b", 1)], ["a"]),
    ("room is coming", [manager()], 1, [A, at("n2", "b", leaving=True)], []),
    ("others stay", [manager()], 1, [at("n1", "a", yields=False), at("n2", "b", yields=False)], []),
    ("a higher job would take the room", [HIGH, manager()], 1, [A, B], []),
    ("a higher job that could not take it is no matter", [tasks(demand=TWO), manager()], 1, [A, B], ["b"]),
    ("a higher job that is barred there is no matter", [tasks(barred={"n2"}), manager()], 1, [A, B], ["b"]),
    ("a higher job gets what is coming", [HIGH, manager()], 1, [A, at("n2", "b", leaving=True)], ["a"]),
    ("one alone is not enough", [manager(TWO)], 2, [A, C, B, D], []),
    ("enough where another leaves", [manager(TWO)], 2, [A, at("n1", "c", leaving=True), B, at("n2", "d", 1)], ["a"]),
    ("alone: the only one of its node", [manager(ALONE)], 2, [A, C, B], ["b"]),
    ("alone: two on every node", [manager(ALONE)], 2, [A, C, B, D], []),
    ("a node that takes no tasks", [manager()], 1, [A, B, at("gone", "x", -5)], ["b"]),
    ("a node that the job is barred from", [manager(barred={"n2"})], 1, [A, B], ["a"]),
]
E, F, G = offer("n1", "e", began="10:00"), offer("n2", "f", began="10:05"), offer("n1", "g", began="10:02")
W, V = offer("n1", "w", -1), offer("n1", "v", demand=TWO)
TASKS: list[tuple[str, list[Claim], int, list[Running], list[str]]] = [
    ("only those that were offered", [tasks(9)], 1, [A, B], []),
    ("only for a higher priority", [tasks(9, priority=0)], 1, [E, F], []),
    ("the last begun", [tasks()], 1, [E, F], ["f"]),
    ("the lowest priority before that", [tasks()], 1, [offer("n1", "e", -1), F], ["e"]),
    ("as many as there are tasks", [tasks(2)], 2, [E, F, G, D], ["f", "g"]),
    ("no more than there are", [tasks(9)], 1, [E, F], ["f", "e"]),
    ("for each job in turn", [tasks(1), tasks(1, priority=4)], 1, [E, F], ["f", "e"]),
    ("what leaves counts", [tasks(2)], 1, [E, offer("n2", "f", leaving=True)], ["e"]),
    ("what leaves is enough", [tasks(1)], 1, [E, offer("n2", "f", leaving=True)], []),
    ("several of one node for a wide one", [tasks(demand=TWO)], 2, [E, G, B, D], ["g", "e"]),
    ("several, where all must be offered", [tasks(demand=TWO)], 2, [E, C, F, D], []),
    ("no more of a node than it takes", [tasks(demand=TWO)], 3, [W, V, at("n2", "d", demand=Demand(3, 0, 0))], ["v"]),
    ("an empty node for one alone", [tasks(demand=ALONE)], 2, [E, G, B, D], ["g", "e"]),
    ("not where it is barred", [tasks(barred={"n2"})], 1, [E, F], ["e"]),
    ("not for room that goes to another", [Claim("x", ONE, 6, barred={"n1"}), tasks()], 1, [E, B], ["e"]),
    ("not in vain", [Claim("x", TWO, 0, restarts=True), tasks(priority=0)], 2, [E, G], []),
    ("a manager's turn comes before", [manager(priority=5), tasks(1)], 1, [E, F], ["f", "e"]),
]


@pytest.mark.parametrize(
    ("claims", "slots", "running", "pods"),
    [case[1:] for case in MANAGERS + TASKS],
    ids=[f"{kind}: {case[0]}" for kind, cases in (("manager", MANAGERS), ("tasks", TASKS)) for case in cases],
)
def test_who_gives_way(claims: list[Claim], slots: int, running: list[Running], pods: list[str]) -> None:
    assert stopped(claims, slots, running) == pods


def test_whom_they_give_way_to_is_told() -> None:
    nodes = {"n1": NodeSlots("n1", "host", 1, 0, 0, 0, 0, 0, held=1)}
    assert who_gives_way([tasks()], nodes, [E]) == [Displacement("e", "t")]


def test_a_whole_pool_is_quickly_told() -> None:
    nodes = {f"n{n}": NodeSlots(f"n{n}", "host", 4, 0, 0, 0, 0, 0, held=4) for n in range(500)}
    running = [offer(f"n{n % 500}", f"p{n}") for n in range(2000)]
    looked = 0

    class Counting(dict[str, NodeSlots]):
        def __getitem__(self, name: str) -> NodeSlots:
            nonlocal looked
            looked += 1
            return super().__getitem__(name)

    assert len(who_gives_way([tasks(10_000)], Counting(nodes), running)) == 2000
    assert looked < 10_000, "a few looks for each that gives way, not a look at every node"


LEAVES = at("n1", "a", leaving=True)
KEPT: list[tuple[str, list[Claim], list[Running], dict[str, set[str]]]] = [
    # what it shows, claims in order, what runs on n1 and n2 of two slots, which nodes are kept for whom
    ("nothing leaves", [tasks(demand=TWO)], [A, C, B, D], {}),
    ("one half is free, the other comes", [tasks(demand=TWO)], [LEAVES, B, D], {"n1": {"t"}}),
    ("there is room as things are", [tasks()], [LEAVES, B, D], {}),
    ("what comes is not enough", [tasks(demand=TWO)], [LEAVES, C, B, D], {}),
    ("it is barred there", [tasks(demand=TWO, barred={"n1"})], [LEAVES, B, D], {}),
    (
        "for each that it is enough for",
        [manager(), tasks()],
        [LEAVES, at("n1", "c", leaving=True), B, D],
        {"n1": {"m", "t"}},
    ),
    ("only for the first where it is not", [manager(TWO), tasks(demand=TWO)], [LEAVES, B, D], {"n1": {"m"}}),
]


@pytest.mark.parametrize(("claims", "running", "kept"), [case[1:] for case in KEPT], ids=[case[0] for case in KEPT])
def test_room_that_comes_is_kept_free(claims: list[Claim], running: list[Running], kept: dict[str, set[str]]) -> None:
    nodes = {name: NodeSlots(name, "host", 2, 2, 0, 0, 0, 0) for name in ("n1", "n2")}
    for attempt in running:
        nodes[attempt.node].take(attempt.demand)
    assert rooms_to_come(claims, nodes, running) == kept
