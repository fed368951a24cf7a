"""The download before a command: only where there are files, as the command's user, with Secrets in it alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from millpond.api.labels import Role
from millpond.api.naming import DEFAULT_STORE
from millpond.api.pool import Pool
from millpond.api.task import Task
from millpond.cluster.manifests.credentials import CREDENTIALS
from millpond.cluster.manifests.job_pod import job_pod
from millpond.cluster.manifests.node_pod import node_pod
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import CreateNodePod, StartAttempt, StartJobTask
from millpond.lifecycle.fetching import FETCH_CONTAINER, FILE_VARIABLE
from millpond.settings import Settings
from support.builders import JOB, POOL, SPACE, a_job, a_pool, metadata
from support.expansion import expand
from support.restricted import complaints

SETTINGS = Settings(_env_file=None, task_uid=1234, task_gid=5678)
FILES: list[dict[str, Any]] = [
    {"httpUrl": "https://store.example/$(HOME)/a?sig=x", "filePath": "a $$"},
    {"storageContainerUrl": "s3://bucket", "blobPrefix": "é", "credentialsSecretName": "store"},
    {"autoStorageContainerName": "inputs", "fileMode": "0644"},
]
OWN = f"/mnt/batch/tasks/workitems/{JOB}/job-1/frame"


def a_task_pod(job: dict[str, Any] | None = None, prepared: str = "", **spec: Any) -> dict[str, Any]:
    task = Task.model_validate({"metadata": metadata("frame"), "spec": {"jobName": JOB, "commandLine": "true"} | spec})
    start = StartAttempt(
        namespace=SPACE, pool=POOL, job=JOB, task="frame", task_uid="uid-frame", attempt=1, pod="frame-1",
        node="farm-aaaaa", host="host-1", slots=1, cpu_millis=1500, memory_bytes=2**30, preparation=prepared,
    )  # fmt: skip
    return task_pod(start, task, a_job(**(job or {})), a_pool(), SETTINGS)


def download(pod: dict[str, Any]) -> dict[str, Any]:
    (found,) = [one for one in pod["spec"]["initContainers"] if one["name"] == FETCH_CONTAINER]
    return dict(found)


def test_a_task_without_files_has_nothing_for_them() -> None:
    pod = a_task_pod()
    assert "initContainers" not in pod["spec"]
    assert [volume["name"] for volume in pod["spec"]["volumes"]] == ["node"]
    assert len(pod["spec"]["containers"]) == 1


def test_files_arrive_as_they_were_written() -> None:
    container = download(a_task_pod(resourceFiles=FILES))
    said = {variable["name"]: json.loads(expand(variable["value"], {})) for variable in container["env"]}
    assert [said[f"{FILE_VARIABLE}{number}"] for number in range(3)] == [
        FILES[0] | {"fileMode": "0770"},
        FILES[1] | {"fileMode": "0770"},
        FILES[2],
    ]


def test_a_download_works_in_the_tasks_directory_as_its_user() -> None:
    pod = a_task_pod(resourceFiles=FILES)
    (task,) = pod["spec"]["containers"]
    container = download(pod)
    assert container["command"] == [
        "launcher", "prepare", "--directory", OWN, "--working-directory", f"{OWN}/wd",
        "--owner", "frame/uid-frame", "--retention", "604800", "--",
        "millpond", "agent", "fetch", "--credentials", CREDENTIALS,
    ]  # fmt: skip
    assert container["image"] == SETTINGS.image
    assert container["securityContext"] == task["securityContext"] | {"readOnlyRootFilesystem": True}
    assert container["resources"] == {"requests": {"cpu": "1500m", "memory": str(2**30)}}
    assert complaints(pod["spec"]) == ["volume node is a hostPath"]


def test_secrets_are_in_the_download_and_nowhere_else() -> None:
    pod = a_task_pod(resourceFiles=FILES)
    volumes = {v["name"]: v["secret"]["secretName"] for v in pod["spec"]["volumes"] if "secret" in v}
    assert sorted(volumes.values()) == [DEFAULT_STORE, "store"]
    containers = [*pod["spec"]["initContainers"], *pod["spec"]["containers"]]
    holders = {c["name"] for c in containers for mount in c["volumeMounts"] if mount["name"] in volumes}
    assert holders == {FETCH_CONTAINER}


def test_a_download_waits_for_the_jobs_preparation() -> None:
    job = {"jobPreparationTask": {"commandLine": "prepare"}}
    inits = a_task_pod(job, prepared="film-prep-x", resourceFiles=FILES)["spec"]["initContainers"]
    assert [init["name"] for init in inits] == ["await-preparation", FETCH_CONTAINER]


@pytest.mark.parametrize(("role", "readable"), [(Role.PREPARATION, True), (Role.RELEASE, False)])
def test_preparation_and_release_tasks_have_files_too(role: Role, readable: bool) -> None:
    work = {"commandLine": "true", "resourceFiles": FILES}
    job = a_job(jobPreparationTask=work, jobReleaseTask=work)
    task = job.spec.job_preparation_task if role is Role.PREPARATION else job.spec.job_release_task
    assert task is not None
    where = {"pool": POOL, "node": "farm-aaaaa", "host": "host-1"}
    start = StartJobTask(namespace=SPACE, role=role, job=JOB, job_uid="uid-film", pod="film-x", **where)
    container = download(job_pod(start, task, job, a_pool(), SETTINGS))
    assert ("--readable" in container["command"]) is readable
    assert len(container["env"]) == len(FILES)


def a_node_pod(**start: Any) -> dict[str, Any]:
    create = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa-1")
    pool: Pool = a_pool(startTask={"commandLine": "true"} | start)
    return node_pod(create, "uid-node", pool, SETTINGS)


def test_a_start_tasks_files_come_before_it_and_a_failure_keeps_it_from_starting() -> None:
    inits = a_node_pod(resourceFiles=FILES)["spec"]["initContainers"]
    assert [init["name"] for init in inits] == ["layout", FETCH_CONTAINER, "start-task"]
    fetch, start = inits[1]["command"], inits[2]["command"]
    mark = "/mnt/batch/tasks/startup/fetch-failed.txt"
    assert fetch[fetch.index("--failed") + 1] == mark
    assert start[start.index("--unless") + 1] == mark
    assert {"--readable", "--report-only"} <= set(fetch)


def test_a_start_task_beside_the_agent_has_its_files_too() -> None:
    spec = a_node_pod(resourceFiles=FILES, waitForSuccess=False)["spec"]
    assert [init["name"] for init in spec["initContainers"]] == ["layout", FETCH_CONTAINER]


def test_a_start_task_without_files_has_nothing_for_them() -> None:
    pod = a_node_pod()
    assert [init["name"] for init in pod["spec"]["initContainers"]] == ["layout", "start-task"]
    assert "--unless" not in pod["spec"]["initContainers"][1]["command"]
    assert not any("secret" in volume for volume in pod["spec"]["volumes"])
