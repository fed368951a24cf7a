"""The laws of the judgement on random histories: no double booking, no task lost, no surprise, books that add up, rest.

`MILLPOND_LAW_STEPS` sets how many steps are taken in all (default 20,000), `MILLPOND_LAW_SEED` the first seed.
A failure names its seed; the same seed repeats it.
"""

import os

import pytest
from support.history import History

STEPS = int(os.environ.get("MILLPOND_LAW_STEPS", "20000"))
FIRST_SEED = int(os.environ.get("MILLPOND_LAW_SEED", "0"))
LENGTH = 500
GROUPS = 10


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_laws_hold_on_random_histories(group: int) -> None:
    """Each group takes its share of the seeds, so that a failure shows with the first bad seed of its group only."""
    seeds = range(FIRST_SEED + group, FIRST_SEED + max(GROUPS, STEPS // LENGTH), GROUPS)
    steps = 0
    for seed in seeds:
        steps += History(seed).run(LENGTH)
    assert steps == LENGTH * len(seeds)
