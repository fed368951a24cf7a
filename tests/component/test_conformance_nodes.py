"""Azure Batch's minimum scenarios about the life of nodes (azure-batch-semantics §13: 2, 13, 19, 32, 34).

The real operator runs over the model API server in virtual time.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.scripts import Run, StartRun
from support.virtual_time import in_virtual_time, run
from support.worlds import ModelWorld

LIMIT = 3000.0
NODE_IS_DEDICATED = "AZ_BATCH_NODE_IS_DEDICATED"


def told(world: ModelWorld, task: str = "t") -> tuple[Any, ...]:
    """State, result, retries and requeues of a task."""
    status = world.status("tasks", task)
    return status.get("state"), status.get("result"), status.get("retryCount", 0), status.get("requeueCount", 0)


DISABLING = [
    # option, the task when the node is offline, the task in the end
    ("Requeue", ("Active", None, 0, 1), ("Completed", "Success", 0, 1)),
    ("Terminate", ("Completed", "Failure", 0, 0), ("Completed", "Failure", 0, 0)),
    ("TaskCompletion", ("Completed", "Success", 0, 0), ("Completed", "Success", 0, 0)),
]


@pytest.mark.parametrize(("option", "offline", "in_the_end"), DISABLING, ids=[case[0] for case in DISABLING])
def test_scenario_32_scheduling_is_disabled_and_enabled(
    option: str, offline: tuple[Any, ...], in_the_end: tuple[Any, ...]
) -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.host("h1").pool("p", 1).job("j").task("j", "t", Run(seconds=50))
            await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
            node = world.verbs.list("computenodes")[0]["metadata"]["name"]
            world.patch("computenodes", node, schedulable=False, disableSchedulingOption=option)
            await world.run_until(lambda: world.state("computenodes", node) == "Offline", LIMIT)
            world.task("j", "waits")
            await world.run_quiet(100, LIMIT)
            assert told(world) == offline
            assert world.state("tasks", "waits") in ("None", "Active")
            assert world.status("pools", "p")["currentDedicatedNodes"] == 1
            told_before = world.status("computenodes", node)
            world.patch("computenodes", node, schedulable=False)
            await world.run_quiet(100, LIMIT)
            assert world.status("computenodes", node) == told_before, "what is so already changes nothing"
            world.patch("computenodes", node, schedulable=True)
            await world.run_until(world.all_tasks_completed, LIMIT)
            await world.run_until(lambda: world.state("computenodes", node) == "Idle", LIMIT)
            assert told(world) == in_the_end
            assert told(world, "waits") == ("Completed", "Success", 0, 0)

    run(main())


@in_virtual_time
async def test_scenario_34_a_preempted_node_requeues_its_tasks_and_recovers_under_its_name() -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", 0, targetLowPriorityNodes=1).job("j", constraints={"maxTaskRetryCount": 0})
        world.task("j", "t", Run(seconds=500), Run(seconds=5))
        await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
        node = node_of(world)
        world.hosts.say_farewell("h1")
        await world.run_quiet(20, LIMIT)
        assert world.state("computenodes", node) == "Preempted"
        assert told(world) == ("Active", None, 0, 0)
        pool = world.status("pools", "p")
        assert (pool["currentLowPriorityNodes"], pool["targetLowPriorityNodes"]) == (1, 1)
        assert pool["nodeCounts"]["lowPriority"]["preempted"] == 1
        assert pool["allocationState"] == "Steady"
        assert pool.get("resizeErrors", []) == []
        world.hosts.leave("h1")
        await world.run_quiet(1000, LIMIT)
        assert world.state("computenodes", node) == "Preempted"
        world.host("h2")
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert node_of(world) == node
        assert world.status("computenodes", node)["hostName"] == "h2"
        assert told(world) == ("Completed", "Success", 0, 0)


@pytest.mark.parametrize(("dedicated", "told_to_commands"), [(1, "true"), (0, "false")])
@in_virtual_time
async def test_whatever_runs_on_a_node_is_told_whether_that_is_dedicated(dedicated: int, told_to_commands: str) -> None:
    async with ModelWorld() as world:
        world.host("h1").pool("p", dedicated, targetLowPriorityNodes=1 - dedicated, startTask={"commandLine": "start"})
        world.job("j", jobPreparationTask={"commandLine": "prepare"}).task("j", "t", Run(seconds=500))
        await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
        containers = [
            each
            for pod in world.verbs.list("pods")
            for each in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])
        ]
        found = [one["value"] for each in containers for one in each.get("env", ()) if one["name"] == NODE_IS_DEDICATED]
        assert found == [told_to_commands] * 3


def node_of(world: ModelWorld) -> str:
    (node,) = world.verbs.list("computenodes")
    return str(node["metadata"]["name"])


@in_virtual_time
async def test_scenario_2_a_failed_start_task_bars_the_node_until_a_reboot_reruns_it() -> None:
    async with ModelWorld() as world:
        fails = [True]
        world.scripts.start_task = lambda node: StartRun(exit_code=int(fails[0]), retries=1)
        world.host("h1").pool("p", 1, startTask={"commandLine": "start", "maxTaskRetryCount": 1}).job("j").task(
            "j", "t"
        )
        await world.run_until(lambda: world.nodes_in("StartTaskFailed") == 1, LIMIT)
        await world.run_quiet(100, LIMIT)
        node = node_of(world)
        failed = world.status("computenodes", node)
        assert (failed["startTask"]["exitCode"], failed["startTask"]["retryCount"]) == (1, 1)
        assert world.state("tasks", "t") in ("None", "Active")
        fails[0] = False
        world.patch("computenodes", node, restartedAt="2030-01-01T00:00:00Z")
        await world.run_until(world.all_tasks_completed, LIMIT)
        status = world.status("computenodes", node)
        assert status["startTask"]["result"] == "Success"
        assert status["served"] == {"restartedAt": "2030-01-01T00:00:00Z"}
        assert status["lastBootTime"] > failed["lastBootTime"]
        assert status["allocationTime"] == failed["allocationTime"]


@pytest.mark.parametrize("time", ["restartedAt", "reimagedAt"])
def test_scenario_13_a_task_runs_again_after_a_reboot_at_no_charge(time: str) -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.host("h1").pool("p", 1).job("j", constraints={"maxTaskRetryCount": 0})
            world.task("j", "t", Run(seconds=50))
            await world.run_until(lambda: world.state("tasks", "t") == "Running", LIMIT)
            world.patch("computenodes", node_of(world), **{time: "2030-01-01T00:00:00Z"})
            await world.run_until(world.all_tasks_completed, LIMIT)
            assert told(world) == ("Completed", "Success", 0, 1)
            assert world.status("tasks", "t")["attempt"] == 2

    run(main())


@pytest.mark.parametrize(
    ("time", "reruns", "runs"), [("restartedAt", True, 2), ("restartedAt", False, 1), ("reimagedAt", False, 2)]
)
def test_scenario_19_a_preparation_runs_again_by_its_flag_and_after_each_reimage(
    time: str, reruns: bool, runs: int
) -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            prepare = {"commandLine": "prepare", "rerunOnNodeRebootAfterSuccess": reruns}
            made: set[str] = set()
            world.verbs.store.listeners.append(lambda change: made.update(preparations(change.after)))
            world.host("h1").pool("p", 1).job("j", jobPreparationTask=prepare).task("j", "t")
            await world.run_until(world.all_tasks_completed, LIMIT)
            world.patch("computenodes", node_of(world), **{time: "2030-01-01T00:00:00Z"})
            await world.run_quiet(100, LIMIT)
            world.task("j", "u")
            await world.run_until(world.all_tasks_completed, LIMIT)
            assert len(made) == runs

    run(main())


def preparations(document: dict[str, Any]) -> list[str]:
    """The document's uid, if it is the Pod of a preparation task."""
    tags = document["metadata"].get("labels") or {}
    return [document["metadata"]["uid"]] if tags.get("millpond.dev/role") == "prep" else []
