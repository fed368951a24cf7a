"""Azure Batch's minimum scenario about job schedules (azure-batch-semantics §13: 23).

The real operator runs over the model API server in virtual time; what the API server refuses by itself is asked of a
real one.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from millpond.api.times import format_time, parse_time
from support.apiserver import ApiServer
from support.hands import document
from support.scripts import Run
from support.virtual_time import in_virtual_time
from support.worlds import EPOCH, ModelWorld

LIMIT = 3000.0
EVERY_100 = {"recurrenceIntervalSeconds": 100}


def starts(world: ModelWorld) -> list[int]:
    """When the jobs of schedules were created, in seconds from the beginning."""
    times = sorted(parse_time(job["metadata"]["creationTimestamp"]) for job in world.verbs.list("jobs"))
    return [int(time - EPOCH) for time in times]


async def until(world: ModelWorld, second: float) -> None:
    """Let the world go on until that many seconds from the beginning."""
    await asyncio.sleep(EPOCH + second - world.now())


def made(world: ModelWorld, name: str = "s") -> int:
    return int(world.status("jobschedules", name).get("jobsCreated") or 0)


def takes(world: ModelWorld, *seconds: float) -> None:
    """How long the task of each job of the schedule runs."""
    for number, each in enumerate(seconds, 1):
        world.scripts.tasks[f"s-{number}-t"] = [Run(seconds=each)]


@in_virtual_time
async def test_scenario_23_a_job_at_each_due_time_and_never_two_at_a_time() -> None:
    async with ModelWorld() as world:
        takes(world, 5, 130, 5, 5)
        world.host("h1").pool("p", 1).schedule("s", EVERY_100, "t")
        await world.run_until(lambda: made(world) == 4, LIMIT)
        first, second, third, fourth = starts(world)
        assert (first, second, fourth) == (0, 100, 300)
        assert 230 <= third < 260, "it waits for the end of the second"
        assert world.status("jobschedules", "s")["nextRunTime"] == format_time(EPOCH + 400)
        assert world.status("jobschedules", "s")["recentJobName"] == "s-4"


@in_virtual_time
async def test_scenario_23_a_missed_start_window_loses_the_due_time() -> None:
    async with ModelWorld() as world:
        takes(world, 150, 220, 5)
        world.host("h1").pool("p", 1).schedule("s", EVERY_100 | {"startWindowSeconds": 60}, "t")
        await world.run_until(lambda: made(world) == 3, LIMIT)
        first, second, third = starts(world)
        assert first == 0
        assert 150 <= second <= 160, "within the window of 100"
        assert third == 400, "the window of 300 closed while the second ran"


@in_virtual_time
async def test_scenario_23_no_job_after_the_end_and_complete_when_the_last_has_ended() -> None:
    async with ModelWorld() as world:
        takes(world, 5, 80)
        plan = EVERY_100 | {"doNotRunUntil": format_time(EPOCH + 30), "doNotRunAfter": format_time(EPOCH + 170)}
        world.host("h1").pool("p", 1).schedule("s", plan, "t")
        await until(world, 180)
        assert world.state("jobschedules", "s") == "Active", "its last job runs"
        await world.run_until(lambda: world.state("jobschedules", "s") == "Completed", LIMIT)
        assert starts(world) == [30, 130]
        assert world.state("jobs", "s-2") == "Completed"
        assert "endTime" in world.status("jobschedules", "s")


@in_virtual_time
async def test_scenario_23_one_job_only_without_a_recurrence() -> None:
    async with ModelWorld() as world:
        takes(world, 20)
        world.host("h1").pool("p", 1).schedule("s", {}, "t")
        await world.run_until(lambda: world.state("jobschedules", "s") == "Completed", LIMIT)
        assert (starts(world), world.state("jobs", "s-1")) == ([0], "Completed")


@in_virtual_time
async def test_scenario_23_disabled_makes_no_job_and_its_active_one_goes_on() -> None:
    async with ModelWorld() as world:
        takes(world, 50, 5, 5)
        world.host("h1").pool("p", 1).schedule("s", EVERY_100 | {"startWindowSeconds": 60}, "t")
        await world.run_until(lambda: world.running() == 1, LIMIT)
        world.patch("jobschedules", "s", desiredState="Disabled")
        await world.run_until(lambda: world.state("jobs", "s-1") == "Completed", LIMIT)
        assert world.status("tasks", "s-1-t")["result"] == "Success"
        await until(world, 340)
        assert (world.state("jobschedules", "s"), starts(world)) == ("Disabled", [0])
        world.patch("jobschedules", "s", desiredState="Active")
        await world.run_until(lambda: made(world) == 3, LIMIT)
        first, second, third = starts(world)
        assert (first, third) == (0, 400)
        assert 340 <= second < 345, "within the window of 300"


@in_virtual_time
async def test_scenario_23_termination_ends_the_active_job_for_its_reason() -> None:
    async with ModelWorld() as world:
        takes(world, 500)
        world.host("h1").pool("p", 1).schedule("s", EVERY_100, "t")
        await world.run_until(lambda: world.running() == 1, LIMIT)
        world.patch("jobschedules", "s", desiredState="Terminated")
        await world.run_until(lambda: world.state("jobschedules", "s") == "Completed", LIMIT)
        assert world.status("jobs", "s-1")["terminateReason"] == "TerminateJobSchedule"
        assert world.state("jobs", "s-1") == "Completed"
        await world.run_quiet(250, LIMIT)
        assert starts(world) == [0]


@in_virtual_time
async def test_scenario_23_an_update_counts_for_later_jobs() -> None:
    async with ModelWorld() as world:
        takes(world, 50, 5)
        world.host("h1").pool("p", 1).schedule("s", EVERY_100, "t")
        await world.run_until(lambda: world.running() == 1, LIMIT)
        template = {"spec": {"priority": 7, "constraints": {"maxTaskRetryCount": 2}}}
        world.patch("jobschedules", "s", jobTemplate=template)
        await world.run_until(lambda: made(world) == 2, LIMIT)
        assert [world.verbs.get("jobs", "default", f"s-{n}")["spec"].get("priority") for n in (1, 2)] == [0, 7]


@in_virtual_time
async def test_scenario_23_deletion_takes_jobs_and_tasks_along() -> None:
    async with ModelWorld() as world:
        takes(world, 5, 500)
        world.host("h1").pool("p", 1).schedule("s", EVERY_100, "t")
        await world.run_until(lambda: made(world) == 2 and world.running() == 1, LIMIT)
        world.delete("jobschedules", "s")
        await world.run_until(lambda: world.state("jobschedules", "s") == "Deleting", LIMIT)
        await world.run_until(lambda: not world.verbs.list("jobschedules"), LIMIT)
        assert not world.verbs.list("jobs")
        assert not world.verbs.list("tasks")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Terminating", "JobScheduleBeingTerminated"),
        ("Completed", "JobScheduleCompleted"),
        ("Deleting", "JobScheduleBeingDeleted"),
    ],
)
def test_scenario_23_what_its_state_forbids(server: ApiServer, state: str, code: str) -> None:
    path = "/apis/millpond.dev/v1alpha1/namespaces/default/jobschedules"
    spec: dict[str, Any] = {"jobTemplate": {"spec": {"poolName": "p"}}}
    _, seen = server.request("POST", path, document("JobSchedule", "conformance", spec))
    try:
        server.request("PUT", f"{path}/conformance/status", seen | {"status": {"state": state}})
        change = {"spec": {"desiredState": "Disabled"}}
        status, answer = server.request("PATCH", f"{path}/conformance", change, "application/merge-patch+json")
    finally:
        server.request("DELETE", f"{path}/conformance")
    assert status == 422
    assert code in answer["message"]
