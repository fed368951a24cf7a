"""Azure Batch's minimum scenarios about which task runs where (azure-batch-semantics §13: 10 and 11; §2.15 affinity).

The real operator runs over the model API server in virtual time.
"""

from __future__ import annotations

from collections import Counter

import pytest
from millpond.api import labels
from support.scripts import Run
from support.virtual_time import in_virtual_time, run
from support.worlds import NAMESPACE, ModelWorld

LIMIT = 3000.0
FOR_EVER = 1_000_000.0


def started(world: ModelWorld) -> list[str]:
    """The tasks that were ever given a place, in that order: Pods outlive their tasks until they are swept."""
    return sorted(
        (task["metadata"]["name"] for task in world.verbs.list("tasks") if has_place(world, task["metadata"]["name"])),
        key=lambda name: world.status("tasks", name).get("startTime", ""),
    )


def has_place(world: ModelWorld, task: str) -> bool:
    return bool(world.status("tasks", task).get("attempt"))


def nodes_of(world: ModelWorld, *tasks: str) -> list[str]:
    return [world.status("tasks", task)["nodeName"] for task in tasks]


def used(world: ModelWorld) -> dict[str, int]:
    """Slots that task Pods which have not ended hold, by node."""
    held: Counter[str] = Counter()
    for pod in world.verbs.list("pods", NAMESPACE, f"{labels.ROLE}={labels.Role.TASK.value}"):
        if pod["status"].get("phase") not in ("Succeeded", "Failed"):
            task = world.verbs.get("tasks", NAMESPACE, pod["metadata"]["labels"][labels.TASK])
            held[pod["metadata"]["labels"][labels.NODE]] += task["spec"].get("requiredSlots", 1)
    return held


@in_virtual_time
async def test_scenario_10_higher_priority_goes_first() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("low").job("high", priority=100).job("lowest", priority=-1000)
        for number in range(3):
            for job in ("low", "lowest", "high"):
                world.task(job, f"{job}-{number}", Run(seconds=3))
        world.pool("p", nodes=1)
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert [name.rsplit("-", 1)[0] for name in started(world)] == ["high"] * 3 + ["low"] * 3 + ["lowest"] * 3


@in_virtual_time
async def test_scenario_10_a_priority_that_is_changed_counts_for_what_still_waits() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("a").job("b", priority=-1).pool("p", nodes=1)
        world.task("a", "first", Run(seconds=20)).task("a", "last", Run(seconds=3))
        world.task("b", "raised", Run(seconds=3))
        await world.run_until(lambda: world.state("tasks", "first") == "Running", LIMIT)
        world.patch("jobs", "b", priority=1)
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert started(world) == ["first", "raised", "last"]
        assert all(world.status("tasks", name)["attempt"] == 1 for name in started(world))


@in_virtual_time
async def test_scenario_10_what_runs_is_not_preempted() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("low").job("high", priority=1000).pool("p", nodes=1)
        world.task("low", "runs", Run(seconds=300))
        await world.run_until(lambda: world.state("tasks", "runs") == "Running", LIMIT)
        world.task("high", "waits", Run(seconds=3))
        await world.run_until(lambda: world.state("tasks", "waits") == "Completed", LIMIT)
        runs = world.status("tasks", "runs")
        assert (runs["state"], runs["attempt"], runs.get("requeueCount", 0)) == ("Completed", 1, 0)
        assert world.status("tasks", "waits")["startTime"] >= runs["endTime"]


@in_virtual_time
async def test_scenario_10_jobs_of_equal_priority_share_whatever_their_size() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("large").job("small")
        for number in range(90):
            world.task("large", f"large-{number:02}", Run(seconds=3))
        for number in range(15):
            world.task("small", f"small-{number:02}", Run(seconds=3))
        world.pool("p", nodes=1, slots=2)
        await world.run_until(lambda: all(has_place(world, f"small-{n:02}") for n in range(15)), LIMIT)
        begun = sum(has_place(world, f"large-{n:02}") for n in range(90))
        assert 8 <= begun <= 30, "each draw gives both jobs the same chance"


