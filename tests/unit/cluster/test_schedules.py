"""Job schedules against a model API server, under a virtual clock: each write may be the operator's last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import InvalidError, UnavailableError
from millpond.cluster.schedules import ScheduleKeeper
from support.builders import EPOCH, SPACE, at
from support.faults import Chooser, Counter, Line, crash_at, no_faults
from support.model.garbage import GarbageCollector
from support.model.server import ModelServer
from support.model.store import Change
from support.model.verbs import Verbs
from support.virtual_time import run

pytestmark = pytest.mark.looptime

TASKS = [
    {"metadata": {"name": "prepare", "labels": {"team": "a"}}, "spec": {"commandLine": "true"}},
    {"metadata": {"name": "work"}, "spec": {"commandLine": "true"}},
]
NAME = "nightly"


class Server(ModelServer):
    """Fails the next creates as told."""

    def __init__(self, verbs: Verbs) -> None:
        super().__init__(verbs)
        self.create_errors: list[Exception] = []

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
        if self.create_errors:
            raise self.create_errors.pop(0)
        return await super().create(resource, namespace, document)


class Stage:
    """An API server, and lives of a keeper that hears of schedules and jobs as a watch would tell it."""

    def __init__(self, choose: Chooser = no_faults) -> None:
        self.skew = 0.0
        """Seconds by which the clock was set."""
        self.verbs = Verbs(self.now)
        self.server = Server(self.verbs)
        self.choose = choose
        self.counter = Counter()
        self.lives = 0
        self.keeper: ScheduleKeeper | None = None
        self.deaf = False
        """Whether watches tell nothing."""
        self.garbage = GarbageCollector(self.verbs)
        self.verbs.store.listeners.append(self._hear)

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time() + self.skew

    def _hear(self, change: Change) -> None:
        if self.keeper is not None and not self.deaf:
            _tell(self.keeper, change.plural, change.after, gone=change.type == "DELETED")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        living = asyncio.create_task(self._live())
        try:
            yield
        finally:
            living.cancel()

    async def _live(self) -> None:
        """Life after life."""
        while True:
            self.lives += 1
            line = Line(self.server, self.choose, self.counter)
            keeper = self.keeper = ScheduleKeeper(line, self.now)
            for plural in ("jobs", "jobschedules"):
                for document in self.verbs.list(plural):
                    _tell(keeper, plural, document)
            living, dying = asyncio.create_task(keeper.run()), asyncio.create_task(line.crashed.wait())
            try:
                await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
                assert line.crashed.is_set(), living.exception()
            finally:
                self.keeper = None
                for task in (living, dying):
                    task.cancel()
            await asyncio.sleep(1)

    # What users do

    def schedule(self, desired: str = "Active", tasks: Sequence[dict[str, Any]] = TASKS, **schedule: Any) -> None:
        spec = {
            "schedule": schedule,
            "desiredState": desired,
            "jobTemplate": {"metadata": {"labels": {"team": "a"}}, "spec": {"poolName": "farm"}, "tasks": [*tasks]},
        }
        self.verbs.create("jobschedules", SPACE, {"metadata": {"name": NAME}, "spec": spec})

    def edit(self, **spec: Any) -> None:
        self.verbs.merge_patch("jobschedules", SPACE, NAME, {"spec": spec})

    def end_jobs(self) -> None:
        """What the operator's other half does: active jobs end."""
        for job in self.verbs.list("jobs"):
            if (job.get("status") or {}).get("state") != "Completed":
                status = {"state": "Completed", "endTime": at(0)}
                self.verbs.merge_patch("jobs", SPACE, job["metadata"]["name"], {"status": status}, "status")

    # What is left

    def status(self) -> Any:
        return JobSchedule.model_validate(self.verbs.get("jobschedules", SPACE, NAME)).status

    def ready(self) -> tuple[str, str]:
        (ready,) = self.status().conditions
        return ready.status.value, ready.reason

    def names(self, plural: str = "jobs") -> list[str]:
        return [document["metadata"]["name"] for document in self.verbs.list(plural, SPACE)]

    def dues(self) -> list[str]:
        return [job["metadata"]["annotations"]["millpond.dev/due-time"] for job in self.verbs.list("jobs", SPACE)]


def _tell(keeper: ScheduleKeeper, plural: str, document: dict[str, Any], gone: bool = False) -> None:
    meta = document["metadata"]
    match plural, gone:
        case "jobs", False:
            keeper.observe_job(Job.model_validate(document))
        case "jobs", True:
            keeper.forget_job(Job.model_validate(document))
        case "jobschedules", False:
            keeper.observe(JobSchedule.model_validate(document))
        case "jobschedules", True:
            keeper.forget(SPACE, meta["name"])


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
