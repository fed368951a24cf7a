"""The target in force: one story for each wish, each served once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from millpond.api.resize import MOST_REMOVALS
from millpond.scaling.target import Sizing, Standing, Wish, judge_target

ONE, TWO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
NOW = 50.0


def a_sizing(target: int = 3, asked: int = 3, removals: tuple[str, ...] = (), stopped: bool = False) -> Sizing:
    return Sizing(target, Wish(asked, ONE, ONE), 10.0, stopped, removals)


SAME = Wish(3, ONE, ONE)

CASES: list[tuple[str, Sizing | None, Wish, Standing, tuple[int, float, bool, tuple[str, ...]]]] = [
    # story, before, wish, nodes; target, began, stopped, removals after
    ("a new pool", None, Wish(3), Standing(), (3, NOW, False, ())),
    ("a new pool with an old stop", None, Wish(3, None, ONE), Standing(), (3, NOW, False, ())),
    ("nothing new", a_sizing(), SAME, Standing(2), (3, 10.0, False, ())),
    ("another target", a_sizing(), Wish(5, ONE, ONE), Standing(3), (5, NOW, False, ())),
    ("another target after a stop", a_sizing(1, 3, (), True), Wish(2, ONE, ONE), Standing(1), (2, NOW, False, ())),
    ("the same target anew", a_sizing(1), Wish(3, TWO, ONE), Standing(1), (3, NOW, False, ())),
    ("a stop while it grows", a_sizing(), Wish(3, ONE, TWO), Standing(2), (2, 10.0, True, ())),
    ("a stop before it has any", a_sizing(), Wish(3, ONE, TWO), Standing(), (0, 10.0, True, ())),
    ("a stop while it shrinks", a_sizing(1), Wish(3, ONE, TWO), Standing(1, leaving=2), (1, 10.0, True, ())),
    ("a stop while it is steady", a_sizing(), Wish(3, ONE, TWO), Standing(3), (3, 10.0, False, ())),
    ("a stop taken off", a_sizing(2, 3, (), True), Wish(3, ONE, None), Standing(2), (2, 10.0, True, ())),
    ("a stop with a new target", a_sizing(), Wish(9, ONE, TWO), Standing(3), (3, NOW, True, ())),
    ("a removal", a_sizing(), SAME, Standing(3, 0, ("u",)), (2, NOW, False, ("u",))),
    ("counted already", a_sizing(2, 3, ("u",)), SAME, Standing(2, 1, ("u",)), (2, 10.0, False, ("u",))),
    ("two more", a_sizing(2, 3, ("b",)), SAME, Standing(2, 1, ("a", "b", "c")), (0, NOW, False, ("b", "a", "c"))),
    ("gone", a_sizing(2, 3, ("u",)), SAME, Standing(2), (2, 10.0, False, ())),
    ("more removals than nodes wanted", a_sizing(1), SAME, Standing(3, 0, ("a", "b")), (0, NOW, False, ("a", "b"))),
    ("a target meanwhile", a_sizing(2, 3, ("u",)), Wish(5, ONE, ONE), Standing(2, 1, ("u",)), (5, NOW, False, ("u",))),
    ("a removal after a stop", a_sizing(2, 3, (), True), SAME, Standing(2, 0, ("u",)), (1, NOW, False, ("u",))),
]  # fmt: skip


@pytest.mark.parametrize(("old", "wish", "nodes", "after"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_each_wish_is_served_once(
    old: Sizing | None, wish: Wish, nodes: Standing, after: tuple[int, float, bool, tuple[str, ...]]
) -> None:
    sizing = judge_target(old, wish, nodes, NOW)
    assert (sizing.target, sizing.began, sizing.stopped, sizing.removals) == after
    assert judge_target(sizing, wish, nodes, NOW + 5) == sizing


def test_removals_have_a_bound() -> None:
    uids = tuple(f"{number:04}" for number in range(MOST_REMOVALS + 5))
    sizing = judge_target(a_sizing(2000, 2000), Wish(2000, ONE, ONE), Standing(2000, 0, uids), NOW)
    assert (sizing.target, len(sizing.removals)) == (2000 - MOST_REMOVALS, MOST_REMOVALS)
    later = judge_target(sizing, sizing.wish, Standing(2000, 0, uids[MOST_REMOVALS:]), NOW)
    assert (later.target, len(later.removals)) == (2000 - MOST_REMOVALS - 5, 5)
