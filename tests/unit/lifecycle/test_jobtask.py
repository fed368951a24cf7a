"""How a preparation or release task is doing, by its Pod."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.lifecycle.jobtask import observe_run
from millpond.lifecycle.run import RunState
from support.builders import a_job_pod, ended, exited, running, waiting

RUNNING, SUCCEEDED, FAILED, LOST = RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED, RunState.LOST
CASES: list[tuple[str, dict[str, Any] | None, dict[str, Any], float, RunState]] = [
    # what happened, the container's state, the Pod's status, seconds since its creation, what it comes to
    ("made", None, {}, 1, RUNNING),
    ("starts", waiting(), {}, 1, RUNNING),
    ("runs", running(), {}, 10_000, RUNNING),
    ("success", exited(0), {}, 1, SUCCEEDED),
    ("failure", exited(3, retries=2), {}, 1, FAILED),
    ("out of time", exited(0, "WallClock"), {}, 1, FAILED),
    ("no such command", exited(127, "CommandNotFound"), {}, 1, FAILED),
    ("killed with its launcher", ended(137, "OOMKilled"), {}, 1, FAILED),
    ("image missing", waiting("ErrImagePull"), {}, 119, RUNNING),
    ("image missing for too long", waiting("ErrImagePull"), {}, 120, FAILED),
    ("stopped", exited(143, "Terminated"), {}, 1, LOST),
    ("refused by its node", None, {"phase": "Failed", "reason": "OutOfpods"}, 1, LOST),
    ("host rebooted", ended(255, "Unknown"), {}, 1, LOST),
]


@pytest.mark.parametrize(("state", "status", "waited", "word"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_pod_tells(state: dict[str, Any] | None, status: dict[str, Any], waited: float, word: RunState) -> None:
    run = observe_run(a_job_pod("film-x-prep", state, **status), waited, image_limit=120, startup_limit=600)
    assert run.state is word
    assert run.completed == (word in (SUCCEEDED, FAILED))
    assert (run.failure is not None) == (word is FAILED)


def test_what_is_told_of_an_end() -> None:
    state = exited(3, retries=2, startTime="2026-01-01T00:00:01Z", endTime="2026-01-01T00:00:09Z")
    run = observe_run(a_job_pod("film-x-prep", state), 20, 120, 600)
    assert (run.exit_code, run.retry_count) == (3, 2)
    assert (run.start_time, run.end_time) == ("2026-01-01T00:00:01Z", "2026-01-01T00:00:09Z")
    assert observe_run(a_job_pod("film-x-prep", running(5)), 20, 120, 600).start_time == "2026-01-01T00:00:05Z"
