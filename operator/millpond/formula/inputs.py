"""What a formula is evaluated with: the world of one pool at one moment, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from millpond.formula.samples import Samples


class Inputs(msgspec.Struct, frozen=True):
    """`now` is in seconds since 1970. `samples` go by documented name, as in "$ActiveTasks"; a missing one is empty.

    `rand` yields numbers from 0 up to but not including 1: equal inputs, those included, give equal evaluations.
    """

    now: float
    target_dedicated: int
    target_low_priority: int
    task_slots_per_node: int
    samples: Mapping[str, Samples]
    rand: Callable[[], float]
