"""Azure Batch's minimum scenarios about attempts of tasks (azure-batch-semantics §13: 12, 13, 14, 39).

The real operator runs over the model API server in virtual time.
"""

from __future__ import annotations

from typing import Any

import pytest
from millpond.settings import Settings
from support.model.store import Document
from support.scripts import Run
from support.virtual_time import in_virtual_time, run
from support.worlds import ModelWorld

LIMIT = 3000.0
FOR_EVER = 1_000_000.0
FAILS = Run(seconds=1, exit_code=7)


def told(world: ModelWorld, task: str = "t") -> dict[str, Any]:
    """What the scenarios ask of a task's status."""
    status = world.status("tasks", task)
    counts = {"attempt": 0, "retryCount": 0, "requeueCount": 0}
    return counts | {fact: status.get(fact, counts.get(fact)) for fact in ("state", "result", "exitCode", *counts)}


def condition(world: ModelWorld, task: str, kind: str) -> Document:
    found = world.status("tasks", task).get("conditions", ())
    return next((one for one in found if one["type"] == kind), {})


RETRIES = [
    # the task's limit, the job's, its runs, attempts in the end, result
    (3, 0, (FAILS,), 4, "Failure"),
    (None, 3, (FAILS,), 4, "Failure"),
    (0, 3, (FAILS,), 1, "Failure"),
    (None, 0, (FAILS,), 1, "Failure"),
    (2, 5, (FAILS,), 3, "Failure"),
    (3, 0, (FAILS, FAILS, Run()), 3, "Success"),
    (-1, 0, (*[FAILS] * 12, Run()), 13, "Success"),
    (0, -1, (FAILS,), 1, "Failure"),
    (None, -1, (FAILS, FAILS, Run()), 3, "Success"),
]


@pytest.mark.parametrize(("own", "of_job", "runs", "attempts", "result"), RETRIES)
def test_scenario_12_retries(own: int | None, of_job: int, runs: tuple[Run, ...], attempts: int, result: str) -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.host("h1").pool("p", 1).job("j", constraints={"maxTaskRetryCount": of_job})
            constraints = {} if own is None else {"constraints": {"maxTaskRetryCount": own}}
            world.task("j", "t", *runs, **constraints)
            await world.run_until(world.all_tasks_completed, LIMIT)
            status = told(world)
            assert (status["attempt"], status["retryCount"], status["result"]) == (attempts, attempts - 1, result)
            assert status["requeueCount"] == 0
            assert status["exitCode"] == (0 if result == "Success" else 7)
            assert ("lastRetryTime" in world.status("tasks", "t")) == (attempts > 1)

    run(main())


@in_virtual_time
async def test_scenario_12_what_cannot_start_is_never_retried() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1).job("j")
        world.task("j", "t", Run(cause="CommandNotFound", exit_code=127), constraints={"maxTaskRetryCount": -1})
        world.task("j", "image", Run(image_missing=True), constraints={"maxTaskRetryCount": -1})
        await world.run_until(world.all_tasks_completed, LIMIT)
        for task, code in (("t", "CommandProgramNotFound"), ("image", "ContainerInvalidImage")):
            assert (told(world, task)["attempt"], told(world, task)["retryCount"]) == (1, 0)
            assert world.status("tasks", task)["failure"]["code"] == code


@in_virtual_time
async def test_scenario_13_a_task_whose_host_goes_runs_again_without_retries() -> None:
    """The host is rebooted as Kubernetes sees it at its worst: it is gone, and another one comes in its place."""
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1).job("j", constraints={"maxTaskRetryCount": 0})
        world.task("j", "t", Run(seconds=50))
        await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
        world.hosts.leave("h1")
        world.host("h2")
        await world.run_until(world.all_tasks_completed, LIMIT)
        status = told(world)
        assert (status["result"], status["attempt"]) == ("Success", 2)
        assert (status["retryCount"], status["requeueCount"]) == (0, 0)


@in_virtual_time
async def test_scenario_14_the_wall_clock_of_a_task_is_final() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1).job("j", onAllTasksComplete="TerminateJob")
        late = Run(seconds=2, exit_code=143, cause="WallClock")
        world.task("j", "t", late, constraints={"maxWallClockSeconds": 2, "maxTaskRetryCount": 5})
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        failure = world.status("tasks", "t")["failure"]
        assert (failure["category"], failure["code"]) == ("UserError", "TaskEnded")
        assert {one["name"]: one["value"] for one in failure["details"]} == {
            "Message": "The maximum execution time configured on the task was exceeded",
            "AdditionalErrorCode": "FailureExitCode",
        }
        assert (told(world)["attempt"], told(world)["retryCount"]) == (1, 0)
        assert world.status("jobs", "j")["terminateReason"] == "AllTasksComplete"


@in_virtual_time
async def test_scenario_14_the_wall_clock_of_a_job_ends_its_tasks() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1).job("j", constraints={"maxWallClockSeconds": 60, "maxTaskRetryCount": 5})
        world.task("j", "t", Run(seconds=FOR_EVER)).task("j", "u")
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        status = world.status("jobs", "j")
        assert status["terminateReason"] == "MaxWallClockTimeExpiry"
        assert world.status("tasks", "t")["failure"]["code"] == "TaskEnded"
        assert (told(world)["state"], told(world)["attempt"]) == ("Completed", 1)
        assert told(world, "u")["state"] in (None, "Active"), "what had not begun is left as it was"


@in_virtual_time
async def test_scenario_39_after_180_days_a_task_is_ended_and_left_in_its_state() -> None:
    async with ModelWorld(settings=Settings(task_lifetime_days=0.01)) as world:  # 864 s
        world.host("h1").pool("p", 1).job("j", constraints={"maxTaskRetryCount": 5})
        world.task("j", "t", Run(seconds=FOR_EVER)).task("j", "waits")
        await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
        await world.run_until(lambda: condition(world, "t", "Scheduled").get("reason") == "TaskExpired", LIMIT)
        await world.run_until(lambda: world.running() == 0, LIMIT)
        await world.run_until(lambda: condition(world, "waits", "Scheduled").get("reason") == "TaskExpired", LIMIT)
        world.task("j", "young")
        await world.run_until(lambda: world.state("tasks", "young") == "Completed", LIMIT)
        assert told(world) | {"exitCode": None} == {
            "state": "Running",
            "result": None,
            "exitCode": None,
            "attempt": 1,
            "retryCount": 0,
            "requeueCount": 0,
        }
        assert world.state("tasks", "waits") == "Active"
        assert condition(world, "waits", "Scheduled")["message"].startswith(
            "The task was not completed within 0.01 days"
        )
