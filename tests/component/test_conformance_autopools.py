"""Azure Batch's minimum scenario about autopools (azure-batch-semantics §13: 22).

The real operator runs over the model API server in virtual time; what the API server refuses by itself is asked of a
real one.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.apiserver import ApiServer
from support.hands import document
from support.scripts import Run
from support.virtual_time import in_virtual_time
from support.worlds import ModelWorld

LIMIT = 3000.0
TEMPLATE = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "docker.io/library/busybox:1.36"}}
ENDS = {"onAllTasksComplete": "TerminateJob"}
EVERY_100 = {"recurrenceIntervalSeconds": 100}


def auto(lifetime: str = "Job", keep: bool = False, **spec: Any) -> dict[str, Any]:
    return {"lifetime": lifetime, "keepAlive": keep, "namePrefix": "tmp", "spec": TEMPLATE | spec}


def pools(world: ModelWorld) -> list[str]:
    return [pool["metadata"]["name"] for pool in world.verbs.list("pools")]


def claims(world: ModelWorld) -> int:
    return sum("millpond.dev/pool" in host["metadata"]["labels"] for host in world.verbs.list("nodes"))


@in_virtual_time
async def test_scenario_22_a_job_s_pool_is_made_with_it_and_deleted_when_it_has_ended() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("j", autoPool=auto(), **ENDS).task("j", "t")
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        assert world.status("tasks", "t")["result"] == "Success"
        assert world.status("jobs", "j")["poolName"].startswith("tmp-")
        await world.run_until(lambda: not pools(world), LIMIT)
        assert (world.verbs.list("computenodes"), claims(world)) == ([], 0)


@in_virtual_time
async def test_scenario_22_a_deleted_job_s_pool_goes_too() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("j", autoPool=auto()).task("j", "t", Run(seconds=500))
        await world.run_until(lambda: world.running() == 1, LIMIT)
        world.delete("jobs", "j")
        await world.run_until(lambda: not pools(world) and not world.verbs.list("jobs"), LIMIT)
        assert claims(world) == 0


@in_virtual_time
async def test_scenario_22_a_pool_that_is_kept_stays_with_its_nodes() -> None:
    async with ModelWorld() as world:
        world.host("h1").job("j", autoPool=auto(keep=True), **ENDS).task("j", "t")
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        world.delete("jobs", "j")
        await world.run_until(lambda: not world.verbs.list("jobs"), LIMIT)
        await world.run_quiet(100, LIMIT)
        assert (len(pools(world)), world.nodes_in("Idle")) == (1, 1)


@in_virtual_time
async def test_scenario_22_each_job_of_a_schedule_has_a_pool_of_its_own() -> None:
    async with ModelWorld() as world:
        world.host("h1").schedule("s", EVERY_100, "t", autoPool=auto())
        await world.run_until(lambda: world.status("jobschedules", "s").get("jobsCreated") == 2, LIMIT)
        world.patch("jobschedules", "s", desiredState="Disabled")
        await world.run_until(lambda: world.state("jobs", "s-2") == "Completed" and not pools(world), LIMIT)
        used = {world.status("jobs", f"s-{number}")["poolName"] for number in (1, 2)}
        assert len(used) == 2


@in_virtual_time
async def test_scenario_22_all_jobs_of_a_schedule_share_a_pool_until_its_end() -> None:
    async with ModelWorld() as world:
        world.host("h1").schedule("s", EVERY_100, "t", autoPool=auto("JobSchedule"))
        await world.run_until(lambda: world.status("jobschedules", "s").get("jobsCreated") == 2, LIMIT)
        (pool,) = pools(world)
        assert {world.status("jobs", f"s-{number}").get("poolName", pool) for number in (1, 2)} == {pool}
        world.patch("jobschedules", "s", desiredState="Terminated")
        await world.run_until(lambda: world.state("jobschedules", "s") == "Completed", LIMIT)
        await world.run_until(lambda: not pools(world), LIMIT)
        assert claims(world) == 0


@in_virtual_time
async def test_scenario_22_a_pool_that_cannot_be_is_its_job_s_end() -> None:
    async with ModelWorld() as world:
        broken = auto(autoScale={"formula": "$TargetDedicatedNodes = ;"})
        world.host("h1").job("j", autoPool=broken).task("j", "t")
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
        error = world.status("jobs", "j")["schedulingError"]
        assert (error["category"], error["code"]) == ("UserError", "InvalidAutoScaleFormulaInAutoPool")
        assert pools(world) == []


def _created(server: ApiServer, spec: dict[str, Any]) -> tuple[int, str]:
    path = "/apis/millpond.dev/v1alpha1/namespaces/default/jobs?dryRun=All"
    status, answer = server.request("POST", path, document("Job", "conformance", spec))
    return status, str(answer.get("message"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"autoPool": auto("JobSchedule")}, "lifetime JobSchedule is for the jobTemplate of a JobSchedule"),
        ({"autoPool": auto(), "poolName": "p"}, "give either poolName or autoPool"),
        ({}, "give either poolName or autoPool"),
    ],
)
def test_scenario_22_what_a_job_may_not_ask_for(server: ApiServer, spec: dict[str, Any], said: str) -> None:
    status, message = _created(server, spec)
    assert status == 422
    assert said in message
