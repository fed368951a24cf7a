"""The installation of packages in Pods: only where there are some, as a user that no task is, with one Secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from millpond.api.naming import DEFAULT_STORE
from millpond.api.task import Task
from millpond.cluster.manifests.credentials import CREDENTIALS
from millpond.cluster.manifests.node_pod import node_pod
from millpond.cluster.manifests.storage import packages_user
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import CreateNodePod, StartAttempt
from millpond.lifecycle.packages import PACKAGES_CONTAINER, PACKAGES_VARIABLE
from millpond.settings import Settings
from support.builders import JOB, ON_CLAIMS, POOL, SPACE, a_job, a_pool, metadata
from support.restricted import complaints

SETTINGS = Settings(_env_file=None, task_uid=1234, task_gid=5678)
TOOL = [{"applicationId": "Tool", "version": "1.0"}, {"applicationId": "other"}]
POOL_S = [{"applicationId": "pool_s", "version": "2"}]
ROOT = "/mnt/batch/tasks/applications"


def a_task_pod(packages: list[dict[str, str]], pool: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    spec = {"jobName": JOB, "commandLine": "true", "applicationPackageReferences": packages} | spec
    task = Task.model_validate({"metadata": metadata("frame"), "spec": spec})
    start = StartAttempt(
        namespace=SPACE, pool=POOL, job=JOB, task="frame", task_uid="uid-frame", attempt=1, pod="frame-1",
        node="farm-aaaaa", host="host-1", slots=1, cpu_millis=1500, memory_bytes=2**30, preparation="prep-1",
    )  # fmt: skip
    job = a_job(jobPreparationTask={"commandLine": "true"})
    return task_pod(start, task, job, a_pool(**(pool or {})), SETTINGS)


def a_node(**pool: Any) -> dict[str, Any]:
    create = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa-1")
    return node_pod(create, "uid-node", a_pool(**pool), SETTINGS)


def inits(pod: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {container["name"]: container for container in pod["spec"]["initContainers"]}


def variables(container: dict[str, Any]) -> dict[str, str]:
    found = {one["name"]: one.get("value", "") for one in container["env"]}
    return {name: value for name, value in found.items() if name.startswith("AZ_BATCH_APP_PACKAGE_")}


def test_without_packages_there_is_nothing_for_them() -> None:
    for pod in (a_task_pod([]), a_node()):
        assert PACKAGES_CONTAINER not in inits(pod)
        assert "--follow" not in pod["spec"]["containers"][0]["command"]
        assert not [volume for volume in pod["spec"]["volumes"] if "secret" in volume]


def test_a_task_s_packages_come_after_its_preparation_and_before_its_files() -> None:
    files = [{"httpUrl": "https://store.example/a", "filePath": "a"}]
    output = [{"filePattern": "x", "destination": {"containerUrl": "s3://bucket"}}]
    pod = a_task_pod(TOOL, resourceFiles=files, outputFiles=output)
    assert list(inits(pod)) == ["await-preparation", PACKAGES_CONTAINER, "fetch-files", "upload"]
    container = inits(pod)[PACKAGES_CONTAINER]
    said = {one["name"]: one["value"] for one in container["env"]}
    assert json.loads(said[PACKAGES_VARIABLE]) == TOOL
    assert container["command"] == [
        "millpond", "agent", "packages", "--root", "/mnt/batch/tasks", "--credentials", CREDENTIALS,
    ]  # fmt: skip
    assert container["resources"]["requests"] == {"cpu": "1500m", "memory": str(2**30)}


def test_the_store_s_secret_is_in_that_container_alone() -> None:
    pod = a_task_pod(TOOL)
    mounted = {
        container["name"]
        for container in (*pod["spec"]["initContainers"], *pod["spec"]["containers"])
        if any(CREDENTIALS in mount["mountPath"] for mount in container["volumeMounts"])
    }
    assert mounted == {PACKAGES_CONTAINER}
    (volume,) = [volume for volume in pod["spec"]["volumes"] if "secret" in volume]
    assert volume["secret"]["secretName"] == DEFAULT_STORE


def test_no_task_is_the_user_who_installs() -> None:
    user = packages_user(a_pool().spec.node_template.storage, SETTINGS)
    context = inits(a_task_pod(TOOL))[PACKAGES_CONTAINER]["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (user.uid, user.gid)
    assert user.uid >= SETTINGS.derived_uid_first
    assert {user.uid, user.gid}.isdisjoint({SETTINGS.task_uid, SETTINGS.task_gid, SETTINGS.agent_gid})
    layout = inits(a_node())["layout"]["command"]
    assert layout[layout.index("--packages-user") + 1] == f"{user.uid}:{user.gid}"


def test_a_task_sees_its_own_packages_and_its_pool_s() -> None:
    (task,) = a_task_pod(TOOL, {"applicationPackageReferences": POOL_S})["spec"]["containers"]
    assert variables(task) == {
        "AZ_BATCH_APP_PACKAGE_pool_s_2": f"{ROOT}/pool_s/2",
        "AZ_BATCH_APP_PACKAGE_Tool_1_0": f"{ROOT}/Tool/1.0",
        "AZ_BATCH_APP_PACKAGE_tool_1_0": f"{ROOT}/Tool/1.0",
        "AZ_BATCH_APP_PACKAGE_other": f"{ROOT}/other/.default",
    }
    command = task["command"]
    assert command[command.index("--follow") + 1] == "AZ_BATCH_APP_PACKAGE_"
    assert command.index("--follow") < command.index("--")


def test_a_setting_under_the_name_of_a_package_has_no_effect() -> None:
    settings = [{"name": "AZ_BATCH_APP_PACKAGE_tool_1_0", "value": "mine"}, {"name": "MINE", "value": "mine"}]
    (task,) = a_task_pod(TOOL, environmentSettings=settings)["spec"]["containers"]
    names = [variable["name"] for variable in task["env"]]
    assert len(names) == len(set(names))
    assert variables(task)["AZ_BATCH_APP_PACKAGE_tool_1_0"] == f"{ROOT}/Tool/1.0"
    assert "MINE" in names


@pytest.mark.parametrize("waits", [True, False])
def test_a_node_s_packages_come_before_its_start_task(waits: bool) -> None:
    files = [{"httpUrl": "https://store.example/a", "filePath": "a"}]
    start = {"commandLine": "true", "waitForSuccess": waits, "resourceFiles": files}
    pod = a_node(startTask=start, applicationPackageReferences=POOL_S)
    assert list(inits(pod))[:3] == ["layout", PACKAGES_CONTAINER, "fetch-files"]
    every = {one["name"]: one for one in (*pod["spec"]["initContainers"], *pod["spec"]["containers"])}
    assert variables(every["start-task"]) == {"AZ_BATCH_APP_PACKAGE_pool_s_2": f"{ROOT}/pool_s/2"}
    assert "--follow" in every["start-task"]["command"]


def test_on_a_claim_nothing_asks_for_more_than_the_restricted_standard_admits() -> None:
    pool = {"nodeTemplate": ON_CLAIMS, "applicationPackageReferences": POOL_S}
    for pod in (a_node(**pool), a_task_pod(TOOL, pool)):
        assert complaints(pod["spec"]) == []
        assert inits(pod)[PACKAGES_CONTAINER]["securityContext"]["runAsUser"] == SETTINGS.task_uid
