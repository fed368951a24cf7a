"""Every way a task's Pod can end, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import FailureCategory, FailureCode
from millpond.lifecycle.exits import Ending, judge_ended, judge_waiting
from support.builders import a_task_pod, ended, exited, record, running, waiting

S, N, P, W, STOP, R = (
    Ending.SUCCESS,
    Ending.NONZERO,
    Ending.PREPROCESSING,
    Ending.WALL_CLOCK,
    Ending.INTERRUPTED,
    Ending.NOT_RUN,
)
Code = FailureCode
STORAGE = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi."
PRESSURE = "The node was low on resource: ephemeral-storage. Container task was using 1Gi, request is 0."

ENDS: list[tuple[str, dict[str, Any] | None, dict[str, Any], Ending, int | None, FailureCode | None]] = [
    # what happened, the container's state, more of the Pod, the ending, exit code, failure code
    ("exit 0", exited(0), {}, S, 0, None),
    ("exit 1", exited(1), {}, N, 1, Code.FAILURE_EXIT_CODE),
    ("exit 2", exited(2), {}, N, 2, Code.FAILURE_EXIT_CODE),
    ("exit 126 by the command itself", exited(126), {}, N, 126, Code.FAILURE_EXIT_CODE),
    ("exit 127 by the command itself", exited(127), {}, N, 127, Code.FAILURE_EXIT_CODE),
    ("exit 255", exited(255), {}, N, 255, Code.FAILURE_EXIT_CODE),
    *[(f"signal {s}", exited(128 + s, signal=s), {}, N, 128 + s, Code.FAILURE_EXIT_CODE) for s in range(1, 32)],
    ("a real-time signal", exited(128 + 34, signal=34), {}, N, 162, Code.FAILURE_EXIT_CODE),
    ("OOM of the command", exited(137, reason="OOMKilled"), {}, N, 137, Code.FAILURE_EXIT_CODE),
    ("OOM of a child only", exited(0, reason="OOMKilled"), {}, S, 0, None),
    ("OOM of the whole container", ended(137, "OOMKilled"), {}, N, 137, Code.FAILURE_EXIT_CODE),
    ("OOM, then deleted by hand", ended(137, "OOMKilled"), {"deleted": True}, N, 137, Code.FAILURE_EXIT_CODE),
    ("no record, exit 0", ended(0), {}, S, 0, None),
    ("no record, exit 1", ended(1), {}, N, 1, Code.FAILURE_EXIT_CODE),
    ("no record, killed by nobody known", ended(137), {}, N, 137, Code.FAILURE_EXIT_CODE),
    ("no record, not JSON", ended(3, message="oops"), {}, N, 3, Code.FAILURE_EXIT_CODE),
    ("no record, broken JSON", ended(3, message='{"cause":'), {}, N, 3, Code.FAILURE_EXIT_CODE),
    ("no record, unknown cause", ended(3, message=record("Bored", 0)), {}, N, 3, Code.FAILURE_EXIT_CODE),
    ("deleted by hand before its exit", exited(143, "Terminated"), {"deleted": True}, STOP, 143, None),
    ("deleted, and it took TERM well", exited(0, "Terminated"), {"deleted": True}, STOP, 0, None),
    ("deleted by hand, killed after the grace", ended(137), {"deleted": True}, STOP, 137, None),
    ("deleted by hand, no record, TERM", ended(143), {"deleted": True}, STOP, 143, None),
    ("deleted by hand after exit 0", exited(0), {"deleted": True}, S, 0, None),
    ("deleted by hand after exit 5", exited(5), {"deleted": True}, N, 5, Code.FAILURE_EXIT_CODE),
    ("deleted after exit 5, no record", ended(5), {"deleted": True}, N, 5, Code.FAILURE_EXIT_CODE),
    ("deleted before its start", None, {"deleted": True, "phase": "Failed"}, STOP, None, None),
    ("deleted while creating", waiting(), {"deleted": True, "phase": "Failed"}, STOP, None, None),
    ("TERM from nobody known", exited(143, "Terminated"), {}, STOP, 143, None),
    ("wall clock", exited(143, "WallClock"), {}, W, 143, Code.TASK_ENDED),
    ("wall clock, killed", exited(137, "WallClock"), {}, W, 137, Code.TASK_ENDED),
    ("deadline, stopped", exited(143, "Terminated"), {"reason": "DeadlineExceeded"}, W, 143, Code.TASK_ENDED),
    ("deadline, killed", ended(137), {"reason": "DeadlineExceeded"}, W, 137, Code.TASK_ENDED),
    ("deadline before the start", None, {"phase": "Failed", "reason": "DeadlineExceeded"}, W, None, Code.TASK_ENDED),
    ("exit 0 at the deadline", exited(0), {"phase": "Failed", "reason": "DeadlineExceeded"}, S, 0, None),
    ("program not found", exited(127, "CommandNotFound"), {}, P, 127, Code.COMMAND_PROGRAM_NOT_FOUND),
    ("not executable", exited(126, "NotExecutable"), {}, P, 126, Code.COMMAND_LAUNCH_FAILED),
    ("no directory", exited(1, "NodeDirectory"), {}, P, 1, Code.RESOURCE_DIRECTORY_CREATE_FAILED),
    (
        "runtime could not start it",
        ended(128, "StartError", "exec format error"),
        {},
        P,
        None,
        Code.COMMAND_LAUNCH_FAILED,
    ),
    ("old name of that", ended(127, "ContainerCannotRun", "no such file"), {}, P, None, Code.COMMAND_LAUNCH_FAILED),
    ("evicted, stopped", exited(143, "Terminated"), {"reason": "Evicted", "message": PRESSURE}, STOP, 143, None),
    ("evicted, killed", ended(137), {"reason": "Evicted", "message": PRESSURE}, STOP, 137, None),
    ("evicted before its start", None, {"phase": "Failed", "reason": "Evicted", "message": PRESSURE}, STOP, None, None),
    ("evicted after exit 3", exited(3), {"reason": "Evicted", "message": PRESSURE}, N, 3, Code.FAILURE_EXIT_CODE),
    ("over its own storage", ended(137), {"reason": "Evicted", "message": STORAGE}, N, 137, Code.FAILURE_EXIT_CODE),
    (
        "over its own storage, took TERM well",
        exited(0, "Terminated"),
        {"reason": "Evicted", "message": STORAGE},
        N,
        137,
        Code.FAILURE_EXIT_CODE,
    ),
    *[
        (f"refused: {reason}", None, {"phase": "Failed", "reason": reason, "message": "no"}, R, None, None)
        for reason in (
            "OutOfcpu",
            "OutOfmemory",
            "OutOfephemeral-storage",
            "OutOfpods",
            "NodeAffinity",
            "UnexpectedAdmissionError",
            "NodeShutdown",
            "TaintToleration",
            "Preempting",
        )
    ],
    (
        "host shut down",
        exited(143, "Terminated"),
        {"reason": "Terminated", "message": "imminent shutdown"},
        STOP,
        143,
        None,
    ),
    ("host shut down, killed", ended(137), {"reason": "Terminated"}, STOP, 137, None),
    ("container lost", ended(137, "ContainerStatusUnknown"), {}, R, None, None),
    ("node lost", ended(137, "NodeLost"), {}, R, None, None),
    ("collected while it ran", running(), {"phase": "Failed", "reason": ""}, R, None, None),
    ("phase without containers", None, {"phase": "Failed"}, STOP, None, None),
]


@pytest.mark.parametrize(("state", "pod", "ending", "code", "failure"), [c[1:] for c in ENDS], ids=[c[0] for c in ENDS])
def test_an_end_is_read_from_the_pod(
    state: dict[str, Any] | None, pod: dict[str, Any], ending: Ending, code: int | None, failure: FailureCode | None
) -> None:
    found = judge_ended(a_task_pod("frame", state, **pod))
    assert (found.ending, found.exit_code) == (ending, code)
    assert (found.failure.code if found.failure else None) == failure


def test_the_table_is_long_enough() -> None:
    assert len(ENDS) >= 60
    assert len({case[0] for case in ENDS}) == len(ENDS)


WORDS = [
    (exited(137, reason="OOMKilled"), {}, "resources.limits.memory"),
    (exited(139), {}, "signal 11"),
    (exited(7), {}, "exit code representing a failure: 7"),
    (exited(143, "WallClock"), {}, "maxWallClockSeconds"),
    (exited(127, "CommandNotFound", message="render: not found in PATH"), {}, "render: not found in PATH."),
    (ended(137), {"reason": "Evicted", "message": STORAGE}, "ephemeral-storage"),
]


@pytest.mark.parametrize(("state", "pod", "words"), WORDS)
def test_a_failure_says_what_happened_and_what_to_do(state: dict[str, Any], pod: dict[str, Any], words: str) -> None:
    failure = judge_ended(a_task_pod("frame", state, **pod)).failure
    assert failure is not None
    assert words in failure.message


def test_only_the_service_s_own_faults_are_server_errors() -> None:
    faults = {
        found.failure.code
        for case in ENDS
        if (found := judge_ended(a_task_pod("frame", case[1], **case[2]))).failure
        and found.failure.category is FailureCategory.SERVER_ERROR
    }
    assert faults == {Code.RESOURCE_DIRECTORY_CREATE_FAILED}


def test_times_are_the_launcher_s_else_the_kubelet_s() -> None:
    by_launcher = judge_ended(a_task_pod("frame", exited(0, startTime="2026-01-01T00:00:01.5Z", endTime="x")))
    by_kubelet = judge_ended(a_task_pod("frame", exited(0)))
    assert (by_launcher.start_time, by_launcher.end_time) == ("2026-01-01T00:00:01.5Z", "x")
    assert (by_kubelet.start_time, by_kubelet.end_time) == ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z")


WAITS: list[tuple[str, dict[str, Any] | None, float, FailureCode | None]] = [
    # why it waits, its state, how long, what it fails with (limits: image 120 s, start-up 600 s)
    ("creating", waiting(), 599, None),
    ("creating for too long", waiting(), 600, Code.CONTAINER_MISC_ERROR),
    ("no status for too long", None, 600, Code.CONTAINER_MISC_ERROR),
    ("no status yet", None, 5, None),
    ("image name", waiting("InvalidImageName"), 0, Code.CONTAINER_INVALID_IMAGE),
    ("image never pulled", waiting("ErrImageNeverPull"), 0, Code.CONTAINER_INVALID_IMAGE),
    ("settings", waiting("CreateContainerConfigError", 'secret "key" not found'), 0, Code.CONTAINER_INVALID_SETTINGS),
    ("create", waiting("CreateContainerError"), 0, Code.CONTAINER_MISC_ERROR),
    ("run", waiting("RunContainerError"), 0, Code.CONTAINER_MISC_ERROR),
    ("pull fails", waiting("ErrImagePull"), 119, None),
    ("pull fails for too long", waiting("ErrImagePull"), 120, Code.CONTAINER_INVALID_IMAGE),
    ("pull backs off", waiting("ImagePullBackOff"), 119, None),
    ("pull backs off for too long", waiting("ImagePullBackOff"), 120, Code.CONTAINER_INVALID_IMAGE),
    ("runs", running(), 10_000, None),
    ("ended, phase to come", exited(1), 10_000, None),
]


@pytest.mark.parametrize(("state", "waited", "code"), [c[1:] for c in WAITS], ids=[c[0] for c in WAITS])
def test_a_pod_that_will_never_start_fails(
    state: dict[str, Any] | None, waited: float, code: FailureCode | None
) -> None:
    found = judge_waiting(a_task_pod("frame", state), waited, image_limit=120, startup_limit=600)
    if code is None:
        assert found is None
    else:
        assert found is not None
        assert found.failure is not None
        assert (found.ending, found.exit_code, found.failure.code) == (P, None, code)
