"""Job schedules against a model API server, under a virtual clock: each write may be the operator's last."""

from __future__ import annotations

import asyncio

import pytest
from millpond.api.job import Job
from millpond.cluster.errors import InvalidError, UnavailableError
from support.builders import SPACE, at
from support.faults import Chooser, no_faults
from support.schedules import NAME, TASKS, Stage, crash_at
from support.virtual_time import run

pytestmark = pytest.mark.looptime


async def test_one_job_at_once_with_its_tasks_before_it() -> None:
    stage = Stage()
    stage.schedule()
    async with stage.running():
        await asyncio.sleep(1)
    assert stage.names() == ["nightly-1"]
    job, tasks = stage.verbs.get("jobs", SPACE, "nightly-1"), stage.verbs.list("tasks", SPACE)
    assert [task["spec"]["id"] for task in tasks] == ["prepare", "work"]
    assert all(int(task["metadata"]["resourceVersion"]) < int(job["metadata"]["resourceVersion"]) for task in tasks)
    status = stage.status()
    assert (status.jobs_created, status.recent_job_name, stage.dues()) == (1, "nightly-1", [at(0)])


async def test_the_next_job_waits_for_its_time_and_for_the_last_one_to_end() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(700)
        assert stage.names() == ["nightly-1"]
        assert stage.ready() == ("True", "JobActive")
        stage.end_jobs()
        await asyncio.sleep(1)
        assert stage.dues() == [at(0), at(600)]
        stage.end_jobs()
        await asyncio.sleep(450)
        assert len(stage.names()) == 2
        await asyncio.sleep(100)
        assert stage.dues()[2] == at(1200)


async def test_ten_times_slept_through_make_one_job() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(1)
        stage.end_jobs()
    await asyncio.sleep(6100)
    async with stage.running():
        await asyncio.sleep(60)
    assert stage.dues() == [at(0), at(6000)]


async def test_a_window_that_was_slept_through_is_told() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600, startWindowSeconds=60)
    async with stage.running():
        await asyncio.sleep(1)
        stage.end_jobs()
    await asyncio.sleep(6100)
    async with stage.running():
        await asyncio.sleep(60)
        assert stage.ready() == ("True", "StartWindowMissed")
        await asyncio.sleep(600)
    assert stage.dues() == [at(0), at(6600)]


async def test_a_clock_that_is_set_forth_and_back_makes_no_burst_and_the_schedule_goes_on() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        for skew in (0.0, 10**8, -1000.0, 0.0, 3600.0, 0.0):
            stage.skew = skew
            await asyncio.sleep(130)
            stage.end_jobs()
            assert len(stage.names()) <= 5
        before = len(stage.names())
        await asyncio.sleep(600)
        assert len(stage.names()) == before + 1


async def test_an_edit_counts_for_later_jobs_only() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(1)
        stage.edit(jobTemplate={"spec": {"poolName": "other"}, "tasks": []})
        stage.end_jobs()
        await asyncio.sleep(600)
    pools = [stage.verbs.get("jobs", SPACE, name)["spec"]["poolName"] for name in stage.names()]
    assert pools == ["farm", "other"]
    assert stage.names("tasks") == ["nightly-1-prepare", "nightly-1-work"]


async def test_a_changed_recurrence_has_its_own_due_times() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(1)
        stage.end_jobs()
        stage.edit(schedule={"recurrenceIntervalSeconds": None, "cron": "25 * * * *", "timeZone": "Asia/Kathmandu"})
        await asyncio.sleep(3600)
    assert stage.dues() == [at(0), at(40 * 60)]


