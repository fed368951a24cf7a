"""Which node: spread, pack, ties, and an index that never books twice."""

from __future__ import annotations

import random

import pytest
from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import fits
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.placement import FillType, NodeIndex


def a_node(name: str, used: int = 0, slots: int = 4) -> NodeSlots:
    share = 1000
    free = slots - used
    return NodeSlots(name, f"host-{name}", slots, free, share * slots, share * slots, share * free, share * free)


def an_index(**used: int) -> NodeIndex:
    """Nodes of four slots by name, with so many in use."""
    index = NodeIndex()
    for name, count in used.items():
        index.add(a_node(name, count))
    return index


CHOICES = [
    # nodes and their used slots, slots asked for, fill, the node chosen
    ({"a": 0, "b": 1, "c": 2}, 1, "Spread", "a"),
    ({"a": 3, "b": 1, "c": 2}, 1, "Spread", "b"),
    ({"b": 1, "a": 1}, 1, "Spread", "a"),
    ({"a": 4, "b": 4}, 1, "Spread", None),
    ({"a": 0, "b": 1, "c": 2}, 1, "Pack", "c"),
    ({"a": 0, "b": 4, "c": 3}, 1, "Pack", "c"),
    ({"a": 0, "b": 3, "c": 2}, 2, "Pack", "c"),
    ({"a": 0, "b": 3, "c": 3}, 4, "Pack", "a"),
    ({"b": 2, "a": 2}, 1, "Pack", "a"),
    ({"a": 1, "b": 1}, 4, "Pack", None),
    ({}, 1, "Spread", None),
]


@pytest.mark.parametrize(("used", "slots", "fill", "chosen"), CHOICES)
def test_the_fill_type_chooses(used: dict[str, int], slots: int, fill: FillType, chosen: str | None) -> None:
    node = an_index(**used).choose(Demand(slots), fill)
    assert (node.name if node else None) == chosen


@pytest.mark.parametrize(("fill", "order"), [("Spread", "abab"), ("Pack", "aabb")])
def test_tasks_fill_nodes_one_after_another(fill: FillType, order: str) -> None:
    index = NodeIndex()
    for name in "ab":
        index.add(a_node(name, slots=2))
    chosen = ""
    while (node := index.choose(Demand(), fill)) is not None:
        index.take(node, Demand())
        chosen += node.name
    assert chosen == order
    assert index.free_slots == 0


def test_a_closed_node_takes_nothing_and_keeps_its_books() -> None:
    index, node = NodeIndex(), a_node("a")
    index.add(node)
    index.take(node, Demand(3))
    index.discard("a")
    assert index.choose(Demand(), "Spread") is None
    index.give(node, Demand(1))
    index.add(node)
    assert (node.free, index.free_slots) == (2, 2)
    assert "a" in index
    index.discard("a")
    index.discard("a")
    assert ("a" in index, index.free_slots, list(index)) == (False, 0, [])


def test_a_node_with_slots_but_no_cpu_is_passed_over() -> None:
    index = an_index(a=0, b=1)
    index.take(next(node for node in index if node.name == "a"), Demand(1, 4000))
    chosen = index.choose(Demand(), "Spread")
    assert chosen is not None
    assert chosen.name == "b"


@pytest.mark.parametrize("fill", ["Spread", "Pack"])
def test_it_equals_trying_every_node(fill: FillType) -> None:
    chance = random.Random(11)
    index = an_index(**dict.fromkeys("fedcba", 0))
    nodes = {node.name: node for node in index}
    held: list[tuple[NodeSlots, Demand]] = []
    for _ in range(4_000):
        demand = Demand(chance.randint(1, 4), chance.choice((None, 500, 2000)))
        rank = {name: node.free if fill == "Pack" else -node.free for name, node in nodes.items() if name in index}
        able = [name for name in rank if fits(nodes[name], demand)]
        found = index.choose(demand, fill)
        assert (found.name if found else None) == min(able, key=lambda name: (rank[name], name), default=None)
        move = chance.random()
        if found is not None and move < 0.6:
            index.take(found, demand)
            held.append((found, demand))
        elif held and move < 0.9:
            index.give(*held.pop(chance.randrange(len(held))))
        elif move < 0.95:
            index.discard(chance.choice("abcdef"))
        elif (name := chance.choice("abcdef")) not in index:
            index.add(nodes[name])
        assert index.free_slots == sum(node.free for node in index)
        assert all(0 <= node.free <= node.total and node.cpu_free >= 0 for node in nodes.values())


FIRST = [
    # nodes and their used slots, slots asked for, the node tried first, the node chosen
    ({"a": 0, "b": 3}, 1, "b", "b"),
    ({"a": 0, "b": 4}, 1, "b", "a"),
    ({"a": 0, "b": 3}, 2, "b", "a"),
    ({"a": 0, "b": 1}, 1, "elsewhere", "a"),
    ({"a": 4, "b": 4}, 1, "b", None),
]


@pytest.mark.parametrize(("used", "slots", "first", "chosen"), FIRST)
def test_a_node_may_be_tried_first(used: dict[str, int], slots: int, first: str, chosen: str | None) -> None:
    node = an_index(**used).choose(Demand(slots), "Spread", first=first)
    assert (node.name if node else None) == chosen
