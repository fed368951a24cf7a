"""What the hands do with jobs, as a real API server stores it."""

from __future__ import annotations

from millpond.api import labels
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed
from support.hands import Hands, a_task, document

JOBS = "jobs.millpond.dev"


async def test_a_job_is_held_and_goes_with_its_tasks(hands: Hands) -> None:
    for name in ("one", "two"):
        a_task(hands, name)
    hands.apply(document("Task", "other", {"jobName": "another", "commandLine": "true"}))
    meta = hands.get(JOBS, "frames")["metadata"]
    hold = act.HoldJob(
        namespace=hands.space, job="frames", version=meta["resourceVersion"], finalizers=(labels.JOB_FINALIZER,)
    )
    assert isinstance(await hands.one(hold), Done)
    assert isinstance(await hands.one(hold), Missed)
    release = act.ReleaseJob(namespace=hands.space, job="frames", uid=meta["uid"])
    assert isinstance(await hands.one(release), Done)
    assert len(hands.get("tasks")["items"]) == 3, "a job that is there keeps its tasks"
    hands.server.done("delete", JOBS, "frames", "-n", hands.space, "--wait=false")
    assert "deletionTimestamp" in hands.get(JOBS, "frames")["metadata"]
    for _ in range(2):
        assert isinstance(await hands.one(release), Done)
        assert [task["metadata"]["name"] for task in hands.get("tasks")["items"]] == ["other"]
        assert hands.get(JOBS)["items"] == []
