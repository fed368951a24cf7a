"""Azure Batch's minimum scenarios about pools and their sizes (azure-batch-semantics §13: 1, 4, 5, 7, 8).

The real operator runs over the model API server in virtual time. The bound of 100 nodes a call is the command line's.
"""

from __future__ import annotations

import pytest
from millpond.api.times import format_time
from support.model.store import Document
from support.scripts import Run
from support.virtual_time import in_virtual_time, run
from support.worlds import ModelWorld

LIMIT = 3000.0


def nodes(world: ModelWorld) -> list[Document]:
    return world.verbs.list("computenodes")


def steady(world: ModelWorld, count: int) -> bool:
    status = world.status("pools", "p")
    return (status.get("allocationState"), status.get("currentDedicatedNodes")) == ("Steady", count)


def errors(world: ModelWorld) -> list[str]:
    return [error["code"] for error in world.status("pools", "p").get("resizeErrors", ())]


@in_virtual_time
async def test_01_a_new_pool_reaches_its_size() -> None:
    async with ModelWorld() as world:
        world.host("h1").host("h2").pool("p", 2)
        await world.run_until(lambda: world.nodes_in("Idle") == 2 and steady(world, 2), LIMIT)
        assert len({node["metadata"]["name"] for node in nodes(world)}) == 2
        assert len({node["status"]["hostName"] for node in nodes(world)}) == 2


SHRINKS = [
    # option, state, result, attempts, requeues in the end, and how long the pool waits at least for the task of 600 s
    ("Requeue", "Completed", "Success", 2, 1, 0),
    ("Terminate", "Completed", "Failure", 1, 0, 0),
    ("TaskCompletion", "Completed", "Success", 1, 0, 500),
    ("RetainedData", "Completed", "Success", 1, 0, 500 + 900),
]


@pytest.mark.parametrize(("option", "state", "result", "attempts", "requeues", "waits"), SHRINKS)
def test_scenario_4_a_pool_shrinks_by_each_option(
    option: str, state: str, result: str, attempts: int, requeues: int, waits: int
) -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.host("h1").pool("p", 1, nodeDeallocationOption=option)
            world.job("j", constraints={"maxTaskRetryCount": 3})
            world.task("j", "t", Run(seconds=600), constraints={"retentionSeconds": 900})
            await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
            began = world.now()
            world.patch("pools", "p", targetDedicatedNodes=0)
            await world.run_until(lambda: world.nodes_in("LeavingPool") == 1, LIMIT)
            world.task("j", "later")
            await world.run_until(lambda: world.status("pools", "p")["allocationState"] == "Resizing", LIMIT)
            await world.run_until(lambda: steady(world, 0) and not nodes(world), LIMIT)
            assert waits <= world.now() - began < waits + 400
            assert world.status("tasks", "later").get("attempt", 0) == 0
            world.patch("pools", "p", targetDedicatedNodes=1)
            await world.run_until(world.all_tasks_completed, LIMIT)
            told = world.status("tasks", "t")
            assert (told["state"], told["result"], told["attempt"]) == (state, result, attempts)
            assert (told.get("requeueCount", 0), told.get("retryCount", 0)) == (requeues, 0)
            assert told.get("failure", {}).get("code") == ("TaskEnded" if result == "Failure" else None)

    run(main())


@in_virtual_time
async def test_05_a_resize_is_stopped_on_the_way() -> None:
    async with ModelWorld() as world:
        seen: list[str] = []
        world.verbs.store.listeners.append(
            lambda change: (
                seen.append((change.after.get("status") or {}).get("allocationState", ""))
                if change.plural == "pools"
                else None
            )
        )
        world.host("h1").host("h2").pool("p", 5)
        await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)
        world.patch("pools", "p", resizeStoppedAt=format_time(world.now()))
        await world.run_until(lambda: steady(world, 2), LIMIT)
        assert list(dict.fromkeys(state for state in seen if state)) == ["Resizing", "Stopping", "Steady"]
        assert errors(world) == ["ResizeStopped"]
        assert world.verbs.list("pools")[0]["spec"]["targetDedicatedNodes"] == 5
        world.host("h3")
        await world.run_quiet(100, LIMIT)
        assert (steady(world, 2), errors(world)) == (True, ["ResizeStopped"])
        world.patch("pools", "p", targetDedicatedNodes=3)
        await world.run_until(lambda: world.nodes_in("Idle") == 3 and steady(world, 3), LIMIT)
        assert errors(world) == []


@in_virtual_time
async def test_07_chosen_nodes_are_removed() -> None:
    async with ModelWorld() as world:
        for number in range(3):
            world.host(f"h{number}")
        world.pool("p", 3).job("j").task("j", "t", Run(seconds=60))
        await world.run_until(lambda: world.state("tasks", "t") == "Running" and steady(world, 3), LIMIT)
        chosen = world.status("tasks", "t")["nodeName"]
        world.patch("computenodes", chosen, removedAt=format_time(world.now()))
        await world.run_until(lambda: steady(world, 2), LIMIT)
        await world.run_until(world.all_tasks_completed, LIMIT)
        await world.run_quiet(100, LIMIT)
        assert chosen not in {node["metadata"]["name"] for node in nodes(world)}
        assert (steady(world, 2), errors(world)) == (True, [])
        assert world.status("tasks", "t")["requeueCount"] == 1
        pool = world.verbs.list("pools")[0]
        assert (pool["spec"]["targetDedicatedNodes"], pool["status"]["targetDedicatedNodes"]) == (3, 2)


@in_virtual_time
async def test_08_a_deleted_pool_gives_its_tasks_back_and_its_job_moves_on() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 1, nodeDeallocationOption="Terminate").job("j").task("j", "t", Run(seconds=60))
        await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
        world.delete("pools", "p")
        await world.run_until(lambda: not world.verbs.list("pools"), LIMIT)
        told = world.status("tasks", "t")
        assert (told["state"], told["requeueCount"]) == ("Active", 1)
        assert world.state("jobs", "j") == "Active"
        world.patch("jobs", "j", desiredState="Disabled")
        await world.run_until(lambda: world.state("jobs", "j") == "Disabled", LIMIT)
        world.patch("jobs", "j", poolName="q")
        world.pool("q", 1)
        world.patch("jobs", "j", desiredState="Active")
        await world.run_until(world.all_tasks_completed, LIMIT)
        told = world.status("tasks", "t")
        assert (told["result"], told["attempt"], told["requeueCount"]) == ("Success", 2, 1)
