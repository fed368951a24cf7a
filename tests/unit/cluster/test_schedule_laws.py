"""The laws of job schedules on random histories: one active job, no due time twice, no burst, nothing left behind.

`MILLPOND_LAW_SEED` sets the first seed, and a failure names its own; the same seed repeats it.
"""

import os

import pytest
from support.schedule_history import ScheduleHistory

FIRST_SEED = int(os.environ.get("MILLPOND_LAW_SEED", "0"))
HISTORIES = int(os.environ.get("MILLPOND_SCHEDULE_HISTORIES", "20"))
STEPS = 60


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + HISTORIES))
def test_the_laws_hold_on_random_histories_of_schedules(seed: int) -> None:
    ScheduleHistory(seed).run(STEPS)
