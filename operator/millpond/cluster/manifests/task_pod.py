"""The Pod of one attempt of a task: built from typed fields, nothing of a user's document merged in."""

from __future__ import annotations

from dataclasses import replace

from millpond.api import labels, naming
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.task import Task
from millpond.api.times import DEFAULT_RETENTION_SECONDS
from millpond.cluster.manifests.bound_pod import (
    Command,
    Place,
    ahead,
    bound_pod,
    job_environment,
    launched,
    run_container,
)
from millpond.cluster.manifests.fetching import with_files
from millpond.cluster.manifests.group import files_of, part_of
from millpond.cluster.manifests.identity import common_labels, owner
from millpond.cluster.manifests.job_token import TOKEN_FILE, with_token
from millpond.cluster.manifests.layout import ROOT, Manifest, task_directory
from millpond.cluster.manifests.packages import installer, with_store
from millpond.cluster.manifests.storage import user_in
from millpond.cluster.manifests.uploading import with_uploads
from millpond.control.actions import StartAttempt
from millpond.lifecycle.exits import AWAIT_CONTAINER
from millpond.settings import Settings


def task_pod(
    start: StartAttempt, task: Task, job: Job, pool: Pool, settings: Settings, group_token: str = ""
) -> Manifest:
    """The manifest. Raises CommandLineError, UserRefusedError and FilePatternError by the task's own words.

    `group_token` is what the instances of a multi-instance task's attempt find each other by.
    """
    own = task_directory(start.job, task.id)
    part = part_of(start, task, own, group_token)
    output_files = task.spec.output_files if not start.instance else ()
    metadata = {
        "name": start.pod,
        "labels": common_labels(role_of(start), start.pool, start.node) | _labels(start, task.id) | part.labels,
        "ownerReferences": [owner("Task", start.task, start.task_uid)],
    }
    place = Place(start.namespace, start.pool, start.node, start.host, start.dedicated)
    token = TOKEN_FILE if task.spec.authentication_token_settings is not None and not start.instance else ""
    limits, whose = task.spec.constraints, (start.task, start.task_uid)
    options = [] if limits.max_wall_clock_seconds is None else ["--wall-clock", str(limits.max_wall_clock_seconds)]
    options += ["--name", start.pod] if output_files else []
    settings_ = task.spec.environment_settings
    variables = [
        *job_environment(part.scope, place, job, pool, task.id, settings_, token, part.directory),
        *part.variables,
    ]
    user = user_in(pool, task.spec.user_identity, own, settings)
    line, packages = task.spec.command_line or "", task.spec.application_package_references
    container = task.spec.container_settings
    kept = DEFAULT_RETENTION_SECONDS if limits.retention_seconds is None else limits.retention_seconds
    before = _preparation_directory(start, job)
    options += part.options
    command = Command(line, part.directory, container, user, whose, kept, tuple(options), before, packages)
    resources, storage = _resources(start, task), pool.spec.node_template.storage
    least = {name: resources["requests"][name] for name in ("cpu", "memory")}
    made = bound_pod(
        metadata,
        place,
        pool,
        run_container(command, variables, resources, pool, settings),
        settings,
        [*_inits(start, command, pool), *ahead(command, pool), *installer(packages, storage, settings, least)],
        command.pull_secrets,
    )
    made = with_store(made, packages)
    files, into = files_of(start, task)
    made = with_files(made, files, replace(command, directory=own), settings, into=into)
    made = with_uploads(made, output_files, own, user, settings)
    return with_token(made, start.job) if token else made


def role_of(start: StartAttempt) -> labels.Role:
    """What the Pod is for."""
    if start.instance:
        return labels.Role.MEMBER
    return labels.Role.MANAGER if start.manages else labels.Role.TASK


def _labels(start: StartAttempt, task_id: str) -> dict[str, str]:
    own = {
        labels.JOB: start.job,
        labels.TASK: start.task,
        labels.ATTEMPT: str(start.attempt),
        labels.SLOTS: str(start.slots),
    }
    if task_id != start.task:
        own[labels.TASK_ID] = naming.label_value(task_id)
    if start.exclusive:
        own[labels.EXCLUSIVE] = "true"
    return own | ({labels.PREPARATION: start.preparation} if start.preparation else {})


def _preparation_directory(start: StartAttempt, job: Job) -> str:
    """That of the job's preparation task, if the task waits for it."""
    preparation = job.spec.job_preparation_task
    if not start.preparation or preparation is None or not preparation.wait_for_success:
        return ""
    return task_directory(start.job, preparation.id)


def _inits(start: StartAttempt, command: Command, pool: Pool) -> list[Manifest]:
    """The wait for the job's preparation, as the task's user in its image, which is pulled meanwhile."""
    if not command.preparation:
        return []
    record = f"{ROOT}/{command.preparation}/exit.json"
    words = ["await", "--record", record, "--name", start.preparation]
    return [launched(AWAIT_CONTAINER, words, command, pool)]


def _resources(start: StartAttempt, task: Task) -> Manifest:
    """Requests are what was booked; limits are the user's. Devices are both, as Kubernetes wants it."""
    limits = dict(task.spec.resources.limits)
    requests = {"cpu": f"{start.cpu_millis}m", "memory": str(start.memory_bytes)}
    for name, amount in {**limits, **task.spec.resources.requests}.items():
        if name not in requests:
            requests[name] = amount
            limits.setdefault(name, amount)
    return {"requests": requests, "limits": limits}
