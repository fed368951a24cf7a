"""The environment of start tasks and tasks: users' settings, then Azure Batch's variables, which win (reference §6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from millpond.api.environment import EnvironmentSetting
from millpond.api.job import Job
from millpond.cluster.manifests.layout import MOUNTS, ROOT, SHARED, STARTUP, task_directory

Variable = dict[str, Any]


def literal(text: str) -> str:
    """Text that arrives as written: Kubernetes reads `$$` as `$`, and expands `$(NAME)`, in commands as in values."""
    return text.replace("$", "$$")


def environment(settings: Iterable[Iterable[EnvironmentSetting]], service: dict[str, str]) -> list[Variable]:
    """The container's variables: later settings override earlier ones of the same name, service variables all."""
    variables: dict[str, Variable] = {}
    for group in settings:
        for setting in group:
            variables[setting.name] = _variable(setting)
    for name, value in service.items():
        variables[name] = {"name": name, "value": literal(value)}
    return list(variables.values())


def _variable(setting: EnvironmentSetting) -> Variable:
    if setting.value_from is not None:
        key = setting.value_from.secret_key_ref
        return {"name": setting.name, "valueFrom": {"secretKeyRef": {"name": key.name, "key": key.key}}}
    return {"name": setting.name, "value": literal(setting.value or "")}


def node_variables(namespace: str, pool: str, node: str, directory: str) -> dict[str, str]:
    """The variables of everything that runs on a node. `directory` is the task's own, below the root."""
    return {
        "AZ_BATCH_ACCOUNT_NAME": namespace,
        "AZ_BATCH_POOL_ID": pool,
        "AZ_BATCH_NODE_ID": node,
        "AZ_BATCH_NODE_IS_DEDICATED": "true",
        "AZ_BATCH_NODE_ROOT_DIR": ROOT,
        "AZ_BATCH_NODE_SHARED_DIR": SHARED,
        "AZ_BATCH_NODE_STARTUP_DIR": STARTUP,
        "AZ_BATCH_NODE_MOUNTS_DIR": MOUNTS,
        "AZ_BATCH_TASK_DIR": f"{ROOT}/{directory}",
        "AZ_BATCH_TASK_WORKING_DIR": f"{ROOT}/{directory}/wd",
    }


def task_variables(job: Job, task_id: str, *, is_preparation: bool = False) -> dict[str, str]:
    """What a task has beyond its node's variables; where its job was prepared, unless it is that task itself."""
    variables = {"AZ_BATCH_JOB_ID": job.metadata.name, "AZ_BATCH_TASK_ID": task_id}
    preparation = job.spec.job_preparation_task
    if preparation is not None and not is_preparation:
        directory = f"{ROOT}/{task_directory(job.metadata.name, preparation.id)}"
        variables["AZ_BATCH_JOB_PREP_DIR"] = directory
        variables["AZ_BATCH_JOB_PREP_WORKING_DIR"] = f"{directory}/wd"
    return variables
