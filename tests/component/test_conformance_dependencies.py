"""The reference's scenarios 16 and 17 (§13): the whole operator over the model API server, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.scripts import Run
from support.virtual_time import run
from support.worlds import ModelWorld

LIMIT, REST = 600.0, 60.0
USES = {"usesTaskDependencies": True}
PERFORMS = {"onTaskFailure": "PerformExitOptionsJobAction"}


def play(story: Callable[[ModelWorld], Awaitable[None]], **job: Any) -> ModelWorld:
    """A pool of one node with four slots and the job `j`; then the story, and rest."""

    async def main() -> ModelWorld:
        async with ModelWorld() as world:
            world.host("h1").pool("p", 1, 4).job("j", **job)
            await story(world)
            await world.run_quiet(REST, LIMIT)
            world.books.check_ledgers(in_flight=False)
            assert not world.books.violations
            return world

    return run(main())


def after(*ids: str, ranges: tuple[tuple[int, int], ...] = ()) -> dict[str, Any]:
    spans = [{"start": start, "end": end} for start, end in ranges]
    return {"dependsOn": {"taskIds": list(ids), "taskIdRanges": spans}}


def options(**actions: str) -> dict[str, Any]:
    return {{"job": "jobAction", "dependency": "dependencyAction"}[word]: value for word, value in actions.items()}


def ran(world: ModelWorld) -> list[str]:
    """The tasks that have completed, by the time of their start."""
    tasks = [t for t in world.verbs.list("tasks") if (t.get("status") or {}).get("state") == "Completed"]
    return [t["metadata"]["name"] for t in sorted(tasks, key=lambda t: t["status"].get("startTime", ""))]


def reason(world: ModelWorld, task: str) -> str | None:
    conditions = world.status("tasks", task).get("conditions", ())
    return next((c["reason"] for c in conditions if c["type"] == "Scheduled" and c["status"] == "False"), None)


SATISFIES, BLOCKS = options(dependency="Satisfy"), options(dependency="Block")
CLASSES = [
    ("exact code", Run(exit_code=3), {"exitCodes": [{"code": 3, "exitOptions": SATISFIES}], "default": BLOCKS}, True),
    ("range", Run(exit_code=5), {"exitCodeRanges": [{"start": 4, "end": 6, "exitOptions": SATISFIES}]}, True),
    ("before the command", Run(image_missing=True), {"preProcessingError": SATISFIES, "default": BLOCKS}, True),
    ("default", Run(exit_code=9), {"default": SATISFIES}, True),
    ("wall clock", Run(exit_code=137, cause="WallClock"), {"default": SATISFIES}, True),
    ("success, blocked", Run(), {"exitCodes": [{"code": 0, "exitOptions": BLOCKS}]}, False),
    ("success", Run(), None, True),
    ("failure", Run(exit_code=1), None, False),
]


@pytest.mark.parametrize(("end", "conditions", "goes_on"), [c[1:] for c in CLASSES], ids=[c[0] for c in CLASSES])
def test_scenario_16_every_class_of_ends_has_its_dependency_action(
    end: Run, conditions: dict[str, Any] | None, goes_on: bool
) -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "first", end, **({"exitConditions": conditions} if conditions else {}))
        world.task("j", "then", **after("first"))
        await world.run_until(lambda: world.state("tasks", "first") == "Completed", LIMIT)

    world = play(story, **USES)
    assert ran(world) == (["first", "then"] if goes_on else ["first"])


JOB_ENDS = [
    ("success", Run(), None, "Active", None),
    ("failure", Run(exit_code=1), None, "Completed", "TaskFailed"),
    ("before the command", Run(image_missing=True), None, "Completed", "TaskFailed"),
    ("forgiven", Run(exit_code=1), {"default": options(job="None")}, "Active", None),
    ("success that ends it", Run(), {"exitCodes": [{"code": 0, "exitOptions": options(job="Terminate")}]}, "Completed",
     "TaskFailed"),
]  # fmt: skip


@pytest.mark.parametrize(("end", "conditions", "state", "why"), [c[1:] for c in JOB_ENDS], ids=[c[0] for c in JOB_ENDS])
def test_scenario_16_a_job_terminates_as_its_task_says(
    end: Run, conditions: dict[str, Any] | None, state: str, why: str | None
) -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "other", Run(seconds=300))
        world.task("j", "one", end, **({"exitConditions": conditions} if conditions else {}))
        await world.run_until(world.all_tasks_completed, LIMIT)

    world = play(story, **PERFORMS)
    job = world.status("jobs", "j")
    assert (job["state"], job.get("terminateReason")) == (state, why)
    assert world.status("tasks", "other")["result"] == ("Failure" if why else "Success")


def test_scenario_16_job_action_waits_for_the_last_retry() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "one", Run(exit_code=1), Run(), constraints={"maxTaskRetryCount": 1})
        await world.run_until(world.all_tasks_completed, LIMIT)

    assert play(story, **PERFORMS).state("jobs", "j") == "Active"


def test_scenario_16_exit_options_that_the_job_does_not_perform_are_refused() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "bad", exitConditions={"default": options(job="None")}).task("j", "good")
        world.task("j", "worse", exitConditions={"default": options(dependency="Block")})
        await world.run_until(lambda: world.state("tasks", "good") == "Completed", LIMIT)

    world = play(story)
    assert ran(world) == ["good"]
    assert reason(world, "bad") == reason(world, "worse") == "InvalidPropertyValue"


def test_scenario_17_ids_and_ranges_with_leading_zeros() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "join", **after("Prep", ranges=((3, 5),)))
        world.task("j", "prep").task("j", "three", id="003").task("j", "four", id="4").task("j", "five", id="05")
        await world.run_until(world.all_tasks_completed, LIMIT)

    assert ran(play(story, **USES))[-1] == "join"


def test_scenario_17_a_missing_predecessor_is_waited_for() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "then", **after("later"))
        await world.run_quiet(REST, LIMIT)
        assert world.status("tasks", "then") == {}
        world.task("j", "later")
        await world.run_until(world.all_tasks_completed, LIMIT)

    assert ran(play(story, **USES)) == ["later", "then"]


def test_scenario_17_a_failed_predecessor_that_is_made_again_unblocks() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "first", Run(exit_code=1)).task("j", "then", **after("first"))
        await world.run_until(lambda: world.state("tasks", "first") == "Completed", LIMIT)
        world.delete("tasks", "first").task("j", "first", Run())
        await world.run_until(world.all_tasks_completed, LIMIT)

    assert ran(play(story, **USES)) == ["first", "then"]


def test_scenario_17_reactivation_of_a_failed_predecessor_unblocks() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "first", Run(exit_code=1), Run()).task("j", "then", **after("first"))
        await world.run_until(lambda: world.state("tasks", "first") == "Completed", LIMIT)
        world.patch("tasks", "first", reactivatedAt="2027-02-01T00:00:00Z")
        await world.run_until(world.all_tasks_completed, LIMIT)

    assert ran(play(story, **USES)) == ["first", "then"]


def test_scenario_17_without_the_flag_of_the_job() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "then", **after("first")).task("j", "first")
        await world.run_until(lambda: world.state("tasks", "first") == "Completed", LIMIT)

    world = play(story)
    assert ran(world) == ["first"]
    assert reason(world, "then") == "TaskDependenciesNotSpecifiedOnJob"


def test_scenario_17_a_cycle_is_told_and_runs_when_it_is_broken() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "a", **after("b")).task("j", "b", **after("a"))
        await world.run_until(lambda: reason(world, "a") == reason(world, "b") == "DependencyCycle", LIMIT)
        world.delete("tasks", "b").task("j", "b", Run())
        await world.run_until(world.all_tasks_completed, LIMIT)

    assert ran(play(story, **USES)) == ["b", "a"]
