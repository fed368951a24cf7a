"""Cycles are found when they are closed, and long chains cost little while they grow."""

from collections.abc import Iterator
from random import Random

import pytest
from millpond.scheduling.cycles import MOST_NAMED, find_cycle, in_words


class Chain:
    """Who waits for whom, and how many steps were asked for."""

    def __init__(self, **waits: str) -> None:
        self.waits = dict(waits)
        self.waiters: dict[str, list[str]] = {}
        self.steps = 0
        for waiter, other in waits.items():
            self.waiters.setdefault(other, []).append(waiter)

    def link(self, waiter: str, other: str) -> list[str] | None:
        """The waiter waits from now on; the cycle that this closes."""
        self.waits[waiter] = other
        self.waiters.setdefault(other, []).append(waiter)
        return find_cycle(waiter, self.ahead, self.behind)

    def ahead(self, node: str) -> str | None:
        self.steps += 1
        other = self.waits.get(node)
        return other if other in self.waits else None

    def behind(self, node: str) -> Iterator[str | None]:
        self.steps += 1
        yield None
        yield from self.waiters.get(node, ())


@pytest.mark.parametrize(
    ("waits", "start", "cycle"),
    [
        ({"a": "b"}, "a", None),
        ({"a": "a"}, "a", ["a"]),
        ({"a": "b", "b": "a"}, "a", ["a", "b"]),
        ({"a": "b", "b": "c", "c": "a"}, "b", ["b", "c", "a"]),
        ({"x": "a", "a": "b", "b": "a"}, "x", None),
        ({"x": "a", "y": "a", "a": "b", "b": "a"}, "a", ["a", "b"]),
    ],
)
def test_the_cycle_through_a_node(waits: dict[str, str], start: str, cycle: list[str] | None) -> None:
    chain = Chain(**waits)
    assert find_cycle(start, chain.ahead, chain.behind) == cycle


@pytest.mark.parametrize("order", ["forward", "backward", "random"])
def test_a_long_chain_costs_little_at_each_link(order: str) -> None:
    links = [(f"t{n}", f"t{n + 1}") for n in range(20_000)]
    if order == "backward":
        links.reverse()
    if order == "random":
        Random(1).shuffle(links)
    chain = Chain()
    assert all(chain.link(*link) is None for link in links)
    assert chain.steps < 20 * len(links)
    cycle = chain.link("t20000", "t0")
    assert cycle is not None
    assert len(cycle) == 20_001


def test_words_name_the_way_round() -> None:
    assert in_words(("a", "b")).startswith("It waits for itself: a -> b -> a. ")
    long = in_words([f"t{n}" for n in range(1000)])
    assert "t10 -> … -> t999 -> t0." in long
    assert long.count("->") == MOST_NAMED + 1
