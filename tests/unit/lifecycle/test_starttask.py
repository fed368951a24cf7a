"""How a start task is doing, from its container."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import FailureCode
from millpond.lifecycle.starttask import observe_start_task
from support.builders import a_node_pod, ended, exited, running, waiting

Code = FailureCode
CASES: list[tuple[str, dict[str, Any], str, int | None, FailureCode | None]] = [
    ("not begun", waiting("PodInitializing"), "Waiting", None, None),
    ("no state at all", {}, "Waiting", None, None),
    ("image missing", waiting("ErrImagePull", "not found"), "Waiting", None, Code.CONTAINER_INVALID_IMAGE),
    ("image backs off", waiting("ImagePullBackOff"), "Waiting", None, Code.CONTAINER_INVALID_IMAGE),
    ("image name", waiting("InvalidImageName"), "Waiting", None, Code.CONTAINER_INVALID_IMAGE),
    ("runs", running(), "Running", None, None),
    ("succeeded", exited(0), "Completed", 0, None),
    ("failed", exited(3, retries=2), "Completed", 3, Code.FAILURE_EXIT_CODE),
    (
        "failed, the container exits 0",
        ended(0, message='{"cause":"Exited","exitCode":3}'),
        "Completed",
        3,
        Code.FAILURE_EXIT_CODE,
    ),
    ("not found", exited(127, "CommandNotFound"), "Completed", 127, Code.COMMAND_PROGRAM_NOT_FOUND),
    ("not executable", exited(126, "NotExecutable"), "Completed", 126, Code.COMMAND_LAUNCH_FAILED),
    ("no directory", exited(1, "NodeDirectory"), "Completed", 1, Code.RESOURCE_DIRECTORY_CREATE_FAILED),
    ("disk full", exited(125, "DiskFull"), "Completed", 125, Code.DISK_FULL),
    ("out of memory", ended(137, "OOMKilled"), "Completed", 137, Code.FAILURE_EXIT_CODE),
    ("killed", ended(137), "Completed", 137, Code.FAILURE_EXIT_CODE),
    ("stopped", exited(143, "Terminated"), "Completed", 143, Code.FAILURE_EXIT_CODE),
]


@pytest.mark.parametrize(("state", "word", "code", "failure"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_container_tells(state: dict[str, Any], word: str, code: int | None, failure: FailureCode | None) -> None:
    seen = observe_start_task(a_node_pod(start_task=state))
    assert (seen.state, seen.exit_code) == (word, code)
    assert (seen.failure.code if seen.failure else None) == failure
    assert seen.succeeded == (word == "Completed" and failure is None)


def test_it_counts_the_retries_and_says_how_to_look() -> None:
    seen = observe_start_task(a_node_pod(start_task=exited(3, retries=2)))
    assert seen.retry_count == 2
    assert seen.failure is not None
    assert "3 times" in seen.failure.message
    assert "startup/stderr.txt" in seen.failure.message
