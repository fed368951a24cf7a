"""Job schedules against a model API server, under a virtual clock."""

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
from support.builders import EPOCH, SPACE
from support.model.server import ModelServer
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime

TASKS = [{"metadata": {"name": "prepare", "labels": {"team": "a"}}, "spec": {"commandLine": "true"}}]


def _now() -> float:
    return EPOCH + asyncio.get_running_loop().time()


class Server(ModelServer):
    """Fails the next creates as told."""

    def __init__(self) -> None:
        super().__init__(Verbs(_now))
        self.create_errors: list[Exception] = []

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
        if self.create_errors:
            raise self.create_errors.pop(0)
        return await super().create(resource, namespace, document)


class Stage:
    """A keeper that hears of its schedule as a watch would tell it."""

    def __init__(self, server: Server | None = None) -> None:
        self.server = server or Server()
        self.verbs = self.server.verbs
        self.keeper = ScheduleKeeper(self.server, _now, self._find_job)

    def _find_job(self, namespace: str, name: str) -> Job | None:
        return next((job for job in self._jobs() if job.metadata.name == name), None)

    def _jobs(self) -> list[Job]:
        return [Job.model_validate(job) for job in self.verbs.list("jobs", SPACE)]

    def schedule(self, desired: str = "Active", tasks: Sequence[dict[str, Any]] = TASKS, **schedule: Any) -> None:
        spec = {
            "schedule": schedule,
            "desiredState": desired,
            "jobTemplate": {"metadata": {"labels": {"team": "a"}}, "spec": {"poolName": "farm"}, "tasks": [*tasks]},
        }
        self.verbs.create("jobschedules", SPACE, {"metadata": {"name": "nightly"}, "spec": spec})
        self.tell()

    def tell(self) -> None:
        self.keeper.observe(self.seen())

    def seen(self) -> JobSchedule:
        return JobSchedule.model_validate(self.verbs.get("jobschedules", SPACE, "nightly"))

    def names(self, plural: str = "jobs") -> list[str]:
        return [document["metadata"]["name"] for document in self.verbs.list(plural, SPACE)]

    def end_jobs(self) -> None:
        for name in self.names():
            self.verbs.merge_patch("jobs", SPACE, name, {"status": {"state": "Completed"}}, "status")
        self.keeper.job_changed()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.keeper.run())
        try:
            yield
        finally:
            task.cancel()


async def test_one_job_at_once_with_its_tasks_and_labels() -> None:
    stage = Stage()
    stage.schedule()
    async with stage.running():
        await asyncio.sleep(1)
    assert stage.names() == ["nightly-1"]
    job, (task,) = stage.verbs.get("jobs", SPACE, "nightly-1"), stage.verbs.list("tasks", SPACE)
    assert job["metadata"]["labels"]["team"] == "a"
    assert job["metadata"]["ownerReferences"][0]["kind"] == "JobSchedule"
    assert task["spec"]["jobName"] == "nightly-1"
    assert task["spec"]["id"] == "prepare"
    assert task["metadata"]["labels"] == {"team": "a"}
    assert int(task["metadata"]["resourceVersion"]) < int(job["metadata"]["resourceVersion"])
    status = stage.seen().status
    assert (status.jobs_created, status.recent_job_name) == (1, "nightly-1")


async def test_affinity_to_a_task_of_the_template_becomes_one_to_the_made_task() -> None:
    stage = Stage()
    near = {"commandLine": "true", "affinity": {"taskName": "prepare"}}
    stage.schedule(tasks=[*TASKS, {"metadata": {"name": "b"}, "spec": near}])
    async with stage.running():
        await asyncio.sleep(1)
    made = stage.verbs.get("tasks", SPACE, "nightly-1-b")
    assert made["spec"]["affinity"] == {"taskName": "nightly-1-prepare"}


async def test_next_job_waits_for_its_time_and_for_the_last_one_to_end() -> None:
    stage = Stage()
    stage.schedule(recurrenceIntervalSeconds=600)
    async with stage.running():
        await asyncio.sleep(700)
        assert stage.names() == ["nightly-1"]
        stage.end_jobs()
        await asyncio.sleep(1)
        assert stage.names() == ["nightly-1", "nightly-2"]
        stage.end_jobs()
        await asyncio.sleep(450)
        assert len(stage.names()) == 2
        await asyncio.sleep(100)
        assert len(stage.names()) == 3


async def test_answer_that_was_lost_makes_no_second_job() -> None:
    stage = Stage()
    stage.schedule()
    stage.server.create_errors = [UnavailableError("down")] * 2
    async with stage.running():
        await asyncio.sleep(60)
    assert stage.names() == ["nightly-1"]
    restarted = Stage(stage.server)
    stage.verbs.merge_patch("jobschedules", SPACE, "nightly", {"status": None}, "status")
    restarted.tell()
    async with restarted.running():
        await asyncio.sleep(60)
    assert restarted.names() == ["nightly-1"]
    assert restarted.names("tasks") == ["nightly-1-prepare"]
    assert restarted.seen().status.jobs_created == 1


async def test_refusal_is_said_and_tried_again() -> None:
    stage = Stage()
    stage.schedule()
    stage.server.create_errors = [InvalidError("spec.poolName: too long.")]
    async with stage.running():
        await asyncio.sleep(0.02)
        (ready,) = stage.seen().status.conditions
        assert (ready.status, ready.reason) == ("False", "JobCreationFailed")
        assert "spec.poolName: too long." in ready.message
        await asyncio.sleep(120)
    (ready,) = stage.seen().status.conditions
    assert ready.status == "True"
    assert stage.names() == ["nightly-1"]


async def test_job_of_somebody_else_with_that_name_is_left_alone() -> None:
    stage = Stage()
    stage.verbs.create("jobs", SPACE, {"metadata": {"name": "nightly-1"}, "spec": {"poolName": "other"}})
    stage.schedule()
    async with stage.running():
        await asyncio.sleep(1)
    (ready,) = stage.seen().status.conditions
    assert ready.reason == "JobCreationFailed"
    assert "rename the schedule" in ready.message
    assert stage.names("tasks") == []


async def test_disabled_or_forgotten_makes_nothing() -> None:
    stage = Stage()
    stage.schedule(desired="Disabled")
    async with stage.running():
        await asyncio.sleep(100)
        assert stage.seen().status.state == "Disabled"
        stage.keeper.forget(SPACE, "nightly")
        stage.keeper.job_changed()
        await asyncio.sleep(100)
    assert stage.names() == []
