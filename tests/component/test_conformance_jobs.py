"""Azure Batch's minimum scenarios about the lives of jobs (azure-batch-semantics §13: 9, 15, 24, 25, 26).

The real operator runs over the model API server in virtual time; what the API server refuses by itself is asked of a
real one.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.apiserver import ApiServer
from support.hands import document
from support.scripts import Run
from support.virtual_time import in_virtual_time, run
from support.worlds import ModelWorld

LIMIT, REST = 3000.0, 100.0
FAILS = Run(exit_code=1)


def condition(world: ModelWorld, plural: str, name: str, kind: str) -> dict[str, Any]:
    found = world.status(plural, name).get("conditions", ())
    return next((one for one in found if one["type"] == kind), {})


async def until_state(world: ModelWorld, plural: str, name: str, state: str) -> None:
    await world.run_until(lambda: world.state(plural, name) == state, LIMIT)


def counts(world: ModelWorld, task: str) -> tuple[int, int, int]:
    """Attempts, retries and requeues of a task."""
    status = world.status("tasks", task)
    return status.get("attempt", 0), status.get("retryCount", 0), status.get("requeueCount", 0)


def refused(server: ApiServer, job: dict[str, Any], state: str, change: dict[str, Any]) -> str:
    """What a real API server says to a change of a job that has come to that state."""
    path = "/apis/millpond.dev/v1alpha1/namespaces/default/jobs"
    _, made = server.request("POST", path, document("Job", "conformance", {"poolName": "p"} | job))
    try:
        server.request("PUT", f"{path}/conformance/status", made | {"status": {"state": state}})
        merge = "application/merge-patch+json"
        code, answer = server.request("PATCH", f"{path}/conformance", {"spec": change}, merge)
    finally:
        server.request("DELETE", f"{path}/conformance")
    assert code == 422, answer
    return str(answer["message"])


@in_virtual_time
async def test_scenario_9_a_job_without_its_pool_waits_and_runs_when_the_pool_comes() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("j").task("j", "t")
        await world.run_until(lambda: condition(world, "jobs", "j", "Scheduled").get("reason") == "PoolNotFound", LIMIT)
        await world.run_quiet(REST, LIMIT)
        assert (world.state("jobs", "j"), counts(world, "t")) == ("Active", (0, 0, 0))
        world.pool("p", 1)
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert world.status("tasks", "t")["result"] == "Success"


@in_virtual_time
async def test_scenario_15_an_empty_job_that_terminates_ends_after_its_grace_and_others_stay() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1).job("empty", onAllTasksComplete="TerminateJob").job("open").job("later")
        await until_state(world, "jobs", "empty", "Completed")
        assert world.status("jobs", "empty")["terminateReason"] == "AllTasksComplete"
        world.task("later", "t")
        await world.run_until(world.all_tasks_completed, LIMIT)
        await world.run_quiet(REST, LIMIT)
        assert {world.state("jobs", name) for name in ("open", "later")} == {"Active"}
        world.patch("jobs", "later", onAllTasksComplete="TerminateJob")
        await world.run_until(lambda: world.state("jobs", "later") == "Completed", 5)


def test_scenario_15_terminate_job_is_not_taken_back(server: ApiServer) -> None:
    said = refused(server, {"onAllTasksComplete": "TerminateJob"}, "Active", {"onAllTasksComplete": "NoAction"})
    assert "onAllTasksComplete TerminateJob cannot be taken back" in said


DISABLED = [
    # the option, what becomes of the running task, its attempts and requeues in the end, its result
    ("Requeue", "Active", (2, 0, 1), "Success"),
    ("Terminate", "Completed", (1, 0, 0), "Failure"),
    ("Wait", "Completed", (1, 0, 0), "Success"),
]


@pytest.mark.parametrize(("option", "meanwhile", "in_the_end", "result"), DISABLED)
def test_scenario_24_a_job_is_disabled_and_enabled(
    option: str, meanwhile: str, in_the_end: tuple[int, int, int], result: str
) -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.host("h1").pool("p", 1).job("j").task("j", "runs", Run(seconds=300), Run(seconds=30))
            await until_state(world, "tasks", "runs", "Running")
            world.task("j", "waits").patch("jobs", "j", desiredState="Disabled", disableTasks=option)
            await until_state(world, "jobs", "j", "Disabling")
            await until_state(world, "jobs", "j", "Disabled")
            await world.run_quiet(REST, LIMIT)
            assert (world.state("tasks", "runs"), world.running()) == (meanwhile, 0)
            assert counts(world, "waits") == (0, 0, 0), "nothing starts in a disabled job"
            world.patch("jobs", "j", desiredState="Active")
            await world.run_until(world.all_tasks_completed, LIMIT)
            assert (counts(world, "runs"), world.status("tasks", "runs")["result"]) == (in_the_end, result)
            assert world.status("tasks", "waits")["result"] == "Success"
            assert world.state("jobs", "j") == "Active"

    run(main())


REFUSED = [
    ("Terminating", {"desiredState": "Disabled"}, "JobBeingTerminated"),
    ("Completed", {"desiredState": "Disabled"}, "JobCompleted"),
    ("Deleting", {"desiredState": "Disabled"}, "JobBeingDeleted"),
    ("Active", {"poolName": "q"}, "OperationInvalidForCurrentState"),
    ("Disabling", {"poolName": "q"}, "OperationInvalidForCurrentState"),
]


@pytest.mark.parametrize(("state", "change", "code"), REFUSED)
def test_scenario_24_what_the_state_forbids_is_refused(
    server: ApiServer, state: str, change: dict[str, Any], code: str
) -> None:
    assert code in refused(server, {}, state, change)


@in_virtual_time
async def test_scenario_25_termination_leaves_active_tasks_active_and_takes_no_more() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1).job("j").task("j", "runs", Run(seconds=300)).task("j", "waits")
        await until_state(world, "tasks", "runs", "Running")
        world.patch("jobs", "j", desiredState="Terminated", terminateReason="enough")
        await until_state(world, "jobs", "j", "Completed")
        assert world.status("jobs", "j")["terminateReason"] == "enough"
        ended = world.status("tasks", "runs")
        assert (ended["state"], ended["result"], ended["failure"]["code"]) == ("Completed", "Failure", "TaskEnded")
        await world.run_quiet(REST, LIMIT)
        world.task("j", "late")
        await world.run_until(lambda: condition(world, "tasks", "late", "Scheduled") != {}, LIMIT)
        assert condition(world, "tasks", "late", "Scheduled")["reason"] == "JobCompleted"
        await world.run_quiet(REST, LIMIT)
        assert [world.state("tasks", name) for name in ("waits", "late")] == ["None", "Active"], (
            "the first: no word yet"
        )
        assert [counts(world, name) for name in ("waits", "late")] == [(0, 0, 0)] * 2
        assert world.status("jobs", "j")["taskCounts"]["active"] == 2


@in_virtual_time
async def test_scenario_26_a_failed_task_runs_again_with_its_retries_new() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1).job("j", constraints={"maxTaskRetryCount": 1})
        world.task("j", "t", FAILS, FAILS, FAILS, FAILS, Run())
        await until_state(world, "tasks", "t", "Completed")
        assert counts(world, "t") == (2, 1, 0)
        for hour, attempts, retries, result in ((1, 4, 1, "Failure"), (2, 5, 0, "Success")):
            world.patch("tasks", "t", reactivatedAt=f"2030-01-01T0{hour}:00:00Z")
            await world.run_until(lambda: world.status("tasks", "t").get("state") == "Active", LIMIT)
            assert {"exitCode", "failure", "result", "endTime"}.isdisjoint(world.status("tasks", "t"))
            await until_state(world, "tasks", "t", "Completed")
            assert (counts(world, "t"), world.status("tasks", "t")["result"]) == ((attempts, retries, 0), result)


@in_virtual_time
async def test_scenario_26_other_tasks_do_not_and_say_why() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1, 4).job("j").job("over").task("over", "ended", FAILS)
        world.task("j", "good").task("j", "runs", Run(seconds=500))
        await until_state(world, "tasks", "ended", "Completed")
        world.patch("jobs", "over", desiredState="Terminated")
        await until_state(world, "jobs", "over", "Completed")
        await until_state(world, "tasks", "good", "Completed")
        await until_state(world, "tasks", "runs", "Running")
        for task, code in (("good", "TaskSucceeded"), ("runs", "TaskNotCompleted"), ("ended", "JobCompleted")):
            before = counts(world, task)
            world.patch("tasks", task, reactivatedAt="2030-01-01T00:00:00Z")
            await world.run_until(lambda task=task, code=code: (task, code) in told(world), LIMIT)
            assert (counts(world, task), world.running()) == (before, 1)


def told(world: ModelWorld) -> set[tuple[str, str]]:
    """Of whom the Events are, and their reasons."""
    return {(event["regarding"]["name"], event["reason"]) for event in world.verbs.list("events")}
