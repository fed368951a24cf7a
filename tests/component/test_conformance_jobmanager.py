"""Conformance scenario 18 (azure-batch-semantics §13): the job manager, by the real operator in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from millpond.api import labels
from support.model.store import Change
from support.scripts import Run
from support.virtual_time import run
from support.worlds import ModelWorld

LIMIT = 2000.0
MANAGER = {"id": "m", "commandLine": "manage"}


class Starts:
    """The tasks whose Pods are made, in order, each with its node."""

    def __init__(self, world: ModelWorld) -> None:
        self.tasks: list[str] = []
        self.nodes: dict[str, str] = {}
        world.verbs.store.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        tags = change.after["metadata"].get("labels") or {}
        if change.plural == "pods" and change.type == "ADDED" and labels.TASK in tags:
            self.tasks.append(tags[labels.TASK])
            self.nodes[change.after["metadata"]["name"]] = tags[labels.NODE]


def play(scenario: Callable[[ModelWorld, Starts], Awaitable[None]]) -> None:
    async def main() -> None:
        async with ModelWorld(18) as world:
            await scenario(world, Starts(world))

    run(main())


def a_job(world: ModelWorld, *runs: Run, tasks: int = 0, **manager: Any) -> ModelWorld:
    """Job j with a manager whose attempts do this, and tasks t1, t2, … of 500 seconds."""
    world.scripts.tasks["j-m"] = list(runs)
    world.job("j", jobManagerTask=MANAGER | manager)
    for number in range(1, tasks + 1):
        world.task("j", f"t{number}", Run(seconds=500))
    return world


def test_scenario_18_the_manager_is_the_first_to_run() -> None:
    async def scenario(world: ModelWorld, starts: Starts) -> None:
        a_job(world, Run(seconds=600), tasks=3, runExclusive=False)
        world.host("h1").pool("p", 1, 4)
        await world.run_until(lambda: world.running() == 4, LIMIT)
        assert starts.tasks[0] == "j-m"
        assert world.verbs.get("tasks", "default", "j-m")["spec"]["id"] == "m"

    play(scenario)


@pytest.mark.parametrize(("code", "result"), [(0, "Success"), (3, "Failure")])
def test_scenario_18_its_end_kills_the_job(code: int, result: str) -> None:
    async def scenario(world: ModelWorld, starts: Starts) -> None:
        a_job(world.host("h1").pool("p", 1, 4), Run(seconds=30, exit_code=code), tasks=2, runExclusive=False)
        await world.run_until(lambda: world.running() == 3, LIMIT)
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        assert world.status("jobs", "j")["terminateReason"] == "JMComplete"
        assert world.status("tasks", "j-m")["result"] == result
        assert world.status("tasks", "t1")["failure"]["code"] == "TaskEnded"
        assert sorted(starts.tasks) == ["j-m", "t1", "t2"]

    play(scenario)


def test_scenario_18_its_end_has_no_effect_where_it_is_not_to_kill() -> None:
    async def scenario(world: ModelWorld, _: Starts) -> None:
        world.host("h1").pool("p", 1, 4)
        a_job(world, Run(seconds=5), tasks=2, runExclusive=False, killJobOnCompletion=False)
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert world.state("jobs", "j") == "Active"
        assert world.status("tasks", "t2")["result"] == "Success"

    play(scenario)


def test_scenario_18_an_exclusive_manager_shares_its_node_with_nobody() -> None:
    async def scenario(world: ModelWorld, starts: Starts) -> None:
        world.host("h1").host("h2").pool("p", 2, 4)
        a_job(world, Run(seconds=100), tasks=6)
        await world.run_until(lambda: world.running() == 5, LIMIT)
        held = starts.nodes["j-m-1"]
        assert [pod for pod, node in starts.nodes.items() if node == held] == ["j-m-1"]
        await world.run_quiet(20, LIMIT)
        assert world.verbs.get("computenodes", "default", held)["status"]["slots"] == {"total": 4, "used": 1}

    play(scenario)


def test_scenario_18_an_exclusive_manager_waits_for_an_empty_node() -> None:
    async def scenario(world: ModelWorld, starts: Starts) -> None:
        world.host("h1").pool("p", 1, 4).job("other").task("other", "busy", Run(seconds=50))
        await world.run_until(lambda: world.running() == 1, LIMIT)
        a_job(world, Run(seconds=5), tasks=1)
        await world.run_quiet(20, LIMIT)
        assert starts.tasks == ["busy"]
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        assert starts.tasks == ["busy", "j-m"]

    play(scenario)


@pytest.mark.parametrize(("priority", "displaced"), [(-1, True), (0, True), (1, False)])
def test_scenario_18_a_restart_displaces_a_task_of_no_higher_priority(priority: int, displaced: bool) -> None:
    async def scenario(world: ModelWorld, starts: Starts) -> None:
        world.host("h1").host("h2").pool("p", 2)
        a_job(world, Run(seconds=600), Run(seconds=5))
        await world.run_until(lambda: world.running() == 1, LIMIT)
        world.job("other", priority=priority).task("other", "o", Run(seconds=300), Run(seconds=5))
        await world.run_until(lambda: world.running() == 2, LIMIT)
        world.patch("pools", "p", targetDedicatedNodes=1).hosts.leave(_host_of(world, "j-m-1"))
        await world.run_until(lambda: world.status("tasks", "j-m").get("state") == "Active", LIMIT)
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        assert starts.tasks[:2] == ["j-m", "o"]
        assert world.status("tasks", "o").get("requeueCount", 0) == int(displaced)
        assert (world.state("tasks", "o") != "Completed") == displaced

    play(scenario)


def _host_of(world: ModelWorld, pod: str) -> str:
    return str(world.verbs.get("pods", "default", pod)["spec"]["nodeName"])