async def test_disabled_by_its_spec_and_enabled_again() -> None:
    stage = Stage()
    stage.schedule(desired="Disabled", recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(100)
        assert (stage.status().state, stage.names()) == ("Disabled", [])
        stage.edit(desiredState="Active")
        await asyncio.sleep(1)
        assert stage.dues() == [at(0)]


async def test_a_zone_that_does_not_exist_is_told_and_mended() -> None:
    stage = Stage()
    stage.schedule(cron="* * * * *", timeZone="Mars/Olympus")
    async with stage.running():
        await asyncio.sleep(100)
        assert (stage.ready(), stage.names()) == (("False", "InvalidSchedule"), [])
        stage.edit(schedule={"timeZone": "UTC"})
        await asyncio.sleep(60)
        assert (stage.ready()[0], len(stage.names())) == ("True", 1)


async def test_termination_ends_the_active_job_and_then_itself() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(1)
        stage.edit(desiredState="Terminated")
        await asyncio.sleep(1)
        spec = stage.verbs.get("jobs", SPACE, "nightly-1")["spec"]
        assert (spec["desiredState"], spec["terminateReason"]) == ("Terminated", "TerminateJobSchedule")
        assert stage.status().state == "Terminating"
        stage.edit(force=True)
        await asyncio.sleep(1)
        assert stage.verbs.get("jobs", SPACE, "nightly-1")["spec"]["force"] is True
        writes = len(stage.counter.writes)
        await asyncio.sleep(300)
        assert len(stage.counter.writes) == writes, "what is said once is not said again"
        stage.end_jobs()
        await asyncio.sleep(1)
    status = stage.status()
    assert (status.state, status.next_run_time, status.end_time is None) == ("Completed", None, False)


async def test_deletion_takes_all_jobs_along_before_itself() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(1)
        stage.end_jobs()
        await asyncio.sleep(600)
        stage.verbs.merge_patch("jobs", SPACE, "nightly-2", {"metadata": {"finalizers": ["example.com/slow"]}})
        stage.verbs.delete("jobschedules", SPACE, NAME)
        await asyncio.sleep(60)
        assert (stage.names(), stage.status().state) == (["nightly-2"], "Deleting")
        stage.verbs.merge_patch("jobs", SPACE, "nightly-2", {"metadata": {"finalizers": None}})
        await asyncio.sleep(60)
    assert stage.names() == stage.names("jobschedules") == []


async def test_a_schedule_deleted_for_its_jobs_to_stay_leaves_them() -> None:
    stage = Stage()
    stage.schedule()
    async with stage.running():
        await asyncio.sleep(1)
        stage.verbs.merge_patch(
            "jobschedules", SPACE, NAME, {"metadata": {"finalizers": ["millpond.dev/schedule", "orphan"]}}
        )
        stage.verbs.delete("jobschedules", SPACE, NAME)
        await asyncio.sleep(30)
        assert (stage.names(), stage.names("jobschedules")) == (["nightly-1"], [NAME])
        # The cluster takes the jobs off the schedule.
        stage.verbs.merge_patch("jobs", SPACE, "nightly-1", {"metadata": {"ownerReferences": None}})
        stage.verbs.merge_patch("jobschedules", SPACE, NAME, {"metadata": {"finalizers": ["millpond.dev/schedule"]}})
        await asyncio.sleep(30)
    assert (stage.names(), stage.names("jobschedules")) == (["nightly-1"], [])


async def test_a_job_that_no_watch_has_told_of_is_not_doubled() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=60)
    async with stage.running():
        await asyncio.sleep(1)
        assert stage.keeper is not None
        stage.keeper.forget_job(Job.model_validate(stage.verbs.get("jobs", SPACE, "nightly-1")))
        await asyncio.sleep(200)
        assert stage.names() == ["nightly-1"]


async def test_an_answer_that_was_lost_makes_no_second_job() -> None:
    stage = Stage()
    stage.schedule()
    stage.server.create_errors = [UnavailableError("down")] * 2
    async with stage.running():
        await asyncio.sleep(60)
    stage.verbs.merge_patch("jobschedules", SPACE, NAME, {"status": None}, "status")
    async with stage.running():
        await asyncio.sleep(60)
    assert (stage.names(), stage.names("tasks")) == (["nightly-1"], ["nightly-1-prepare", "nightly-1-work"])
    assert stage.status().jobs_created == 1


