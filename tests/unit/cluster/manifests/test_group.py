"""The Pods of a multi-instance task: one is the primary, all find each other, and no command sees how."""

from __future__ import annotations

import json
from typing import Any

import pytest
from millpond.api import labels
from millpond.api.commandline import CommandLineError
from millpond.api.task import Task
from millpond.cluster.manifests.group import ADDRESS, WORD, gathering
from millpond.cluster.manifests.node_pod import RENDEZVOUS_PORT
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import StartAttempt
from millpond.settings import Settings
from support.builders import JOB, POOL, SPACE, a_job, a_pool, metadata
from support.restricted import complaints

SETTINGS = Settings(_env_file=None)
OWN = f"/mnt/batch/tasks/workitems/{JOB}/job-1/mpi"


def _pod(instance: int = 0, rendezvous: str = "10.1.2.3", coordination: str = "start 'a daemon'", **spec: Any) -> Any:
    settings = {"numberOfInstances": 3, "coordinationCommandLine": coordination}
    words = {"jobName": JOB, "commandLine": "mpirun solve", "multiInstanceSettings": settings} | spec
    task = Task.model_validate({"metadata": metadata("mpi"), "spec": words})
    start = StartAttempt(
        namespace=SPACE, pool=POOL, job=JOB, task="mpi", task_uid=task.metadata.uid, attempt=2,
        pod=f"mpi-2-m{instance}" if instance else "mpi-2", node="farm-aaaaa", host="host-1", slots=1,
        cpu_millis=2500, memory_bytes=2**30, instance=instance, instances=3, rendezvous=rendezvous,
    )  # fmt: skip
    return task_pod(start, task, a_job(), a_pool(), SETTINGS, "secret")


def _container(pod: Any) -> dict[str, Any]:
    (container,) = pod["spec"]["containers"]
    return dict(container)


def _options(pod: Any) -> dict[str, list[str]]:
    words = _container(pod)["command"]
    words = words[2 : words.index("--")]
    found: dict[str, list[str]] = {}
    for name, value in zip(words[::2], words[1::2], strict=True):
        found.setdefault(name, []).append(value)
    return found


def _variables(pod: Any) -> dict[str, Any]:
    return {one["name"]: one for one in _container(pod)["env"]}


@pytest.mark.parametrize(("instance", "role"), [(0, "task"), (1, "member"), (2, "member")])
def test_each_instance_knows_which_it_is(instance: int, role: str) -> None:
    pod = _pod(instance)
    tags = pod["metadata"]["labels"]
    assert (tags[labels.ROLE], tags[labels.INSTANCE], tags[labels.INSTANCES]) == (role, str(instance), "3")
    assert tags[labels.GATHERING] == gathering("secret")
    told = _options(pod)
    assert (told["--instance"], told["--instances"], told["--cores"]) == ([str(instance)], ["3"], ["2"])
    assert told["--rendezvous"] == [f"10.1.2.3:{RENDEZVOUS_PORT}"]
    assert told["--coordination"] == ["start", "a daemon"]
    assert _container(pod)["command"][-2:] == ["mpirun", "solve"]


@pytest.mark.parametrize(("instance", "own"), [(0, OWN), (2, f"{OWN}/2")])
def test_each_has_a_directory_and_all_share_one(instance: int, own: str) -> None:
    told = _options(_pod(instance))
    assert (told["--directory"], told["--working-directory"], told["--shared"]) == ([own], [f"{own}/wd"], [OWN])
    variables = _variables(_pod(instance))
    assert variables["AZ_BATCH_TASK_DIR"]["value"] == own
    assert variables["AZ_BATCH_TASK_SHARED_DIR"]["value"] == OWN
    assert variables["AZ_BATCH_IS_CURRENT_NODE_MASTER"]["value"] == ("false" if instance else "true")


def test_the_word_and_the_address_are_for_the_launcher() -> None:
    variables = _variables(_pod(1))
    assert variables[WORD]["value"] == "secret"
    assert variables[ADDRESS]["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert "secret" not in str(_pod(1)["metadata"])


def test_what_comes_from_the_rendezvous_cannot_be_set_by_a_user() -> None:
    pod = _pod(
        environmentSettings=[{"name": "AZ_BATCH_HOST_LIST", "value": "mine"}, {"name": "CCP_NODES", "value": ""}]
    )
    assert not {"AZ_BATCH_HOST_LIST", "CCP_NODES"} & set(_variables(pod))


def test_only_the_primary_has_the_token_of_its_job() -> None:
    asked = {"authenticationTokenSettings": {"access": ["Job"]}}
    assert "AZ_BATCH_AUTHENTICATION_TOKEN_FILE" in _variables(_pod(0, **asked))
    member = _pod(1, **asked)
    assert "AZ_BATCH_AUTHENTICATION_TOKEN_FILE" not in _variables(member)
    assert not [volume for volume in member["spec"]["volumes"] if "projected" in volume]


def test_a_rendezvous_by_ipv6() -> None:
    assert _options(_pod(rendezvous="fd00::7"))["--rendezvous"] == [f"[fd00::7]:{RENDEZVOUS_PORT}"]


def test_a_torn_coordination_command_is_refused() -> None:
    with pytest.raises(CommandLineError):
        _pod(coordination="echo 'open")


COMMON = {"httpUrl": "https://store.example/solver", "filePath": "solver", "fileMode": "0755"}
OWN_FILES = [{"httpUrl": "https://store.example/a", "filePath": "a"}, {"storageContainerUrl": "s3://in"}]


def _downloads(pod: Any) -> tuple[list[str], list[str]]:
    """Working directory and paths of the download; nothing without one."""
    for init in pod["spec"].get("initContainers", ()):
        words = init["command"]
        files = [json.loads(one["value"]) for one in init["env"]]
        return words[words.index("--working-directory") + 1 :][:1], [file.get("filePath", "") for file in files]
    return [], []


def test_own_files_are_the_primarys() -> None:
    assert _downloads(_pod(0, resourceFiles=OWN_FILES)) == ([f"{OWN}/wd"], ["a", ""])
    assert _downloads(_pod(1, resourceFiles=OWN_FILES)) == ([], [])


@pytest.mark.parametrize(("instance", "paths"), [(0, ["solver", "wd/a", "wd"]), (2, ["solver"])])
def test_common_files_are_for_all_in_the_shared_directory(instance: int, paths: list[str]) -> None:
    settings = {"numberOfInstances": 3, "coordinationCommandLine": "true", "commonResourceFiles": [COMMON]}
    pod = _pod(instance, multiInstanceSettings=settings, resourceFiles=OWN_FILES)
    assert _downloads(pod) == ([OWN], paths)


def test_it_gets_no_more_than_tasks_may_have() -> None:
    assert complaints(_pod(1)["spec"]) == ["volume node is a hostPath"]
