"""A week of tasks, of three kinds. The same seed gives the same week."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

HOUR = 3_600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
LONGEST = 4 * HOUR


class Task(NamedTuple):
    """When a task is created and how long its one slot is busy with it, in seconds."""

    created: float
    seconds: float


def daily(chance: random.Random) -> list[Task]:
    """People at work: few tasks at night and at the weekend, many at noon; five minutes each, more or less."""
    return [Task(at, chance.expovariate(1 / 300)) for at in _arrivals(chance, 500 / HOUR, _working_hours)]


def bursty(chance: random.Random) -> list[Task]:
    """Some forty submissions at any time, of 100 to 700 tasks within a minute."""
    tasks = (
        Task(start + chance.uniform(0, 60), min(LONGEST, chance.lognormvariate(math.log(200), 0.7)))
        for start in _arrivals(chance, 40 / WEEK)
        for _ in range(chance.randint(100, 700))
    )
    return sorted(task for task in tasks if task.created < WEEK)


def long_tailed(chance: random.Random) -> list[Task]:
    """A task every half minute or so; most take a minute or two, some take hours."""
    return [Task(at, min(LONGEST, 60 * chance.paretovariate(1.1))) for at in _arrivals(chance, 120 / HOUR)]


LOADS = {"daily": daily, "bursty": bursty, "long-tailed": long_tailed}


def _working_hours(at: float) -> float:
    """The share of the highest rate: 1 at noon of a working day, 0.02 at night."""
    weekend = at % WEEK >= 5 * DAY
    noon = (
        max(0.0, math.cos((at % DAY - 12 * HOUR) / (8 * HOUR) * math.pi / 2)) if 4 * HOUR < at % DAY < 20 * HOUR else 0
    )
    return 0.02 + noon * (0.1 if weekend else 0.98)


def _arrivals(chance: random.Random, rate: float, share: Callable[[float], float] = lambda _: 1.0) -> Iterator[float]:
    """Times of a Poisson process of at most `rate` a second, thinned by a share of it."""
    at = 0.0
    while (at := at + chance.expovariate(rate)) < WEEK:
        if chance.random() < share(at):
            yield at
