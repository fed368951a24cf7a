"""When a waiting task will start, judged by how long other tasks ran lately: a range in seconds, or why nobody can say.

The slots of all nodes count as one heap, tasks come in the order of the queue, and each runs as long as the middle half
of the recent ones did: a quarter ran no longer than the low figure, a quarter no shorter than the high one. More slots
never make the answer later, and more in the queue never earlier. It changes nothing but what people read.
"""

from __future__ import annotations

from heapq import heapify, heapreplace

import msgspec

LEAST_KNOWN = 5
"""Fewer run times than this say nothing."""
MOST_KNOWN = 100
"""So many run times are looked at, the most recent."""


class Load(msgspec.Struct, frozen=True):
    """What stands between a task and its start. Amounts in slots, times in seconds."""

    slots: int
    """Of all nodes that take tasks."""
    ages: tuple[float, ...]
    """For each slot in use, how long its task has run."""
    run_times: tuple[float, ...]
    """How long tasks of the pool's jobs ran that ended lately."""
    wanted: int = 1
    ahead: int = 0
    """What waiting tasks require that certainly go first."""
    in_turn: int = 0
    """What waiting tasks require that may go first, as their jobs take turns with the task's."""


class Estimate(msgspec.Struct, frozen=True):
    """Seconds until the start, at the earliest and at the latest; None, and `unknown` says why."""

    earliest: float | None = None
    latest: float | None = None
    unknown: str = ""


def estimate(load: Load) -> Estimate:
    """When the task starts, as long as no other is added that goes first."""
    if load.slots <= 0:
        return Estimate(unknown="no node takes tasks now")
    known = sorted(load.run_times)
    if len(known) < LEAST_KNOWN:
        return Estimate(unknown=f"only {len(known)} of the pool's tasks have run to an end lately")
    short, long = _quarter(known, 1), _quarter(known, 3)
    soon = [max(0.0, short - age) for age in load.ages]
    late = [_rest(known, age) for age in load.ages]
    return Estimate(
        _start(load.slots, soon, load.ahead + load.wanted, short),
        _start(load.slots, late, load.ahead + load.in_turn + load.wanted, long),
    )


def _quarter(known: list[float], number: int) -> float:
    """The value that so many quarters of the known ones do not exceed."""
    return known[min(len(known) - 1, len(known) * number // 4)]


def _rest(known: list[float], age: float) -> float:
    """How long a task of that age still runs at the latest: as long as those did that also came to that age."""
    longer = [one for one in known if one > age]
    return _quarter(longer, 3) - age if longer else _quarter(known, 3)


def _start(slots: int, rests: list[float], position: int, run_time: float) -> float:
    """When the slot number `position` of the queue is served: each goes to the slot that is free first."""
    free_at = [*rests, *[0.0] * (slots - len(rests))]
    heapify(free_at)
    start = 0.0
    for _ in range(position):
        start = free_at[0]
        heapreplace(free_at, start + run_time)
    return start
