"""How long the directory of a task that has ended is still kept on its node (azure-batch-semantics §2.16, §7.5).

Within one run of the host time is told by how long that runs, which no step of the clock changes. Across a restart of
the host there is only the clock.
"""

from __future__ import annotations

from typing import NamedTuple

SETTLING_SECONDS = 60
"""What every directory is kept for: time for whoever does something with it when its run has ended, to begin that."""
AS_LONG_AS_ITS_OWNER = -1
"""The retention of what goes with its owner only, or when the operator says so."""


class Moment(NamedTuple):
    """A point of time on a host: which run of the host, the seconds since that began, and Unix seconds."""

    boot: str
    uptime: float
    time: float


def seconds_between(earlier: Moment, later: Moment) -> float:
    """Seconds that have surely passed; never negative."""
    if earlier.boot == later.boot:
        return max(0.0, later.uptime - earlier.uptime)
    return max(0.0, later.time - earlier.time)


def seconds_left(retention: int, ended: Moment, now: Moment) -> float:
    """Until the directory may be deleted; 0 or less when it may."""
    if retention == AS_LONG_AS_ITS_OWNER:
        return float("inf")
    return max(retention, SETTLING_SECONDS) - seconds_between(ended, now)
