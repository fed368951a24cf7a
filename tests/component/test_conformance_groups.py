"""The reference's scenario 21 (§13): the whole operator over the model API server, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from millpond.api import labels
from support.model.store import Change, Document
from support.scripts import Run
from support.virtual_time import run
from support.worlds import ModelWorld

LIMIT, REST = 600.0, 60.0
GROUP = {"multiInstanceSettings": {"numberOfInstances": 3, "coordinationCommandLine": "meet"}}


def play(story: Callable[[ModelWorld], Awaitable[None]], slots: int = 1) -> tuple[ModelWorld, list[Document]]:
    """A pool of three nodes and the job `j`; then the story, and rest. The world, and the Pods of instances made."""
    made: list[Document] = []

    def hear(change: Change) -> None:
        if change.plural == "pods" and change.type == "ADDED" and labels.INSTANCE in change.after["metadata"]["labels"]:
            made.append(change.after)

    async def main() -> ModelWorld:
        async with ModelWorld() as world:
            world.verbs.store.listeners.append(hear)
            for host in ("h1", "h2", "h3"):
                world.host(host)
            world.pool("p", 3, slots, enableInterNodeCommunication=True).job("j")
            await story(world)
            await world.run_quiet(REST, LIMIT)
            world.books.check_ledgers(in_flight=False)
            assert not world.books.violations
            return world

    return run(main()), made


def variables(pod: Document) -> dict[str, Any]:
    return {one["name"]: one.get("value") for one in pod["spec"]["containers"][0]["env"]}


def parts(made: list[Document], attempt: int) -> list[Document]:
    """The Pods that the attempt had, the primary first."""
    found = [pod for pod in made if pod["metadata"]["labels"][labels.ATTEMPT] == str(attempt)]
    return sorted(found, key=lambda pod: pod["metadata"]["labels"][labels.INSTANCE])


def test_scenario_21_all_instances_start_at_once_on_nodes_of_their_own() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "mpi", Run(seconds=5), **GROUP)

    world, made = play(story)
    pods = parts(made, 1)
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 3
    assert [variables(pod)["AZ_BATCH_IS_CURRENT_NODE_MASTER"] for pod in pods] == ["true", "false", "false"]
    assert {variables(pod)["AZ_BATCH_TASK_SHARED_DIR"] for pod in pods} == {"/mnt/batch/tasks/workitems/j/job-1/mpi"}
    status = world.status("tasks", "mpi")
    assert (status["result"], status["exitCode"]) == ("Success", 0)
    assert [(one["id"], one["state"], one["exitCode"]) for one in status["subtasks"]] == [
        (1, "Completed", 0),
        (2, "Completed", 0),
    ]


@pytest.mark.parametrize(("retries", "result"), [(1, "Success"), (0, "Failure")])
def test_scenario_21_a_coordination_that_fails_retries_the_whole(retries: int, result: str) -> None:
    async def story(world: ModelWorld) -> None:
        runs = (Run(seconds=5, coordination=2), Run(seconds=5))
        world.task("j", "mpi", *runs, constraints={"maxTaskRetryCount": retries}, **GROUP)

    world, made = play(story)
    status = world.status("tasks", "mpi")
    assert (status["result"], status["retryCount"], status["attempt"]) == (result, retries, retries + 1)
    assert [len(parts(made, attempt)) for attempt in range(1, retries + 2)] == [3] * (retries + 1)


def test_scenario_21_a_failure_of_the_application_retries_the_whole() -> None:
    """Worked timeline B.8 of the reference."""

    async def story(world: ModelWorld) -> None:
        runs = (Run(seconds=5, exit_code=2), Run(seconds=5))
        world.task("j", "mpi", *runs, constraints={"maxTaskRetryCount": 1}, **GROUP)

    status = play(story)[0].status("tasks", "mpi")
    assert (status["result"], status["exitCode"], status["retryCount"]) == ("Success", 0, 1)


def test_scenario_21_a_lost_node_requeues_the_whole_at_no_charge() -> None:
    async def story(world: ModelWorld) -> None:
        world.task("j", "mpi", Run(seconds=100), Run(seconds=5), **GROUP)
        await world.run_until(lambda: world.status("tasks", "mpi").get("state") == "Running", LIMIT)
        world.hosts.leave("h2")
        world.host("h4")

    status = play(story)[0].status("tasks", "mpi")
    assert (status["result"], status["attempt"], status["retryCount"], status["requeueCount"]) == ("Success", 2, 0, 0)


@pytest.mark.parametrize(("slots", "instances", "reason"), [(2, 3, "PoolFormsNoGroups"), (1, 4, "TooManyInstances")])
def test_scenario_21_what_the_pool_cannot_form_never_starts_and_says_so(
    slots: int, instances: int, reason: str
) -> None:
    async def story(world: ModelWorld) -> None:
        settings = GROUP["multiInstanceSettings"] | {"numberOfInstances": instances}
        world.task("j", "mpi", multiInstanceSettings=settings)
        world.task("j", "single", Run(seconds=1))

    world, made = play(story, slots)
    status = world.status("tasks", "mpi")
    assert (status["state"], status.get("attempt", 0)) == ("Active", 0)
    assert [one["reason"] for one in status["conditions"] if one["type"] == "Scheduled"] == [reason]
    assert world.status("tasks", "single")["result"] == "Success"
    assert not made
