"""The operator is crash-only: it may die before or after any write, and users are left with the same.

The real operator runs over the model API server in virtual time. The writes are those of an undisturbed
run of each flow, all of them, not chosen by hand. `MILLPOND_STORMS` sets how many storms each flow goes through.
"""

import functools
import os

import pytest
from millpond.settings import Settings
from support.branches import Branches
from support.faults import Chooser, no_faults, storm
from support.flows import FLOWS, LIMIT, QUIET, Flow
from support.virtual_time import run
from support.worlds import ModelWorld


def play(
    flow: Flow, choose: Chooser = no_faults, seed: int = 1, resync: float = 900.0
) -> tuple[dict[str, object], ModelWorld]:
    """Run a flow to its end and to rest; what users are left with."""

    async def main() -> tuple[dict[str, object], ModelWorld]:
        async with ModelWorld(seed, choose, Settings(resync=resync)) as world:
            await flow(world)
            await world.run_quiet(QUIET, LIMIT)
            world.choose = no_faults
            world.books.check_ledgers(in_flight=False)
            assert not world.books.violations
            return world.outcome(), world

    return run(main())


@functools.cache
def undisturbed(flow: Flow) -> tuple[dict[str, object], ModelWorld]:
    """The run that others are compared with."""
    return play(flow)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_a_crash_at_any_write_changes_nothing_for_users(flow: Flow) -> None:
    reference, calm = undisturbed(flow)
    branches = Branches()

    def lives_and_outcome() -> tuple[int, dict[str, object]]:
        outcome, world = play(flow, branches)
        return world.lives, outcome

    ended = list(branches.of(lives_and_outcome))
    assert len(ended) == 2 * len(calm.counter.writes)
    for branch in ended:
        assert not branch.failure, f"{branch.title}: {branch.failure}"
        assert branch.answer == (2, reference), branch.title


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
@pytest.mark.parametrize("seed", range(int(os.environ.get("MILLPOND_STORMS", "6"))))
def test_a_storm_of_faults_changes_nothing_for_users(flow: Flow, seed: int) -> None:
    reference, _ = undisturbed(flow)
    # Swallowed events are healed by the next full list only, so that comes before the world is taken to be at rest.
    outcome, _ = play(flow, storm(seed, swallow=seed % 2 == 1), seed, resync=QUIET / 2)
    # Whether a node that leaves takes a task with it depends on when it leaves, and a storm delays that.
    assert outcome | {"requeues": 0} == reference | {"requeues": 0}, f"seed {seed}"
