"""Jobs and Tasks that schedules make: as the template says, with what is derived."""

from __future__ import annotations

from typing import Any

from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.task import Task
from millpond.cluster.manifests.scheduled_job import scheduled_job, scheduled_task
from support.builders import EPOCH, at, metadata


def a_schedule(*tasks: dict[str, Any], name: str = "nightly") -> JobSchedule:
    meta = {"labels": {"team": "a"}, "annotations": {"note": "b"}}
    template = {"metadata": meta, "spec": {"poolName": "farm", "priority": 5}, "tasks": list(tasks)}
    return JobSchedule.model_validate({"metadata": metadata(name), "spec": {"jobTemplate": template}})


def test_a_job_is_as_the_template_says_and_knows_its_schedule_and_due_time() -> None:
    document = scheduled_job(a_schedule(), 3, int(EPOCH) + 60)
    meta = document["metadata"]
    assert meta["name"] == "nightly-3"
    assert meta["labels"] == {"team": "a", "millpond.dev/schedule": "nightly"}
    assert meta["annotations"] == {"note": "b", "millpond.dev/due-time": at(60)}
    assert [(o["kind"], o["uid"], o["blockOwnerDeletion"]) for o in meta["ownerReferences"]] == [
        ("JobSchedule", "uid-nightly", False)
    ]
    assert Job.model_validate(document).spec.priority == 5


def test_a_task_has_the_template_s_name_as_its_id() -> None:
    one = {"metadata": {"name": "one", "labels": {"part": "1"}}, "spec": {"commandLine": "true"}}
    schedule = a_schedule(one)
    document = scheduled_task(schedule, "nightly-3", schedule.spec.job_template.tasks[0])
    task = Task.model_validate(document)
    assert (task.metadata.name, task.spec.job_name, task.spec.id) == ("nightly-3-one", "nightly-3", "one")
    assert task.metadata.labels == {"part": "1", "millpond.dev/template-generation": "1"}
    assert task.metadata.owner_references[0].uid == "uid-nightly"


def test_an_id_of_its_own_stays_and_affinity_means_a_task_of_the_same_job() -> None:
    near = {
        "metadata": {"name": "b"},
        "spec": {"commandLine": "true", "id": "X", "affinity": {"taskName": "one"}},
    }
    schedule = a_schedule(near)
    spec = scheduled_task(schedule, "nightly-3", schedule.spec.job_template.tasks[0])["spec"]
    assert (spec["id"], spec["affinity"]) == ("X", {"taskName": "nightly-3-one"})


def test_a_long_name_is_shortened_and_its_label_too() -> None:
    meta = scheduled_job(a_schedule(name="n" * 100), 12, 0)["metadata"]
    assert len(meta["name"]) <= 63
    assert meta["name"].endswith("-12")
    assert len(meta["labels"]["millpond.dev/schedule"]) <= 63
