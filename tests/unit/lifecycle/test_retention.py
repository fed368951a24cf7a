"""How long a directory is still kept, whatever the host's clock does meanwhile."""

from __future__ import annotations

from math import inf

import pytest
from millpond.lifecycle.retention import Moment, seconds_left

WEEK = 7 * 24 * 3600
END = Moment("first", 1000.0, 1_800_000_000.0)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (END, WEEK),
        (Moment("first", END.uptime + 60, END.time + 60), WEEK - 60),
        (Moment("first", END.uptime + WEEK, END.time), 0),
        # The clock is set forward by a year, and back to 1970.
        (Moment("first", END.uptime + 60, END.time + 365 * 24 * 3600), WEEK - 60),
        (Moment("first", END.uptime + 60, 60.0), WEEK - 60),
        # The host has started anew: its running time began anew, and only the clock tells.
        (Moment("second", 5.0, END.time + 3600), WEEK - 3600),
        (Moment("second", 5.0, END.time + WEEK + 1), -1),
        (Moment("second", 5000.0, 60.0), WEEK),
    ],
)
def test_what_is_left_of_a_week(now: Moment, left: float) -> None:
    assert seconds_left(WEEK, END, now) == left


@pytest.mark.parametrize("retention", [0, 59, 60])
def test_whoever_works_on_what_a_run_has_left_has_time_to_begin(retention: int) -> None:
    assert seconds_left(retention, END, Moment("first", END.uptime + 59, END.time)) == 1


def test_what_stays_as_long_as_its_owner_has_no_end() -> None:
    assert seconds_left(-1, END, Moment("second", 0.0, END.time * 2)) == inf
