"""Whether a release task is to run on a node."""

from __future__ import annotations

import pytest
from millpond.lifecycle.release import Release, judge_release
from millpond.lifecycle.run import Run, RunState

R, S, F, L = (Run(state) for state in (RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED, RunState.LOST))
RULES: list[tuple[str, tuple[Run, ...], Run | None, bool, Release]] = [
    # rule, preparations on the node, the release's own run, tasks wait, how far it is
    ("never prepared", (), None, True, Release.NONE),
    ("still prepared", (R,), None, True, Release.NONE),
    ("the preparation was lost", (L,), None, True, Release.NONE),
    ("prepared", (S,), None, True, Release.OWED),
    ("prepared before a reboot, not since", (S, L), None, True, Release.OWED),
    ("the preparation failed, so no task ran", (F,), None, True, Release.NONE),
    ("the preparation failed, and tasks ran", (F,), None, False, Release.OWED),
    ("runs", (S,), R, True, Release.RUNNING),
    ("succeeded", (S,), S, True, Release.DONE),
    ("failed: no retry", (S,), F, True, Release.DONE),
    ("cut off by a reboot", (S,), L, True, Release.OWED),
    ("done, and the preparation let go", (), S, True, Release.DONE),
    ("cut off, and the preparation let go", (), L, True, Release.NONE),
]


@pytest.mark.parametrize(("preparations", "release", "waits", "far"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_the_rules(preparations: tuple[Run, ...], release: Run | None, waits: bool, far: Release) -> None:
    assert judge_release(preparations, release, waits=waits) is far
