"""How a start task is doing, from its container."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import FailureCode
from millpond.lifecycle.run import RunState
from millpond.lifecycle.starttask import observe_start_task
from support.builders import a_node_pod, ended, exited, running, waiting

Code = FailureCode
WAITING, RUNNING, SUCCEEDED, FAILED = RunState.WAITING, RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED
CASES: list[tuple[str, dict[str, Any], RunState, int | None, FailureCode | None]] = [
    ("not begun", waiting("PodInitializing"), WAITING, None, None),
    ("no state at all", {}, WAITING, None, None),
    ("image missing", waiting("ErrImagePull", "not found"), WAITING, None, Code.CONTAINER_INVALID_IMAGE),
    ("image backs off", waiting("ImagePullBackOff"), WAITING, None, Code.CONTAINER_INVALID_IMAGE),
    ("image name", waiting("InvalidImageName"), WAITING, None, Code.CONTAINER_INVALID_IMAGE),
    ("runs", running(), RUNNING, None, None),
    ("succeeded", exited(0), SUCCEEDED, 0, None),
    ("failed", exited(3, retries=2), FAILED, 3, Code.FAILURE_EXIT_CODE),
    (
        "failed, the container exits 0",
        ended(0, message='{"cause":"Exited","exitCode":3}'),
        FAILED,
        3,
        Code.FAILURE_EXIT_CODE,
    ),
    ("not found", exited(127, "CommandNotFound"), FAILED, 127, Code.COMMAND_PROGRAM_NOT_FOUND),
    ("not executable", exited(126, "NotExecutable"), FAILED, 126, Code.COMMAND_LAUNCH_FAILED),
    ("no directory", exited(1, "NodeDirectory"), FAILED, 1, Code.RESOURCE_DIRECTORY_CREATE_FAILED),
    ("disk full", exited(125, "DiskFull"), FAILED, 125, Code.DISK_FULL),
    ("out of memory", ended(137, "OOMKilled"), FAILED, 137, Code.FAILURE_EXIT_CODE),
    ("exited without a word", ended(0), FAILED, 0, Code.FAILURE_EXIT_CODE),
    ("host rebooted", ended(255, "Unknown"), FAILED, None, Code.FAILURE_EXIT_CODE),
    ("not started", ended(128, "StartError"), FAILED, None, Code.COMMAND_LAUNCH_FAILED),
    ("killed", ended(137), FAILED, 137, Code.FAILURE_EXIT_CODE),
    ("stopped", exited(143, "Terminated"), FAILED, 143, Code.FAILURE_EXIT_CODE),
]


@pytest.mark.parametrize(("state", "word", "code", "failure"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_container_tells(
    state: dict[str, Any], word: RunState, code: int | None, failure: FailureCode | None
) -> None:
    seen = observe_start_task(a_node_pod(start_task=state))
    assert (seen.state, seen.exit_code) == (word, code)
    assert (seen.failure.code if seen.failure else None) == failure


def test_it_counts_the_retries_and_says_how_to_look() -> None:
    seen = observe_start_task(a_node_pod(start_task=exited(3, retries=2)))
    assert seen.retry_count == 2
    assert seen.failure is not None
    assert "3 times" in seen.failure.message
    assert "startup/stderr.txt" in seen.failure.message
