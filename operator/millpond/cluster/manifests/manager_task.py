"""The Task of a job's manager: what the Job says of it, as a Task of that job."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.job import Job
from millpond.api.kind import API_VERSION
from millpond.cluster.manifests.identity import owner
from millpond.cluster.manifests.layout import Manifest

_OF_MANAGERS = ("killJobOnCompletion", "runExclusive", "allowLowPriorityNode")


def manager_task(job: Job, name: str) -> Manifest:
    """The manifest. The job must have a manager."""
    assert job.spec.job_manager_task is not None
    said = job.spec.job_manager_task.as_document()
    return {
        "apiVersion": API_VERSION,
        "kind": "Task",
        "metadata": {
            "name": name,
            "namespace": job.metadata.namespace,
            "labels": {
                labels.APP_NAME: labels.OPERATOR,
                labels.MANAGED_BY: labels.OPERATOR,
                labels.ROLE: labels.Role.MANAGER.value,
            },
            "ownerReferences": [owner("Job", job.metadata.name, job.metadata.uid)],
        },
        "spec": {field: value for field, value in said.items() if field not in _OF_MANAGERS}
        | {"jobName": job.metadata.name},
    }
