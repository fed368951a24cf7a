"""The Pool that a schedule has for all its jobs: when it is made, kept and deleted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.builders import SPACE, at
from support.schedules import NAME, Stage

pytestmark = pytest.mark.looptime
POOL = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian"}}


def a_stage(keep: bool = False, lifetime: str = "JobSchedule") -> Stage:
    stage = Stage()
    auto = {"lifetime": lifetime, "keepAlive": keep, "namePrefix": "tmp", "spec": POOL}
    stage.schedule(recurrenceIntervalSeconds=600, doNotRunAfter=at(700), job={"autoPool": auto})
    return stage


def pools_of_jobs(stage: Stage) -> list[Any]:
    return [job["spec"].get("poolName") for job in stage.verbs.list("jobs", SPACE)]


async def test_all_jobs_share_one_that_goes_with_the_schedule_s_end() -> None:
    stage = a_stage()
    async with stage.running():
        await asyncio.sleep(1)
        (pool,) = stage.names("pools")
        assert pool.startswith("tmp-")
        stage.end_jobs()
        await asyncio.sleep(601)
        assert pools_of_jobs(stage) == [pool, pool]
        assert stage.names("pools") == [pool]
        stage.end_jobs()
        await asyncio.sleep(100)
        assert (stage.status().state, stage.names("pools")) == ("Completed", [])


async def test_one_that_is_to_be_kept_stays() -> None:
    stage = a_stage(keep=True)
    async with stage.running():
        await asyncio.sleep(1)
        stage.edit(desiredState="Terminated")
        stage.end_jobs()
        await asyncio.sleep(100)
        assert (stage.status().state, len(stage.names("pools"))) == ("Completed", 1)


async def test_one_that_somebody_deletes_while_a_job_is_active_is_made_again() -> None:
    stage = a_stage()
    async with stage.running():
        await asyncio.sleep(1)
        (pool,) = stage.names("pools")
        stage.verbs.delete("pools", SPACE, pool)
        await asyncio.sleep(1)
        assert stage.names("pools") == [pool]


async def test_one_of_somebody_else_is_not_taken_and_no_job_is_made() -> None:
    stage = a_stage()
    async with stage.running():
        await asyncio.sleep(1)
        (pool,) = stage.names("pools")
        stage.end_jobs()
        await asyncio.sleep(1)
        stage.verbs.merge_patch("pools", SPACE, pool, {"metadata": {"labels": None, "ownerReferences": None}})
        await asyncio.sleep(601)
        assert stage.ready() == ("False", "JobCreationFailed")
        assert len(stage.names()) == 1


async def test_jobs_that_have_their_own_get_none_of_the_schedule() -> None:
    stage = a_stage(lifetime="Job")
    async with stage.running():
        await asyncio.sleep(1)
    assert stage.names("pools") == []
    (job,) = stage.verbs.list("jobs", SPACE)
    assert job["spec"]["autoPool"]["lifetime"] == "Job"


async def test_a_deleted_schedule_s_pool_goes_after_its_jobs() -> None:
    stage = a_stage()
    async with stage.running():
        await asyncio.sleep(1)
        stage.verbs.delete("jobschedules", SPACE, NAME)
        await asyncio.sleep(10)
        assert (stage.names("jobschedules"), stage.names(), len(stage.names("pools"))) == ([], [], 1)
        stage.garbage.sweep()
    assert stage.names("pools") == []
