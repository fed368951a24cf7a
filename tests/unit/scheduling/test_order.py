"""Which job next: priority, the fair draw, the oldest first."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from millpond.scheduling.order import JobOrderIndex, JobTicket, Level, draw

A, B, C = ("2026-01-01", "a"), ("2026-01-02", "b"), ("2026-01-03", "c")


def an_index(**jobs: int) -> JobOrderIndex:
    """Jobs by name with their priorities, made in the order given."""
    index = JobOrderIndex()
    for day, (name, priority) in enumerate(jobs.items()):
        index.add((priority, False), (f"2026-01-{day + 1:02}", name))
    return index


def chi_square(counts: list[int]) -> float:
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


# The 99.9 % quantiles of chi-square for 1, 2, 4, 9 and 49 degrees of freedom.
@pytest.mark.parametrize(("among", "bound"), [(2, 10.83), (3, 13.82), (5, 18.47), (10, 27.88), (50, 85.35)])
@pytest.mark.parametrize("start", [0, 1_000_000, 2**63])
def test_the_draw_is_uniform_over_seeds(among: int, bound: float, start: int) -> None:
    counts = Counter(draw(start + seed, among) for seed in range(20_000))
    assert set(counts) == set(range(among))
    assert chi_square(list(counts.values())) < bound


def test_no_job_of_a_priority_starves() -> None:
    index = an_index(**{f"job{n}": 0 for n in range(20)})
    last = dict.fromkeys([f"job{n}" for n in range(20)], 0)
    longest = 0
    for seed in range(20_000):
        drawn = index.next("None", seed, ())
        assert drawn is not None
        longest = max(longest, seed - last[drawn[1]])
        last[drawn[1]] = seed
    assert longest < 20 * 20


def test_a_job_that_is_passed_over_leaves_its_chances_to_all() -> None:
    index = an_index(a=0, b=0, c=0, d=0)
    passed = {("2026-01-01", "a")}
    counts = Counter(index.next("None", seed, passed) for seed in range(9_000))
    assert ("2026-01-01", "a") not in counts
    assert chi_square(list(counts.values())) < 13.82


def test_higher_priority_goes_first() -> None:
    index = an_index(low=-5, high=10, middle=0)
    assert [index.next("None", seed, ())[1] for seed in range(50)] == ["high"] * 50  # type: ignore[index]


def test_all_jobs_in_the_order_in_which_they_are_served() -> None:
    index = an_index(low=-5, high=10)
    assert (index.highest, index.lowest_restarting) == (10, None)
    index.add((3, True), A)
    index.add((3, False), B)
    index.add((9, True), C)
    assert [at for at, _ in index.descending()] == [(10, False), (9, True), (3, True), (3, False), (-5, False)]
    assert [ticket for at, ticket in index.descending() if at[0] == 3] == [A, B]
    assert index.lowest_restarting == 3
    assert JobOrderIndex().highest is None


def test_lower_priority_is_served_when_all_above_are_passed_over() -> None:
    index = an_index(low=1, high=2)
    assert index.next("None", 7, {("2026-01-02", "high")}) == ("2026-01-01", "low")
    assert index.next("None", 7, {("2026-01-02", "high"), ("2026-01-01", "low")}) is None


def test_creation_time_serves_the_oldest() -> None:
    index = JobOrderIndex()
    for ticket in (C, A, B):
        index.add((0, False), ticket)
    assert [index.next("CreationTime", seed, ()) for seed in range(20)] == [A] * 20
    assert index.next("CreationTime", 0, {A}) == B


def test_same_state_draws_the_same_job() -> None:
    one, other = JobOrderIndex(), JobOrderIndex()
    for ticket in (A, B, C):
        one.add((3, False), ticket)
    for ticket in (C, B, A):
        other.add((3, False), ticket)
    assert [one.next("None", s, ()) for s in range(100)] == [other.next("None", s, ()) for s in range(100)]


def test_it_equals_a_plain_set_on_random_histories() -> None:
    chance = random.Random(7)
    index, plain = JobOrderIndex(), set[tuple[Level, JobTicket]]()
    for _ in range(3_000):
        entry = (chance.randrange(3), chance.random() < 0.3), chance.choice((A, B, C))
        if chance.random() < 0.5:
            index.add(*entry)
            plain.add(entry)
        else:
            index.discard(*entry)
            plain.discard(entry)
        top = max((level for level, _ in plain), default=None)
        best = min((ticket for level, ticket in plain if level == top), default=None)
        assert index.next("CreationTime", 0, ()) == best
        assert index.lowest_restarting == min((level[0] for level, _ in plain if level[1]), default=None)
