"""Actions on jobs, on a model API server; the same on a real one is `component/test_hands_jobs`."""

from __future__ import annotations

import pytest
from millpond.api import labels
from millpond.api.job import JobStatus
from millpond.api.reasons import JobState
from millpond.cluster.api_server import PAGE
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed
from support.builders import JOB, SPACE

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime


def held(bench: Bench) -> str:
    """Put our finalizer, and a stranger's, on the job; its uid."""
    finalizers = ["example.com/own", labels.JOB_FINALIZER]
    job = bench.verbs.merge_patch("jobs", SPACE, JOB, {"metadata": {"finalizers": finalizers}})
    return str(job["metadata"]["uid"])


def release(uid: str) -> act.ReleaseJob:
    return act.ReleaseJob(namespace=SPACE, job=JOB, uid=uid)


async def test_job_is_held_as_it_was_seen(bench: Bench) -> None:
    version = bench.verbs.get("jobs", SPACE, JOB)["metadata"]["resourceVersion"]
    finalizers = ("example.com/own", labels.JOB_FINALIZER)
    hold = act.HoldJob(namespace=SPACE, job=JOB, version=version, finalizers=finalizers)
    assert isinstance(await bench.one(hold), Done)
    assert bench.verbs.get("jobs", SPACE, JOB)["metadata"]["finalizers"] == list(finalizers)
    assert isinstance(await bench.one(hold), Missed)


async def test_job_status_is_written_whole(bench: Bench) -> None:
    version = bench.verbs.get("jobs", SPACE, JOB)["metadata"]["resourceVersion"]
    first = JobStatus(state=JobState.ACTIVE, terminate_reason="None yet")
    done = await bench.one(act.WriteJob(namespace=SPACE, job=JOB, version=version, status=first))
    assert isinstance(done, Done)
    second = JobStatus(state=JobState.COMPLETED)
    await bench.one(act.WriteJob(namespace=SPACE, job=JOB, version=done.version, status=second))
    status = bench.verbs.get("jobs", SPACE, JOB)["status"]
    assert status["state"] == "Completed"
    assert "terminateReason" not in status


async def test_tasks_of_a_deleted_job_go_by_pages_and_then_the_job(bench: Bench) -> None:
    for number in range(PAGE + 3):
        bench.task(f"t{number}")
    bench.task("other", jobName="another")
    uid = held(bench)
    bench.verbs.delete("jobs", SPACE, JOB)
    assert isinstance(await bench.one(release(uid)), Done)
    assert [task["metadata"]["name"] for task in bench.verbs.list("tasks", SPACE)] == ["other"]
    assert bench.verbs.get("jobs", SPACE, JOB)["metadata"]["finalizers"] == ["example.com/own"]
    bench.verbs.merge_patch("jobs", SPACE, JOB, {"metadata": {"finalizers": None}})
    assert isinstance(await bench.one(release(uid)), Done), "done again it finds nothing to do"


async def test_tasks_of_a_job_that_is_not_being_deleted_stay(bench: Bench) -> None:
    bench.task("kept")
    uid = held(bench)
    assert isinstance(await bench.one(release(uid)), Done)
    bench.verbs.delete("jobs", SPACE, JOB)
    assert isinstance(await bench.one(release("another")), Done)
    assert [task["metadata"]["name"] for task in bench.verbs.list("tasks", SPACE)] == ["kept"]
    assert labels.JOB_FINALIZER in bench.verbs.get("jobs", SPACE, JOB)["metadata"]["finalizers"]
