"""A pool that loses five hosts of a hundred each minute, for twenty minutes, loses no task and counts none twice."""

from __future__ import annotations

import asyncio
import random

from millpond.api import labels
from support.scheduler import is_terminal
from support.scripts import Run
from support.virtual_time import run
from support.worlds import ModelWorld

NODES, TASKS = 10, 50
LOSSES, PAUSE = 10, 120.0
"""One host of ten every two minutes."""


def test_hosts_come_and_go_all_the_time() -> None:
    async def main() -> None:
        async with ModelWorld(seed=7) as world:
            chance = random.Random(7)
            world.growing_pool("p", NODES).job("j")
            for number in range(TASKS):
                world.task("j", f"t{number}", *[Run(seconds=chance.uniform(60, 400)) for _ in range(12)])
            lost = 0
            for _ in range(LOSSES):
                await asyncio.sleep(PAUSE)
                host = chance.choice(sorted(host["metadata"]["name"] for host in world.verbs.list("nodes")))
                pods = world.verbs.list(
                    "pods", labels=f"{labels.ROLE}={labels.Role.TASK}", fields=f"spec.nodeName={host}"
                )
                lost += sum(not is_terminal(pod) for pod in pods)
                world.hosts.leave(host)
            await world.run_until(world.all_tasks_completed, 3600)
            await world.run_until(lambda: world.nodes_in("Idle") == NODES, 600)
            world.books.check_ledgers(in_flight=False)
            assert not world.books.violations
            told = [task["status"] for task in world.verbs.list("tasks")]
            assert {status["result"] for status in told} == {"Success"}
            assert lost > LOSSES / 2, "hosts are lost under tasks"
            assert sum(status["attempt"] - 1 for status in told) == lost, "each is made up for, and once"
            assert sum(status["retryCount"] + status["requeueCount"] for status in told) == 0, "no task pays for that"
            await world.run_until(lambda: world.status("jobs", "j")["taskCounts"]["succeeded"] == TASKS, 60)
            assert len(world.verbs.list("nodes")) == NODES

    run(main())
