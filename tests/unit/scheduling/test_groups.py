"""Groups: all or none, what is kept for the first, who may use it; and random schedules in which nobody waits for ever.

`MILLPOND_SCHEDULES` sets how many random schedules are tried (default 2,000).
"""

from __future__ import annotations

import os

import pytest
from millpond.scheduling.demand import Demand
from millpond.scheduling.groups import Group, Reservation, reserve
from millpond.scheduling.node_slots import NodeSlots
from support.gangs import Schedule

SCHEDULES = int(os.environ.get("MILLPOND_SCHEDULES", "2000"))
THREE = Demand(instances=3)
OF_FIVE = Group(5, ("05", "group"), THREE)


def a_pool(busy: str, *, low_priority: str = "") -> list[NodeSlots]:
    """Nodes a to d; those named in `busy` hold a task."""
    nodes = [NodeSlots(name, name, 1, 1, 1000, 1, 1000, 1, low_priority=name in low_priority) for name in "abcd"]
    for node in nodes:
        if node.name in busy:
            node.take(Demand())
    return nodes


def reserved(busy: str, ends: dict[str, float] | None = None, group: Group = OF_FIVE) -> Reservation:
    found = reserve(group, a_pool(busy), (ends or {}).get)
    assert found is not None
    return found


def test_a_group_starts_on_all_its_nodes_or_on_none() -> None:
    assert reserved("").nodes() == ["a", "b", "c"]
    assert reserved("a").nodes() == ["b", "c", "d"]
    assert reserved("ab").nodes() == []


def test_the_node_of_its_affinity_is_the_primarys() -> None:
    assert reserved("").nodes(first="d") == ["d", "a", "b"]
    assert reserved("a").nodes(first="a") == ["b", "c", "d"]


def test_what_is_kept_for_others_is_not_for_the_group() -> None:
    assert reserved("").nodes(barred={"b"}) == ["a", "c", "d"]
    assert reserved("a").nodes(barred={"b"}) == []


@pytest.mark.parametrize(("busy", "kept"), [("", "abc"), ("a", "bcd"), ("ab", "cd"), ("abcd", "")])
def test_as_many_free_nodes_are_kept_as_the_group_has_instances(busy: str, kept: str) -> None:
    assert reserved(busy).kept == set(kept)


def test_a_node_that_went_to_another_task_is_replaced() -> None:
    reservation = reserved("")
    second = a_pool("")[1]
    reservation.lose([second])
    reservation.lose([second])
    assert reservation.kept == {"a", "c", "d"}


@pytest.mark.parametrize(
    ("group", "why"),
    [
        (Group(0, ("0", "g"), Demand(instances=5)), "the pool has four nodes"),
        (Group(0, ("0", "g"), THREE, barred={"a", "b"}), "its job is barred from two of four"),
        (Group(0, ("0", "g"), Demand(instances=1, cpu_millis=2000)), "no node is large enough"),
        (Group(0, ("0", "g"), Demand(instances=4, dedicated=True)), "one node is of low priority"),
    ],
)
def test_nothing_is_kept_for_a_group_that_the_pool_cannot_take_at_all(group: Group, why: str) -> None:
    assert reserve(group, a_pool("", low_priority="d"), {}.get) is None, why


@pytest.mark.parametrize(
    ("busy", "ends", "opens_at"),
    [
        ("ab", {"a": 7.0}, 7.0),
        ("ab", {"a": 7.0, "b": 5.0}, 5.0),
        ("abc", {"a": 7.0, "b": 5.0}, 7.0),
        ("abcd", {"a": 7.0, "b": 5.0}, None),
        ("ab", {}, None),
    ],
)
def test_the_latest_start_is_told_by_the_limits_of_what_runs(
    busy: str, ends: dict[str, float], opens_at: float | None
) -> None:
    assert reserved(busy, ends).opens_at == opens_at


@pytest.mark.parametrize(
    ("priority", "created", "ends_at", "binds"),
    [
        (6, "09", None, False),
        (5, "04", None, False),
        (5, "06", None, True),
        (4, "04", None, True),
        (4, "04", 7.0, False),
        (4, "04", 7.5, True),
    ],
)
def test_who_may_use_what_is_kept(priority: int, created: str, ends_at: float | None, *, binds: bool) -> None:
    assert reserved("ab", {"a": 7.0}).binds(priority, (created, "t"), ends_at) == binds


def test_nothing_that_comes_after_fills_a_gap_of_unknown_length() -> None:
    assert reserved("ab").binds(4, ("04", "t"), 0.5)


@pytest.mark.parametrize("share", range(4))
def test_nobody_waits_for_ever_in_random_schedules(share: int) -> None:
    rounds = sum(Schedule(seed).run() for seed in range(share, SCHEDULES, 4))
    assert rounds > SCHEDULES
