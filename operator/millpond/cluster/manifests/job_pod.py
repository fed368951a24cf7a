"""The Pod of a job's preparation or release task on one node: made as a task's is, but it takes no slot."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.job import Job
from millpond.api.jobtasks import JobPreparationTask, JobReleaseTask
from millpond.api.pool import Pool
from millpond.cluster.manifests.bound_pod import (
    READABLE,
    Command,
    Place,
    ahead,
    bound_pod,
    job_environment,
    run_container,
)
from millpond.cluster.manifests.fetching import with_files
from millpond.cluster.manifests.identity import common_labels, owner
from millpond.cluster.manifests.layout import Manifest, task_directory
from millpond.cluster.manifests.storage import user_in
from millpond.control.actions import StartJobTask
from millpond.lifecycle.retention import AS_LONG_AS_ITS_OWNER
from millpond.lifecycle.variables import Scope
from millpond.settings import Settings


def job_pod(
    start: StartJobTask, task: JobPreparationTask | JobReleaseTask, job: Job, pool: Pool, settings: Settings
) -> Manifest:
    """The manifest. Raises CommandLineError when the command line cannot be split, UserRefusedError by its user.

    It asks for no resources, since the tasks' slots have all that the node offers.
    """
    place = Place(start.namespace, start.pool, start.node, start.host, start.dedicated)
    scope = Scope.PREPARATION if start.role is labels.Role.PREPARATION else Scope.RELEASE
    variables = job_environment(scope, place, job, pool, task.id, task.environment_settings)
    own = task_directory(start.job, task.id)
    user = user_in(pool, task.user_identity, own, settings)
    belongs, options = (start.job, start.job_uid), ("--name", start.pod, *_options(task))
    preparation = job.spec.job_preparation_task
    before = task_directory(start.job, preparation.id) if preparation is not None and task is not preparation else ""
    command = Command(task.command_line, own, task.container_settings, user, belongs, _retention(task), options, before)
    metadata = {
        "name": start.pod,
        "labels": common_labels(start.role, start.pool, start.node) | {labels.JOB: start.job},
        "ownerReferences": [owner("Job", start.job, start.job_uid)],
    }
    container = run_container(command, variables, {}, pool, settings)
    made = bound_pod(metadata, place, pool, container, settings, ahead(command, pool), command.pull_secrets)
    return with_files(made, task.resource_files, command, settings, readable=isinstance(task, JobPreparationTask))


def _retention(task: JobPreparationTask | JobReleaseTask) -> int:
    """That of a preparation counts from the job's end, of which only the operator knows."""
    return task.retention_seconds if isinstance(task, JobReleaseTask) else AS_LONG_AS_ITS_OWNER


def _options(task: JobPreparationTask | JobReleaseTask) -> list[str]:
    if isinstance(task, JobReleaseTask):
        return ["--wall-clock", str(task.max_wall_clock_seconds)]
    limits, words = task.constraints, []
    if limits.max_wall_clock_seconds is not None:
        words = ["--wall-clock", str(limits.max_wall_clock_seconds)]
    return [READABLE, *words, "--retries", str(limits.max_task_retry_count)]
