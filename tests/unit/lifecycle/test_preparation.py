"""What the runs of a preparation task on a node mean for the job's tasks there."""

from __future__ import annotations

import pytest
from millpond.lifecycle.preparation import Preparation, PreparationFacts, judge_preparation
from millpond.lifecycle.run import Run, RunState

R, S, F, L = (Run(state) for state in (RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED, RunState.LOST))
ABSENT, RUNNING, DONE, FAILED = Preparation.ABSENT, Preparation.RUNNING, Preparation.DONE, Preparation.FAILED

RULES: list[tuple[str, bool, bool, Run | None, tuple[Run, ...], Preparation]] = [
    # rule, tasks wait, reruns after a reboot, run of this start, runs of earlier starts, how the node stands
    ("never ran", True, True, None, (), ABSENT),
    ("runs", True, True, R, (), RUNNING),
    ("succeeded", True, True, S, (), DONE),
    ("failed", True, True, F, (), FAILED),
    ("failed, nobody waits", False, True, F, (), FAILED),
    ("lost", True, True, L, (), ABSENT),
    ("rebooted after success, reruns", True, True, None, (S,), ABSENT),
    ("rebooted after success, does not rerun", True, False, None, (S,), DONE),
    ("rebooted after success, runs again", True, True, R, (S,), RUNNING),
    ("rebooted while it ran", True, False, None, (R,), ABSENT),
    ("rebooted after it was lost", True, False, None, (L,), ABSENT),
    ("rebooted after failure", True, True, None, (F,), FAILED),
    ("rebooted after failure, does not rerun", True, False, None, (F,), FAILED),
    ("rebooted after failure, nobody waits", False, True, None, (F,), ABSENT),
    ("rebooted after failure, nobody waits, does not rerun", False, False, None, (F,), DONE),
    ("failed once, succeeded before", True, False, None, (S, F), FAILED),
]


@pytest.mark.parametrize(
    ("waits", "reruns", "current", "earlier", "stands"), [r[1:] for r in RULES], ids=[r[0] for r in RULES]
)
def test_the_rules(
    waits: bool, reruns: bool, current: Run | None, earlier: tuple[Run, ...], stands: Preparation
) -> None:
    assert judge_preparation(PreparationFacts(waits, reruns, current, earlier)) is stands
