"""Machines that come late, never, or that nobody can make: what a pool says, and that it takes them when they come."""

from __future__ import annotations

from typing import Any

from millpond.settings import Settings
from support.machines import API_VERSION
from support.model.store import Document
from support.scripts import Run
from support.virtual_time import run
from support.worlds import NAMESPACE, ModelWorld

LIMIT = 600.0


def errors(world: ModelWorld) -> list[str]:
    return [error["code"] for error in world.status("pools", "p").get("resizeErrors", ())]


def replicas(world: ModelWorld) -> int:
    return int(world.verbs.get("machinedeployments", NAMESPACE, "p")["spec"]["replicas"])


def test_machines_that_do_not_come_in_time_are_told_and_taken_when_they_come() -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.machines.barren = True
            world.growing_pool("p", 2, resizeTimeoutSeconds=300).job("j").task("j", "t", Run(seconds=5))
            await world.run_until(lambda: errors(world) == ["AllocationTimedOut"], LIMIT)
            assert (replicas(world), world.state("tasks", "t")) == (2, "None")
            world.machines.barren = False
            world.machines.advance()
            await world.run_until(world.all_tasks_completed, LIMIT)
            await world.run_until(lambda: world.nodes_in("Idle") == 2 and not errors(world), LIMIT)

    run(main())


def test_a_slow_controller_is_waited_for_and_never_asked_for_more() -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.machines.delay = 200.0
            world.growing_pool("p", 3)
            asked: set[int] = set()
            world.verbs.store.listeners.append(
                lambda change: asked.add(replicas(world)) if change.plural == "machinedeployments" else None
            )
            await world.run_until(lambda: world.nodes_in("Idle") == 3, LIMIT)
            assert asked <= {0, 3}
            assert len(world.verbs.list("machines")) == 3

    run(main())


def test_an_object_that_is_missing_is_told_until_somebody_makes_it() -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            target = {"apiVersion": API_VERSION, "kind": "MachineDeployment", "name": "p"}
            provider: Document = {"type": "ScaleSubresource", "scaleSubresource": {"dedicated": target}}
            world.pool("p", 1, provider=provider)
            await world.run_until(lambda: errors(world) == ["DependentResourceNotFound"], LIMIT)
            assert world.state("pools", "p") == "Active"
            world.machines.deployment(NAMESPACE, "p")
            await world.run_until(lambda: world.nodes_in("Idle") == 1 and not errors(world), LIMIT)

    run(main())


def test_replicas_that_somebody_else_sets_are_set_right_within_a_minute() -> None:
    async def main() -> None:
        async with ModelWorld(settings=Settings()) as world:
            world.growing_pool("p", 2)
            await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)
            kept: Any = sorted(host["metadata"]["name"] for host in world.verbs.list("nodes"))
            world.verbs.merge_patch("machinedeployments", NAMESPACE, "p", {"spec": {"replicas": 4}})
            await world.run_until(lambda: len(world.verbs.list("nodes")) == 4, LIMIT)
            await world.run_until(lambda: replicas(world) == 2 and len(world.verbs.list("nodes")) == 2, 120)
            assert sorted(host["metadata"]["name"] for host in world.verbs.list("nodes")) == kept

    run(main())
