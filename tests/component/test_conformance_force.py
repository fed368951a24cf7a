"""Azure Batch's minimum scenario about jobs that end by force (azure-batch-semantics §13: 40; §3.4).

The real operator runs over the model API server in virtual time.
"""

from __future__ import annotations

import pytest
from support.scripts import Run
from support.virtual_time import in_virtual_time
from support.worlds import ModelWorld

LIMIT = 3000.0
SOON = 20.0
FOR_EVER = 1_000_000.0


async def a_dead_node(world: ModelWorld) -> None:
    """A task of job j runs on a node that was prepared for it and is to be released, when its host falls silent."""
    world.host("h1").pool("p", 1)
    world.job("j", jobPreparationTask={"commandLine": "prepare"}, jobReleaseTask={"commandLine": "clean"})
    world.task("j", "t", Run(seconds=FOR_EVER)).task("j", "waits")
    await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
    world.hosts.fall_silent("h1")
    world.hosts.notice_silence("h1")


def jobs(world: ModelWorld) -> list[str]:
    return [job["metadata"]["name"] for job in world.verbs.list("jobs")]


async def nothing_is_left(world: ModelWorld) -> None:
    """The host comes back: what was left there is stopped, and the node takes the tasks of others."""
    world.hosts.come_back("h1")
    world.job("k").task("k", "u")
    await world.run_until(lambda: world.state("tasks", "u") == "Completed", LIMIT)
    roles = [pod["metadata"]["labels"]["millpond.dev/role"] for pod in world.verbs.list("pods")]
    assert roles.count("node") == 1
    assert "release" not in roles, "a job that ended by force is not released afterwards"


@in_virtual_time
@pytest.mark.parametrize("late", [False, True], ids=["at once", "when waiting gets too long"])
async def test_scenario_40_force_terminate_with_dead_node(late: bool) -> None:
    async with ModelWorld() as world:
        await a_dead_node(world)
        world.patch("jobs", "j", desiredState="Terminated", force=not late)
        if late:
            await world.run_quiet(500.0, LIMIT)
            assert world.state("jobs", "j") == "Terminating", "it waits for the node, however long that is silent"
            world.patch("jobs", "j", force=True)
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", SOON)
        assert world.status("tasks", "t")["failure"]["code"] == "TaskEnded"
        assert world.state("tasks", "waits") in ("None", "Active"), "what had not begun is left as it was"
        await nothing_is_left(world)


@in_virtual_time
@pytest.mark.parametrize("late", [False, True], ids=["at once", "when waiting gets too long"])
async def test_scenario_40_force_delete_with_dead_node(late: bool) -> None:
    async with ModelWorld() as world:
        await a_dead_node(world)
        world.patch("jobs", "j", force=not late)
        world.delete("jobs", "j")
        if late:
            await world.run_quiet(500.0, LIMIT)
            assert world.state("jobs", "j") == "Deleting", "it waits for the node, however long that is silent"
            world.patch("jobs", "j", force=True)
        await world.run_until(lambda: jobs(world) == [], SOON)
        assert world.verbs.list("tasks") == []
        await nothing_is_left(world)


@in_virtual_time
async def test_scenario_40_a_job_of_the_same_name_does_not_run_beside_what_force_left() -> None:
    async with ModelWorld() as world:
        await a_dead_node(world)
        world.patch("jobs", "j", force=True)
        world.delete("jobs", "j")
        await world.run_until(lambda: jobs(world) == [], SOON)
        world.job("j").task("j", "t", Run(seconds=1))
        world.hosts.come_back("h1")
        await world.run_until(lambda: world.state("tasks", "t") == "Completed", LIMIT)
        assert world.status("tasks", "t")["result"] == "Success"