@in_virtual_time
async def test_scenario_11_a_node_of_four_slots_runs_tasks_of_one_and_three_slots() -> None:
    async with ModelWorld() as world:
        world.host("h1", cpu="4").job("j").pool("p", nodes=1, slots=4)
        world.task("j", "one", Run(seconds=30)).task("j", "three", Run(seconds=30), requiredSlots=3)
        world.task("j", "waits", Run(seconds=3))
        await world.run_until(lambda: world.running() == 2, LIMIT)
        assert (has_place(world, "waits"), list(used(world).values())) == (False, [4])
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert world.status("tasks", "waits")["startTime"] >= world.status("tasks", "one")["endTime"]


@in_virtual_time
async def test_scenario_11_a_task_wider_than_its_nodes_never_runs_and_says_why() -> None:
    async with ModelWorld() as world:
        world.host("h1", cpu="4").job("j").pool("p", nodes=1, slots=4)
        world.task("j", "five", requiredSlots=5).task("j", "beside", Run(seconds=3))
        await world.run_until(lambda: world.state("tasks", "beside") == "Completed", LIMIT)
        await world.run_quiet(60, LIMIT)
        five = world.status("tasks", "five")
        (scheduled,) = [one for one in five["conditions"] if one["type"] == "Scheduled"]
        assert (five["state"], five.get("attempt", 0)) == ("Active", 0)
        assert (scheduled["status"], scheduled["reason"]) == ("False", "TooManySlots")
        assert "requiredSlots is 5, but nodes of pool p have 4" in scheduled["message"]
        assert "use a pool with more taskSlotsPerNode" in scheduled["message"]


FILLS = [("Spread", [2, 2]), ("Pack", [4])]


@pytest.mark.parametrize(("fill", "slots_in_use"), FILLS)
def test_scenario_11_pack_and_spread(fill: str, slots_in_use: list[int]) -> None:
    async def main() -> None:
        async with ModelWorld() as world:
            world.host("h1", cpu="4").host("h2", cpu="4").job("j")
            world.pool("p", nodes=2, slots=4, taskSchedulingPolicy={"nodeFillType": fill})
            await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)
            for number in range(4):
                world.task("j", f"t{number}", Run(seconds=60))
            await world.run_until(lambda: world.running() == 4, LIMIT)
            assert sorted(used(world).values()) == slots_in_use

    run(main())


@in_virtual_time
async def test_affinity_is_tried_first_and_never_waited_for() -> None:
    async with ModelWorld() as world:
        world.host("h1").host("h2").job("j").pool("p", nodes=2, slots=2)
        await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)
        world.task("j", "first", Run(seconds=3))
        await world.run_until(lambda: world.state("tasks", "first") == "Completed", LIMIT)
        other = next(
            n["metadata"]["name"]
            for n in world.verbs.list("computenodes")
            if [n["metadata"]["name"]] != nodes_of(world, "first")
        )
        world.task("j", "there", Run(seconds=60), affinity={"nodeName": other})
        await world.run_until(lambda: world.state("tasks", "there") == "Running", LIMIT)
        world.task("j", "near", Run(seconds=60), affinity={"taskName": "there"})
        await world.run_until(lambda: world.state("tasks", "near") == "Running", LIMIT)
        assert nodes_of(world, "there", "near") == [other, other]
        world.task("j", "elsewhere", Run(seconds=3), affinity={"taskName": "near"})
        await world.run_until(lambda: world.state("tasks", "elsewhere") == "Completed", LIMIT)
        assert nodes_of(world, "elsewhere") == nodes_of(world, "first"), "it did not wait for its node"
        assert world.state("tasks", "near") == "Running"


@in_virtual_time
@pytest.mark.parametrize("allowed", [True, False])
async def test_scenario_10_a_running_task_gives_way_only_where_its_job_allows_it(allowed: bool) -> None:
    async with ModelWorld() as world:
        world.host("h1").job("low", allowTaskPreemption=allowed).pool("p", nodes=1, slots=2)
        world.task("low", "a", Run(seconds=100)).task("low", "b", Run(seconds=100))
        await world.run_until(lambda: world.running() == 2, LIMIT)
        world.job("high", priority=1).task("high", "urgent", Run(seconds=3))
        await world.run_until(world.all_tasks_completed, LIMIT)
        requeues = [world.status("tasks", name).get("requeueCount", 0) for name in ("a", "b")]
        assert requeues == ([0, 1] if allowed else [0, 0])
        assert all(world.status("tasks", name)["retryCount"] == 0 for name in ("a", "b"))
        assert (world.status("tasks", "urgent")["endTime"] < world.status("tasks", "a")["endTime"]) == allowed
