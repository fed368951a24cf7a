"""The sidecar that uploads output files: only where there are some, with what it needs and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from millpond.api import labels
from millpond.api.filepattern import FilePatternError
from millpond.api.task import Task
from millpond.cluster.manifests.credentials import CREDENTIALS
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import StartAttempt
from millpond.settings import Settings
from support.builders import JOB, POOL, SPACE, a_job, a_pool, metadata
from support.expansion import expand
from support.restricted import complaints

SETTINGS = Settings(_env_file=None, task_uid=1234, task_grace=30, upload_limit=100)
RESULTS = {"containerUrl": "s3://results"}


def pod(*outputs: dict[str, Any], **spec: Any) -> dict[str, Any]:
    written = {"jobName": JOB, "commandLine": "true", "outputFiles": list(outputs), **spec}
    task = Task.model_validate({"metadata": metadata("frame"), "spec": written})
    start = StartAttempt(
        namespace=SPACE, pool=POOL, job=JOB, task="frame", task_uid="u", attempt=2, pod="frame-2", node="farm-aaaaa",
        host="host-1", slots=1, cpu_millis=1500, memory_bytes=2**30,
    )  # fmt: skip
    return task_pod(start, task, a_job(), a_pool(), SETTINGS)


def output(pattern: str = "*", **destination: Any) -> dict[str, Any]:
    return {"filePattern": pattern, "destination": RESULTS | destination}


def environment(container: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: expand(each["value"], {}) for each in container["env"] if "value" in each}


def test_a_task_without_output_files_pays_nothing() -> None:
    plain = pod()
    assert "initContainers" not in plain["spec"]
    assert plain["spec"]["terminationGracePeriodSeconds"] == 35
    assert "--name" not in plain["spec"]["containers"][0]["command"]


def test_the_sidecar_waits_for_the_end_and_has_its_time_after_the_task_s() -> None:
    made = pod(output("a.png"), output("b"))
    (sidecar,) = made["spec"]["initContainers"]
    assert sidecar["restartPolicy"] == "Always"
    assert sidecar["command"][:6] == ["launcher", "defer", "--", "millpond", "agent", "upload"]
    options = dict(zip(sidecar["command"][6::2], sidecar["command"][7::2], strict=True))
    assert options == {
        "--root": "/mnt/batch/tasks",
        "--directory": f"workitems/{JOB}/job-1/frame",
        "--run": "frame-2",
        "--limit": "100",
        "--credentials": CREDENTIALS,
    }
    assert made["spec"]["terminationGracePeriodSeconds"] == 30 + 5 + 100
    command = made["spec"]["containers"][0]["command"]
    assert command[command.index("--name") + 1] == "frame-2"


def test_output_files_arrive_as_written() -> None:
    odd = output("[$]a/$(AZ_BATCH_TASK_ID)é", path="x")
    (sidecar,) = pod(odd)["spec"]["initContainers"]
    (document,) = [text for name, text in environment(sidecar).items() if name.startswith("MILLPOND_OUTPUT_FILE_")]
    assert json.loads(document) == {
        **odd,
        "destination": {**odd["destination"], "uploadHeaders": []},
        "uploadCondition": "TaskCompletion",
    }


def test_the_sidecar_may_no_more_than_the_task() -> None:
    made = pod(output(credentialsSecretName="store"), userIdentity={"autoUser": {"scope": "Task"}})
    (sidecar,), (task,) = made["spec"]["initContainers"], made["spec"]["containers"]
    assert sidecar["securityContext"] == task["securityContext"] | {"readOnlyRootFilesystem": True}
    assert complaints(made["spec"]) == ["volume node is a hostPath"]


def test_secrets_are_the_sidecar_s_alone() -> None:
    made = pod(
        output(credentialsSecretName="store"),
        output(credentialsSecretName="store"),
        {"filePattern": "x", "destination": {"autoStorageContainerName": "results"}},
        authenticationTokenSettings={"access": ["Job"]},
    )
    (sidecar,), (task,) = made["spec"]["initContainers"], made["spec"]["containers"]
    volumes = {
        volume["secret"]["secretName"]: volume["name"] for volume in made["spec"]["volumes"] if "secret" in volume
    }
    assert set(volumes) == {"store", "millpond-store"}
    mounts = {mount["name"]: mount["mountPath"] for mount in sidecar["volumeMounts"]}
    assert {mounts[name] for name in volumes.values()} == {f"{CREDENTIALS}/store", f"{CREDENTIALS}/millpond-store"}
    assert not set(volumes.values()) & {mount["name"] for mount in task["volumeMounts"]}
    assert "job-token" not in mounts


def test_the_sidecar_asks_for_no_room() -> None:
    (sidecar,) = pod(output())["spec"]["initContainers"]
    assert sidecar["resources"] == {"requests": {"cpu": "0", "memory": "0"}}


SETTING = [
    {"name": "WHERE", "value": "a$b"},
    {"name": "OTHER", "value": "x"},
    {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
]


def test_patterns_arrive_with_values_for_their_variables() -> None:
    made = pod(output("$WHERE/$AZ_BATCH_TASK_ID/*"), output("${OTHER}.txt"), environmentSettings=SETTING)
    (sidecar,) = made["spec"]["initContainers"]
    documents = [json.loads(text) for text in environment(sidecar).values()]
    assert [document["filePattern"] for document in documents] == ["a$b/frame/*", "x.txt"]
    assert len(sidecar["env"]) == 2


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("/etc/passwd", "leaves the node directory"),
        ("$OUT/x", "names the variable 'OUT'"),
        ("*/../x", "'..' after a wildcard"),
        ("${ROOT}/*", "leaves the node directory"),
        ("[z-a]", "the range z-a"),
    ],
)
def test_a_pattern_that_means_no_file_is_refused_before_the_task_runs(pattern: str, why: str) -> None:
    with pytest.raises(FilePatternError, match=why):
        pod(output(pattern), environmentSettings=[{"name": "ROOT", "value": "/etc"}])


def test_a_secret_s_value_is_no_part_of_a_pattern() -> None:
    with pytest.raises(FilePatternError, match="names the variable 'KEY', whose value, as that of a Secret"):
        pod(output("$KEY/x"), environmentSettings=SETTING)


def test_a_task_does_not_begin_without_the_secrets_of_its_uploads() -> None:
    made = pod(output(credentialsSecretName="results"), resourceFiles=[{"autoStorageContainerName": "in"}])
    found = {v["secret"]["secretName"]: v["secret"]["optional"] for v in made["spec"]["volumes"] if "secret" in v}
    assert found == {"results": False, "millpond-store": True}
    assert made["metadata"]["labels"][labels.MOUNTS] == "true"
    assert labels.MOUNTS not in pod(output())["metadata"]["labels"]
