"""How an end is read from a Pod: times, details, and what a record says. The ends themselves: test_failure_table."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.lifecycle.exits import Ending, judge_ended
from support.builders import a_node_pod, a_task_pod, ended, exited
from support.failuretable import CASES, exit_of


@pytest.mark.parametrize("ending", Ending)
def test_a_failure_comes_with_the_ends_that_can_fail_a_task(ending: Ending) -> None:
    found = [exit_ for case in CASES if (exit_ := exit_of(case)) is not None and exit_.ending is ending]
    fails = ending in (Ending.NONZERO, Ending.PREPROCESSING, Ending.WALL_CLOCK, Ending.FILE_UPLOAD)
    assert {exit_.failure is not None for exit_ in found} == {fails}


@pytest.mark.parametrize(
    ("cause", "ending", "says"),
    [("Coordination", Ending.NONZERO, "All instances ended with it."), ("Group", Ending.INTERRUPTED, "Instance 1")],
)
def test_an_instance_of_a_group_tells_whose_fault_its_end_is(cause: str, ending: Ending, says: str) -> None:
    found = judge_ended(a_task_pod("mpi", exited(3, cause, message="Instance 1 has ended.")))
    assert (found.ending, found.exit_code) == (ending, 3)
    assert says in (found.failure.message if found.failure else found.message)


def test_times_are_the_launcher_s_else_the_kubelet_s() -> None:
    by_launcher = judge_ended(a_task_pod("frame", exited(0, startTime="2026-01-01T00:00:01.5Z", endTime="x")))
    by_kubelet = judge_ended(a_task_pod("frame", exited(0)))
    assert (by_launcher.start_time, by_launcher.end_time) == ("2026-01-01T00:00:01.5Z", "x")
    assert (by_kubelet.start_time, by_kubelet.end_time) == ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z")


@pytest.mark.parametrize("state", [exited(143, "WallClock"), exited(0, "WallClock")])
def test_the_wall_clock_has_azure_batch_s_details(state: dict[str, object]) -> None:
    failure = judge_ended(a_task_pod("frame", state)).failure
    assert failure is not None
    assert {detail.name: detail.value for detail in failure.details} == {
        "Message": "The maximum execution time configured on the task was exceeded",
        "AdditionalErrorCode": "FailureExitCode",
    }


def test_a_record_is_believed_where_the_container_is_unknown() -> None:
    found = judge_ended(a_task_pod("frame", ended(255, "Unknown", '{"cause":"Exited","exitCode":3}')))
    assert (found.ending, found.exit_code) == (Ending.NONZERO, 3)


@pytest.mark.parametrize(("state", "retries"), [(exited(3), 0), (exited(0, retries=2), 2), (ended(0), None)])
def test_the_launcher_s_own_retries_are_told_where_it_left_a_record(state: dict[str, Any], retries: int | None) -> None:
    assert judge_ended(a_task_pod("t", state)).retries == retries


def test_a_container_of_a_pod_that_lives_on_is_judged_alike() -> None:
    found = judge_ended(a_node_pod(start_task=exited(3)), "start-task")
    assert (found.ending, found.exit_code) == (Ending.NONZERO, 3)
