"""What of a schedule and its jobs goes into judgement, and comes out into its status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from millpond.api import labels
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.reasons import JobScheduleReason, JobScheduleState
from millpond.control.schedule_facts import (
    caught_up,
    describe_schedule,
    due_time_of,
    facts_of,
    is_active,
    jobs_of,
    schedule_of,
    with_job,
)
from millpond.lifecycle.occurrences import Calendar
from millpond.lifecycle.schedules import ScheduleVerdict
from support.builders import EPOCH, a_job, at, metadata

NAME = "nightly"


def a_schedule(status: dict[str, Any] | None = None, meta: dict[str, Any] | None = None, **spec: Any) -> JobSchedule:
    body = {"jobTemplate": {"spec": {"poolName": "farm"}}, **spec}
    return JobSchedule.model_validate({"metadata": metadata(NAME, **meta or {}), "spec": body, "status": status or {}})


def a_made_job(number: int, owner: str = f"uid-{NAME}", due: float | None = None, **status: Any) -> Job:
    job = a_job(f"{NAME}-{number}", status=status, created=number)
    document = job.as_document()
    document["metadata"]["ownerReferences"] = [
        {"apiVersion": "millpond.dev/v1alpha1", "kind": "JobSchedule", "name": NAME, "uid": owner}
    ]
    if due is not None:
        document["metadata"]["annotations"] = {labels.DUE_TIME_ANNOTATION: at(due)}
    return Job.model_validate(document)


def test_a_job_knows_its_schedule() -> None:
    assert schedule_of(a_made_job(1)) == (NAME, f"uid-{NAME}")
    assert schedule_of(a_job("by-hand")) == ("", "")


def test_only_jobs_of_this_very_schedule_count_and_in_the_order_of_their_making() -> None:
    jobs = [a_made_job(10), a_made_job(9), a_made_job(11, owner="uid-of-a-namesake"), a_job("by-hand")]
    assert [job.metadata.name for job in jobs_of(a_schedule(), jobs)] == ["nightly-9", "nightly-10"]


def test_a_job_is_active_until_it_has_ended() -> None:
    assert is_active(a_made_job(1))
    assert is_active(a_made_job(1, state="Disabled"))
    assert is_active(a_made_job(1, state="Deleting"))
    assert not is_active(a_made_job(1, state="Completed"))
    assert not is_active(a_made_job(1, state="Deleting", endTime=at(5)))


def test_the_due_time_is_said_by_the_job_or_else_its_creation() -> None:
    assert due_time_of(a_made_job(7, due=300)) == EPOCH + 300
    assert due_time_of(a_made_job(7)) == EPOCH + 7


def test_facts_in_whole_seconds() -> None:
    plan = {"doNotRunUntil": "2026-01-01T00:00:09.7Z", "startWindowSeconds": 60, "recurrenceIntervalSeconds": 90}
    facts = facts_of(a_schedule(schedule=plan | {"doNotRunAfter": at(1000)}), [a_made_job(1), a_made_job(2)])
    assert facts.calendar == Calendar(int(EPOCH) + 9, 90)
    assert (facts.window, facts.not_after, facts.served) == (60, EPOCH + 1000, None)
    assert (facts.active_job, facts.has_jobs, facts.deleting, facts.fault) == ("nightly-2", True, False, None)


def test_the_first_due_time_is_the_creation_where_none_is_given() -> None:
    assert facts_of(a_schedule(), []).calendar == Calendar(int(EPOCH))


def test_a_cron_expression_is_examined() -> None:
    assert facts_of(a_schedule(schedule={"cron": "* * * * *", "timeZone": "UTC"}), []).fault is None
    assert "Mars" in (facts_of(a_schedule(schedule={"cron": "* * * * *", "timeZone": "Mars"}), []).fault or "")


def test_a_deletion_that_leaves_the_jobs_is_known() -> None:
    facts = facts_of(a_schedule(meta={"deletionTimestamp": at(5), "finalizers": ["orphan"]}), [])
    assert (facts.deleting, facts.orphaning) == (True, True)


def test_a_job_that_the_status_does_not_tell_of_is_caught_up_with() -> None:
    schedule = a_schedule({"jobsCreated": 1, "recentJobName": "nightly-1", "servedUntilTime": at(0)})
    made = caught_up(schedule, [a_made_job(1, due=0), a_made_job(2, due=600)])
    assert (made.status.jobs_created, made.status.recent_job_name) == (2, "nightly-2")
    assert facts_of(made, []).served == EPOCH + 600
    assert caught_up(schedule, [a_made_job(1, due=50)]) is schedule


def test_status_of_what_goes_on_and_of_what_has_ended() -> None:
    schedule = with_job(a_schedule(), 3, int(EPOCH) + 60)
    waits = ScheduleVerdict(
        JobScheduleState.ACTIVE, JobScheduleReason.SCHEDULED, "Soon.", next_due=int(EPOCH) + 120, served=7
    )
    status = describe_schedule(schedule, waits, EPOCH + 61.5)
    assert (status.jobs_created, status.recent_job_name) == (3, "nightly-3")
    assert status.next_run_time == datetime.fromisoformat(at(120))
    assert status.served_until_time == datetime.fromisoformat("1970-01-01T00:00:07Z")
    assert (status.end_time, status.conditions[0].status) == (None, "True")
    ended = ScheduleVerdict(JobScheduleState.COMPLETED, JobScheduleReason.COMPLETED, "Over.")
    over = describe_schedule(schedule.model_copy(update={"status": status}), ended, EPOCH + 200)
    assert (over.next_run_time, over.end_time) == (None, datetime.fromisoformat(at(200)))


def test_what_keeps_a_schedule_from_its_work_makes_it_unready() -> None:
    for reason in (JobScheduleReason.INVALID_SCHEDULE, JobScheduleReason.JOB_CREATION_FAILED):
        verdict = ScheduleVerdict(JobScheduleState.ACTIVE, reason, "No.")
        assert describe_schedule(a_schedule(), verdict, EPOCH).conditions[0].status == "False"
