"""Azure Batch's minimum scenarios about autoscale (azure-batch-semantics §13: 6 and 31), and crashes on the way.

The real operator runs over the model API server in virtual time. Formulas F1 to F23 are cases of the language; that a
resize is refused while there is a formula is shown with kubectl (`test_kubectl`).
"""

from __future__ import annotations

import asyncio
import functools
from base64 import b64decode
from typing import Any

import pytest
from millpond.api import naming
from millpond.api.crd.definition import definition
from millpond.api.pool import Pool
from millpond.cli.access import Cluster
from millpond.cli.trial import evaluate_formula, exported
from millpond.cluster.kubeconfig import Connection
from millpond.scaling.kept_samples import Reading
from millpond.scaling.samples import SampleStore
from support.faults import Chooser, Request, no_faults
from support.model.store import Document
from support.scripts import Run
from support.virtual_time import in_virtual_time, run
from support.worlds import EPOCH, NAMESPACE, ModelWorld

LIMIT = 3000.0
ROUNDS = 9
PENDING = "$TargetDedicatedNodes = min(2, $PendingTasks.GetSample(1)); $NodeDeallocationOption = taskcompletion;"


def follows(formula: str, interval: int = 300) -> dict[str, Any]:
    return {"autoScale": {"formula": formula, "evaluationIntervalSeconds": interval}}


def target(world: ModelWorld) -> int:
    return int(world.status("pools", "p").get("targetDedicatedNodes", 0))


def runs(world: ModelWorld) -> list[Document]:
    """The evaluations that the pool tells, oldest first."""
    status = world.status("pools", "p")
    last = [status["autoScaleRun"]] if status.get("autoScaleRun") else []
    return [*reversed(status.get("autoScaleHistory") or ()), *last]


def settled(world: ModelWorld, nodes: int) -> bool:
    status = world.status("pools", "p")
    return (status.get("currentDedicatedNodes"), status.get("allocationState")) == (nodes, "Steady")


def kept(world: ModelWorld) -> SampleStore:
    """The samples as the ConfigMaps have them, each block by itself: a row that lies in two of them is there twice."""
    reading = Reading()
    for name in (naming.current_samples("p"), naming.sealed_samples("p")):
        found = world.verbs.store.get("configmaps", (NAMESPACE, name)) or {"binaryData": {}}
        for key, block in found["binaryData"].items():
            reading.add(key, b64decode(block))
    assert reading.kept().trouble == ""
    return reading.kept().rows


@in_virtual_time
async def test_scenario_6_once_the_formula_is_gone_the_pool_keeps_its_size_and_a_resize_works() -> None:
    async with ModelWorld() as world:
        world.host("h1").host("h2").pool("p", None, **follows("$TargetDedicatedNodes = 2"))
        await world.run_until(lambda: settled(world, 2), LIMIT)
        world.patch("pools", "p", autoScale=None)
        await asyncio.sleep(1000)
        assert (settled(world, 2), runs(world)) == (True, [])
        world.patch("pools", "p", targetDedicatedNodes=1)
        await world.run_until(lambda: settled(world, 1), LIMIT)


def test_scenario_31_the_interval_has_the_service_s_bounds() -> None:
    schema = definition(Pool)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    interval = schema["properties"]["autoScale"]["properties"]["evaluationIntervalSeconds"]
    assert (interval["minimum"], interval["maximum"], interval["default"]) == (300, 604_800, 900)


@in_virtual_time
async def test_scenario_31_evaluations_follow_each_other_in_the_interval_and_two_changes_in_30_s() -> None:
    async with ModelWorld() as world:
        world.pool("p", None, **follows("$TargetDedicatedNodes = 0"))
        await asyncio.sleep(700)
        world.patch("pools", "p", **follows("$TargetDedicatedNodes = 0; x = 1"))
        await asyncio.sleep(10)
        world.patch("pools", "p", **follows("$TargetDedicatedNodes = 0; x = 2"))
        await asyncio.sleep(10)
        assert runs(world)[-1]["results"].endswith("x=1")
        await asyncio.sleep(11)
        assert runs(world)[-1]["results"].endswith("x=2")
        times = [entry["time"][11:19] for entry in runs(world)]
    assert times == ["08:00:00", "08:05:00", "08:10:00", "08:11:40", "08:12:10"]


@in_virtual_time
async def test_scenario_31_an_error_leaves_the_pool_unchanged() -> None:
    async with ModelWorld() as world:
        world.host("h1").host("h2").pool("p", None, **follows("$TargetDedicatedNodes = 2")).job("j")
        await world.run_until(lambda: settled(world, 2), LIMIT)
        world.task("j", "t", Run(seconds=5000))
        await world.run_until(lambda: world.running() == 1, LIMIT)
        for broken in ("$TargetDedicatedNodes = 0; $something_useless", "$TargetDedicatedNodes = (", "1 / 0"):
            world.patch("pools", "p", **follows(broken))
            await asyncio.sleep(310)
            assert "error" in runs(world)[-1]
            assert (target(world), settled(world, 2), world.running()) == (2, True, 1)
        world.patch("pools", "p", **follows("$TargetDedicatedNodes = 1"))
        await world.run_until(lambda: settled(world, 1), LIMIT)
        assert runs(world)[-1].get("error") is None
        assert world.running() == 1


