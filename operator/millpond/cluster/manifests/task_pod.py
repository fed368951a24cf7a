"""The Pod of one attempt of a task: built from typed fields, nothing of a user's document merged in."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.commandline import split_command_line
from millpond.api.containers import WorkingDirectory
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.task import Task
from millpond.cluster.manifests.environment import environment, literal
from millpond.cluster.manifests.identity import SURVIVE_SILENCE, common_labels, owner
from millpond.cluster.manifests.layout import (
    LAUNCHER,
    ROOT,
    Manifest,
    host_directory,
    launcher_mount,
    node_mount,
    volumes,
)
from millpond.cluster.manifests.security import of_pod, of_user
from millpond.control.actions import StartAttempt
from millpond.lifecycle.exits import TASK_CONTAINER
from millpond.lifecycle.users import Owner, user_of
from millpond.lifecycle.variables import Facts, Scope, service_variables
from millpond.settings import Settings

LAUNCHER_MARGIN_SECONDS = 5
"""What the kubelet grants beyond the task's own grace, so that the launcher can write its record."""


def task_pod(start: StartAttempt, task: Task, job: Job, pool: Pool, settings: Settings) -> Manifest:
    """The manifest. Raises CommandLineError when the command line cannot be split, UserRefusedError by its user."""
    template = pool.spec.node_template
    directory = host_directory(settings.node_root, start.namespace, start.pool, start.node)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": start.pod,
            "namespace": start.namespace,
            "labels": common_labels(labels.Role.TASK, start.pool, start.node)
            | {
                labels.JOB: start.job,
                labels.TASK: start.task,
                labels.ATTEMPT: str(start.attempt),
                labels.SLOTS: str(start.slots),
            },
            "finalizers": [labels.EVIDENCE_FINALIZER],
            "ownerReferences": [owner("Task", start.task, start.task_uid)],
        },
        "spec": {
            "nodeName": start.host,
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": settings.task_grace + LAUNCHER_MARGIN_SECONDS,
            "tolerations": _tolerations(pool),
            "imagePullSecrets": [{"name": secret.name} for secret in template.image_pull_secrets],
            "securityContext": of_pod(settings.task_gid),
            "volumes": volumes(directory),
            "containers": [_container(start, task, job, pool, settings)],
        },
    }


def _tolerations(pool: Pool) -> list[Manifest]:
    """All that kube-scheduler would mind, since the operator has chosen the host; NoExecute where its nodes bear it."""
    of_node = [t.model_dump(mode="json", by_alias=True, exclude_none=True) for t in pool.spec.node_template.tolerations]
    return [*of_node, *SURVIVE_SILENCE, {"operator": "Exists", "effect": "NoSchedule"}]


def _container(start: StartAttempt, task: Task, job: Job, pool: Pool, settings: Settings) -> Manifest:
    template = pool.spec.node_template
    own = f"workitems/{start.job}/job-1/{task.id}"
    facts = Facts(start.namespace, start.pool, start.node, ROOT, own, job=start.job, id=task.id)
    owner = Owner(start.namespace, start.pool, own)
    user = user_of(task.spec.user_identity, owner, pool.spec.user_accounts, settings.users())
    image = task.spec.container_settings.image_name if task.spec.container_settings else template.image
    return {
        "name": TASK_CONTAINER,
        "image": image,
        "imagePullPolicy": template.image_pull_policy.value,
        "command": _command(task, f"{ROOT}/{own}", settings),
        "env": environment(
            (job.spec.common_environment_settings, task.spec.environment_settings), service_variables(Scope.TASK, facts)
        ),
        "resources": _resources(start, task),
        "volumeMounts": [node_mount(), launcher_mount()],
        "securityContext": of_user(user),
    }


def _command(task: Task, directory: str, settings: Settings) -> list[str]:
    container = task.spec.container_settings
    in_image = container is not None and container.working_directory is WorkingDirectory.CONTAINER_IMAGE_DEFAULT
    words = [LAUNCHER, "run", "--directory", directory, "--working-directory", "." if in_image else f"{directory}/wd"]
    if task.spec.constraints.max_wall_clock_seconds is not None:
        words += ["--wall-clock", str(task.spec.constraints.max_wall_clock_seconds)]
    words += ["--grace", str(settings.task_grace), "--", *split_command_line(task.spec.command_line or "")]
    return [literal(word) for word in words]


def _resources(start: StartAttempt, task: Task) -> Manifest:
    """Requests are what was booked; limits are the user's. Devices are both, as Kubernetes wants it."""
    limits = dict(task.spec.resources.limits)
    requests = {"cpu": f"{start.cpu_millis}m", "memory": str(start.memory_bytes)}
    for name, amount in {**limits, **task.spec.resources.requests}.items():
        if name not in requests:
            requests[name] = amount
            limits.setdefault(name, amount)
    return {"requests": requests, "limits": limits}
