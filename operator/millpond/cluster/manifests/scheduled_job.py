"""The Job that a schedule makes, and the Tasks that come with it."""

from __future__ import annotations

from typing import Any

from millpond.api import labels, naming
from millpond.api.jobschedule import JobSchedule, TaskTemplate
from millpond.api.kind import API_VERSION
from millpond.api.times import format_time
from millpond.control.schedule_facts import shared_pool


def scheduled_job(schedule: JobSchedule, number: int, due: int) -> dict[str, Any]:
    """The schedule's `number`-th Job, for the due time `due` (seconds since the epoch)."""
    template = schedule.spec.job_template
    spec = template.spec.as_document()
    shared = shared_pool(schedule)
    if shared is not None:
        del spec["autoPool"]
        spec["poolName"] = shared
    return {
        "apiVersion": API_VERSION,
        "kind": "Job",
        "metadata": {
            "name": naming.scheduled_job(schedule.metadata.name, number),
            "labels": {**template.metadata.labels, labels.SCHEDULE: naming.label_value(schedule.metadata.name)},
            "annotations": {**template.metadata.annotations, labels.DUE_TIME_ANNOTATION: format_time(due)},
            "ownerReferences": _owner(schedule),
        },
        "spec": spec,
    }


def scheduled_task(schedule: JobSchedule, job: str, task: TaskTemplate) -> dict[str, Any]:
    """A Task of the template, for the Job of that name; what it says of other tasks means those of the same job."""
    spec = task.spec.as_document() | {"jobName": job}
    spec.setdefault("id", task.metadata.name)
    near = task.spec.affinity.task_name if task.spec.affinity else None
    if near is not None:
        spec["affinity"] = {"taskName": naming.template_task(job, near)}
    return {
        "apiVersion": API_VERSION,
        "kind": "Task",
        "metadata": {
            "name": naming.template_task(job, task.metadata.name),
            "labels": {**task.metadata.labels, labels.TEMPLATE: str(schedule.metadata.generation)},
            "ownerReferences": _owner(schedule),
        },
        "spec": spec,
    }


def _owner(schedule: JobSchedule) -> list[dict[str, Any]]:
    meta = schedule.metadata
    owner = {"apiVersion": API_VERSION, "kind": "JobSchedule", "name": meta.name, "uid": meta.uid}
    return [owner | {"controller": True, "blockOwnerDeletion": False}]