@in_virtual_time
async def test_scenario_31_a_formula_is_evaluated_without_being_applied(capsys: pytest.CaptureFixture[str]) -> None:
    async with ModelWorld() as world:
        world.pool("p", None, **follows("$TargetDedicatedNodes = 0")).job("j").task("j", "t1").task("j", "t2")
        await asyncio.sleep(100)
        cluster = Cluster(world.server, Connection("https://cluster.example", namespace=NAMESPACE), NAMESPACE)
        export = await exported(cluster, "p")
        export.time = world.now()
        before = world.verbs.get("pools", NAMESPACE, "p")
        assert evaluate_formula(export, "$TargetDedicatedNodes = $PendingTasks.GetSample(1)") == 0
        assert "Dedicated nodes would go from 0 to 2. Nothing was changed." in capsys.readouterr().out
        await asyncio.sleep(100)
        assert world.verbs.get("pools", NAMESPACE, "p") == before


@in_virtual_time
async def test_scenario_31_a_backlog_makes_the_pool_grow_and_its_end_makes_it_shrink() -> None:
    async with ModelWorld() as world:
        world.host("h1").host("h2").pool("p", None, **follows(PENDING)).job("j")
        await asyncio.sleep(250)
        for name in "abcd":
            world.task("j", name, Run(seconds=100))
        await asyncio.sleep(40)
        assert world.nodes_in("Idle") == 0
        await world.run_until(world.all_tasks_completed, LIMIT)
        await world.run_until(lambda: settled(world, 0), LIMIT)
        assert not [t for t in world.verbs.list("tasks") if (t["status"].get("requeueCount") or 0)]
        assert [entry["results"].partition(";")[0][-1] for entry in runs(world)] == ["0", "2", "0"]


@in_virtual_time
async def test_from_a_change_in_load_to_the_resize_call_it_takes_less_than_2_s() -> None:
    """Each 310 s, so that evaluations fall between samples; the load changes a second before one is due."""
    late: list[float] = []
    asked: list[float] = []
    async with ModelWorld() as world:

        def choose(request: Request) -> str:
            if (request.verb, request.plural) == ("create", "computenodes"):
                asked.append(world.now() - EPOCH)
            return ""

        world.choose = choose
        for number in range(1, ROUNDS):
            world.host(f"h{number}")
        world.pool("p", None, **follows("$TargetDedicatedNodes = $PendingTasks", 310)).job("j")
        await world.run_until(lambda: bool(runs(world)), LIMIT)
        assert world.life is not None
        for number in range(1, ROUNDS):
            due = number * 310.0
            await asyncio.sleep(due - 1.0 - (world.now() - EPOCH))
            world.task("j", f"t{number}", Run(seconds=100_000))
            await world.run_until(lambda wanted=number: len(asked) == wanted, LIMIT)  # type: ignore[misc]
            late.append(asked[-1] - due)
    assert len(late) == ROUNDS - 1
    assert max(late) < 2.0, late


# Crashes. The hour is over while the flow goes on, so that one is sealed.


async def an_hour_ends_while_a_pool_grows_and_shrinks(world: ModelWorld) -> None:
    await asyncio.sleep(3400)
    world.host("h1").host("h2").pool("p", None, **follows(PENDING)).job("j")
    world.task("j", "t1", Run(seconds=30)).task("j", "t2", Run(seconds=30))
    await world.run_until(world.all_tasks_completed, LIMIT)
    await world.run_until(lambda: settled(world, 0) and len(runs(world)) == 2, LIMIT)


@functools.cache
def undisturbed() -> tuple[list[Any], ModelWorld]:
    return play(no_faults)


def play(choose: Chooser) -> tuple[list[Any], ModelWorld]:
    """What users are left with, and the world."""

    async def main() -> tuple[list[Any], ModelWorld]:
        async with ModelWorld(1, choose) as world:
            await an_hour_ends_while_a_pool_grows_and_shrinks(world)
            results = [(entry["results"], entry["time"]) for entry in runs(world)]
            tasks = [(t["metadata"]["name"], t["status"]["result"]) for t in world.verbs.list("tasks")]
            rows = kept(world)
            assert list(rows.times) == sorted(set(rows.times))
            gaps = [later - earlier for earlier, later in zip(rows.times, rows.times[1:], strict=False)]
            assert max(gaps) <= 60, "a sample was lost that was kept"
            return [results, tasks, target(world)], world

    return run(main())


def test_the_hour_is_sealed_before_the_next_one_is_begun() -> None:
    _, world = undisturbed()
    writes = [write.name for write in world.counter.writes if write.plural == "configmaps"]
    sealing = writes.index(naming.sealed_samples("p"))
    assert writes[sealing + 1] == naming.current_samples("p")
    assert len(kept(world)) == len(writes) - 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("chosen", ["first", "sealing", "next hour", "grown", "told", "shrunk"])
def test_an_operator_that_dies_at_a_write_loses_no_sample_and_decides_the_same(chosen: str, when: str) -> None:
    calm, world = undisturbed()
    writes = world.counter.writes
    maps = [write for write in writes if write.plural == "configmaps"]
    sealing = next(place for place, write in enumerate(maps) if write.name == naming.sealed_samples("p"))
    nodes = [write for write in writes if (write.verb, write.plural) == ("create", "computenodes")]
    gone = [write for write in writes if (write.verb, write.plural) == ("delete", "computenodes")]
    at = {
        "first": maps[0].write,
        "sealing": maps[sealing].write,
        "next hour": maps[sealing + 1].write,
        "grown": nodes[0].write,
        "told": next(w.write for w in writes if w.plural == "pools" and w.write > nodes[0].write),
        "shrunk": gone[0].write,
    }[chosen]
    outcome, crashed = play(lambda request: f"crash-{when}" if request.write == at else "")
    assert crashed.lives == 2
    assert outcome[1:] == calm[1:]
    assert [results for results, _ in outcome[0]] == [results for results, _ in calm[0]]
