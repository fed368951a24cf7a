"""Azure Batch's minimum scenarios about the life of nodes (azure-batch-semantics §13: 32).

The real operator runs over the model API server in virtual time.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.scripts import Run
from support.virtual_time import run
from support.worlds import ModelWorld

LIMIT = 3000.0


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