async def test_a_refusal_is_said_and_tried_again() -> None:
    stage = Stage()
    stage.schedule()
    stage.server.create_errors = [InvalidError("spec.poolName: too long.")]
    async with stage.running():
        await asyncio.sleep(0.1)
        (ready,) = stage.status().conditions
        assert (ready.status, ready.reason) == ("False", "JobCreationFailed")
        assert "spec.poolName: too long." in ready.message
        await asyncio.sleep(120)
    assert (stage.ready()[0], stage.names()) == ("True", ["nightly-1"])


@pytest.mark.parametrize(("plural", "name"), [("jobs", "nightly-1"), ("tasks", "nightly-1-work")])
async def test_what_somebody_else_made_under_a_name_that_is_needed_is_left_alone(plural: str, name: str) -> None:
    stage = Stage()
    stage.verbs.create(plural, SPACE, {"metadata": {"name": name}, "spec": {"poolName": "other", "jobName": "x"}})
    stage.schedule()
    async with stage.running():
        await asyncio.sleep(1)
    (ready,) = stage.status().conditions
    assert ready.reason == "JobCreationFailed"
    assert name in ready.message
    assert "rename the schedule" in ready.message
    assert stage.status().jobs_created == 0


async def test_tasks_of_a_namesake_that_is_gone_are_not_the_new_schedule_s() -> None:
    stage = Stage()
    stage.schedule()
    async with stage.running():
        await asyncio.sleep(1)
        stage.verbs.delete("jobschedules", SPACE, NAME)
        await asyncio.sleep(10)
        assert (stage.names(), len(stage.names("tasks"))) == ([], 2), "the garbage collector takes its time"
        stage.schedule(tasks=TASKS[1:])
        await asyncio.sleep(1)
    assert (stage.names(), stage.names("tasks")) == (["nightly-1"], ["nightly-1-work"])
    (task,) = stage.verbs.list("tasks", SPACE)
    assert (
        task["metadata"]["ownerReferences"][0]["uid"] == stage.verbs.get("jobschedules", SPACE, NAME)["metadata"]["uid"]
    )


def play(choose: Chooser, edits: bool = False) -> Stage:
    """A schedule makes two jobs and is deleted; or its template is changed before it could make the first one."""

    async def main() -> Stage:
        stage = Stage(choose)
        stage.schedule(recurrenceIntervalSeconds=600)
        async with stage.running():
            if edits:
                await asyncio.sleep(0.5)
                assert stage.keeper is None, "it is dead, and not alive again yet"
                tasks = [{"metadata": {"name": "other"}, "spec": {"commandLine": "true"}}, TASKS[1]]
                stage.edit(jobTemplate={"spec": {"poolName": "other"}, "tasks": tasks})
            await asyncio.sleep(30)
            stage.end_jobs()
            await asyncio.sleep(600)
            kept = (stage.names(), stage.names("tasks"), stage.dues(), stage.status().jobs_created)
            stage.kept = kept  # type: ignore[attr-defined]
            stage.verbs.delete("jobschedules", SPACE, NAME)
            await asyncio.sleep(60)
            stage.garbage.sweep()
            await asyncio.sleep(1)
            assert stage.names() == stage.names("jobschedules") == stage.names("tasks") == []
        return stage

    return run(main())


def test_a_crash_at_any_write_loses_and_doubles_nothing() -> None:
    calm = play(no_faults)
    assert calm.kept[0] == ["nightly-1", "nightly-2"]  # type: ignore[attr-defined]
    for write in calm.counter.writes:
        for when in ("before", "after"):
            stage = play(crash_at(write.write, when))
            assert stage.lives == 2
            assert stage.kept == calm.kept, f"crash {when} {write}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("write", range(1, 5))
def test_a_job_is_of_one_template_though_it_changed_while_its_tasks_were_made(write: int) -> None:
    stage = play(crash_at(write, "before"), edits=True)
    first = [name for name in stage.kept[1] if name.startswith("nightly-1-")]  # type: ignore[attr-defined]
    assert first == ["nightly-1-other", "nightly-1-work"]
