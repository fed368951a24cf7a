"""What is done for a schedule, deed by deed: each may be repeated from any point."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.cluster.errors import ConflictError, InvalidError
from millpond.cluster.scheduled_jobs import ScheduledJobs
from support.builders import EPOCH, SPACE, at
from support.model.server import ModelServer
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime
DUE = int(EPOCH) + 60


class Hands:
    def __init__(self, **spec: Any) -> None:
        self.verbs = Verbs(lambda: EPOCH)
        self.does = ScheduledJobs(ModelServer(self.verbs))
        task = {"metadata": {"name": "one"}, "spec": {"commandLine": "true"}}
        template = {"spec": {"poolName": "farm"}, "tasks": [task]}
        body = {"metadata": {"name": "nightly"}, "spec": {"jobTemplate": template, **spec}}
        self.verbs.create("jobschedules", SPACE, body)

    @property
    def schedule(self) -> JobSchedule:
        return JobSchedule.model_validate(self.verbs.get("jobschedules", SPACE, "nightly"))

    def job(self, name: str = "nightly-1") -> Job:
        return Job.model_validate(self.verbs.get("jobs", SPACE, name))


async def test_the_finalizer_is_put_beside_others_on_what_was_seen() -> None:
    hands = Hands()
    seen = hands.schedule
    hands.verbs.merge_patch("jobschedules", SPACE, "nightly", {"metadata": {"finalizers": ["example.com/own"]}})
    with pytest.raises(ConflictError):
        await hands.does.hold(seen)
    await hands.does.hold(hands.schedule)
    assert hands.schedule.metadata.finalizers == ("example.com/own", "millpond.dev/schedule")


async def test_a_job_made_twice_is_one_and_keeps_its_due_time() -> None:
    hands = Hands()
    assert await hands.does.make(hands.schedule, 1, DUE) == DUE
    assert await hands.does.make(hands.schedule, 1, DUE + 600) == DUE
    assert len(hands.verbs.list("jobs")) == len(hands.verbs.list("tasks")) == 1
    assert hands.job().metadata.annotations["millpond.dev/due-time"] == at(60)


async def test_a_namesake_s_job_is_not_taken_for_its_own() -> None:
    hands = Hands()
    await hands.does.make(hands.schedule, 1, DUE)
    again = hands.schedule.model_copy(
        update={"metadata": hands.schedule.metadata.model_copy(update={"uid": "another"})}
    )
    with pytest.raises(InvalidError, match="nightly-1 exists and was not made by this schedule"):
        await hands.does.make(again, 1, DUE)
    assert not await hands.does.let_go(hands.schedule)
    assert await hands.does.let_go(again)


async def test_whether_a_job_is_active_is_asked_of_the_server() -> None:
    hands = Hands()
    await hands.does.make(hands.schedule, 1, DUE)
    assert await hands.does.is_active(SPACE, "nightly-1")
    hands.verbs.merge_patch("jobs", SPACE, "nightly-1", {"status": {"state": "Completed"}}, "status")
    assert not await hands.does.is_active(SPACE, "nightly-1")
    assert not await hands.does.is_active(SPACE, "nightly-2")


async def test_an_end_and_a_deletion_are_said_once_and_by_force_where_wanted() -> None:
    hands = Hands(force=True)
    await hands.does.make(hands.schedule, 1, DUE)
    await hands.does.end(hands.schedule, hands.job())
    told = hands.job()
    assert (told.spec.terminate_reason, told.spec.force) == ("TerminateJobSchedule", True)
    await hands.does.end(hands.schedule, told)
    assert hands.job().metadata.resource_version == told.metadata.resource_version
    await hands.does.delete(hands.schedule, "nightly-1")
    await hands.does.delete(hands.schedule, "nightly-1")
    assert hands.verbs.list("jobs") == []


async def test_a_job_that_was_taken_off_the_schedule_is_not_deleted_with_it() -> None:
    hands = Hands()
    await hands.does.make(hands.schedule, 1, DUE)
    hands.verbs.merge_patch("jobs", SPACE, "nightly-1", {"metadata": {"ownerReferences": None}})
    await hands.does.delete(hands.schedule, "nightly-1")
    assert hands.job().metadata.deletion_timestamp is None
