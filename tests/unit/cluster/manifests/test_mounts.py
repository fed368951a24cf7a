"""What Pods mount beside the node directory."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api import labels
from millpond.api.labels import Role
from millpond.api.mounts import CertificateVisibility
from millpond.api.pool import Pool
from millpond.api.task import Task
from millpond.cluster.manifests.job_pod import job_pod
from millpond.cluster.manifests.mounts import Mounts, certificates, certificates_directory, file_systems
from millpond.cluster.manifests.node_pod import node_pod
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import CreateNodePod, StartAttempt, StartJobTask
from millpond.settings import Settings
from support.builders import JOB, ON_CLAIMS, POOL, SPACE, a_job, a_pool, metadata
from support.restricted import complaints

SETTINGS = Settings(_env_file=None, task_gid=5678)
NFS = {"relativeMountPath": "data/in", "readOnly": True, "nfs": {"server": "nfs.example", "path": "/exports"}}
CLAIM = {"relativeMountPath": "out", "persistentVolumeClaim": {"claimName": "results"}}
CSI = {"relativeMountPath": "s", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "x"}}}
BELOW = "/mnt/batch/tasks/fsmounts"
CERTIFICATES = [
    {"secretName": "both"},
    {"secretName": "start", "visibility": ["StartTask"]},
    {"secretName": "task", "visibility": ["Task"]},
]


def pool_with(*volumes: dict[str, Any], **spec: Any) -> Pool:
    return a_pool(nodeTemplate={"image": "debian", "volumes": list(volumes)}, **spec)


def pods(pool: Pool) -> dict[str, dict[str, Any]]:
    """A Pod of each role."""
    create = CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa")
    job = a_job(jobPreparationTask={"commandLine": "prepare"})
    where: dict[str, Any] = {"namespace": SPACE, "pool": POOL, "job": JOB, "node": "farm-aaaaa", "host": "host-1"}
    task = Task.model_validate({"metadata": metadata("t"), "spec": {"jobName": JOB, "commandLine": "true"}})
    start = StartAttempt(task="t", task_uid="u", attempt=1, pod="t-1", slots=1, cpu_millis=1, memory_bytes=1, **where)
    preparation = job.spec.job_preparation_task
    assert preparation is not None
    prepare = StartJobTask(role=Role.PREPARATION, job_uid="u", pod="p", **where)
    return {
        "node": node_pod(create, "uid-node", pool, SETTINGS),
        "task": task_pod(start, task, job, pool, SETTINGS),
        "prep": job_pod(prepare, preparation, job, pool, SETTINGS),
    }


def container(pod: dict[str, Any], name: str) -> dict[str, Any]:
    spec = pod["spec"]
    return dict(next(one for one in [*spec["containers"], *spec.get("initContainers", ())] if one["name"] == name))


def seen(pod: dict[str, Any], name: str) -> dict[str, bool]:
    """Where a container of the Pod sees what users named, and whether read-only; each place has its volume."""
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    mounts = container(pod, name)["volumeMounts"]
    assert {mount["name"] for mount in mounts} <= volumes
    named = [mount for mount in mounts if mount["name"].startswith(("mount-", "certificate-"))]
    return {mount["mountPath"]: mount["readOnly"] for mount in named}


@pytest.mark.parametrize(
    ("volume", "source"),
    [
        (NFS, {"nfs": {"server": "nfs.example", "path": "/exports", "readOnly": True}}),
        (CLAIM, {"persistentVolumeClaim": {"claimName": "results", "readOnly": False}}),
        (
            CSI,
            {"csi": {"driver": "d", "volumeAttributes": {}, "nodePublishSecretRef": {"name": "x"}, "readOnly": False}},
        ),
    ],
    ids=["nfs", "claim", "csi"],
)
def test_each_kind_is_the_kubelet_s_own(volume: dict[str, Any], source: dict[str, Any]) -> None:
    assert file_systems(pool_with(volume).spec).volumes == ({"name": "mount-0"} | source,)


def test_all_commands_find_mounts_where_the_variable_says_and_the_agent_only_reads() -> None:
    made = pods(pool_with(NFS, CLAIM, startTask={"commandLine": "prepare"}))
    places = {f"{BELOW}/data/in": True, f"{BELOW}/out": False}
    for pod, name in (("node", "start-task"), ("task", "task"), ("prep", "task")):
        assert seen(made[pod], name) == places
        variables = {variable["name"]: variable.get("value") for variable in container(made[pod], name)["env"]}
        assert variables["AZ_BATCH_NODE_MOUNTS_DIR"] == BELOW
        assert made[pod]["metadata"]["labels"][labels.MOUNTS] == "true"
    assert seen(made["node"], "agent") == dict.fromkeys(places, True), "so it waits for them, and shows them"
    assert seen(made["node"], "layout") == {}


def test_volumes_are_given_to_the_group_of_all_tasks() -> None:
    assert pods(pool_with(CLAIM))["node"]["spec"]["securityContext"]["fsGroup"] == 5678
    assert "fsGroup" not in pods(a_pool())["node"]["spec"]["securityContext"]
    assert "fsGroup" not in pods(pool_with(CLAIM))["task"]["spec"]["securityContext"], "a second one would fail"


def test_certificates_are_shown_by_visibility_and_never_writable() -> None:
    made = pods(a_pool(certificateReferences=CERTIFICATES, startTask={"commandLine": "prepare"}))
    at = "/mnt/batch/certificates"
    assert seen(made["node"], "start-task") == {f"{at}/both": True, f"{at}/start": True}
    for pod in ("task", "prep"):
        assert seen(made[pod], "task") == {f"{at}/both": True, f"{at}/task": True}
        variables = {variable["name"]: variable.get("value") for variable in container(made[pod], "task")["env"]}
        assert variables["AZ_BATCH_CERTIFICATES_DIR"] == at
    assert seen(made["node"], "agent") == {}
    assert not {"start", "task"} & {s["secret"]["secretName"] for s in pods_secrets(pods(a_pool())["node"])}


def pods_secrets(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [volume for volume in pod["spec"]["volumes"] if "secret" in volume]


def test_a_node_without_a_start_task_mounts_no_certificate() -> None:
    assert pods_secrets(pods(a_pool(certificateReferences=CERTIFICATES))["node"]) == []


def test_where_nothing_is_visible_there_is_no_directory() -> None:
    spec = a_pool(certificateReferences=[{"secretName": "a", "visibility": ["Task"]}]).spec
    assert certificates_directory(certificates(spec, CertificateVisibility.START_TASK)) == ""
    assert (Mounts().labels, certificates_directory(Mounts())) == ({}, "")


def test_on_claims_all_stays_restricted() -> None:
    template = ON_CLAIMS | {"volumes": [CLAIM, CSI]}
    pool = a_pool(nodeTemplate=template, certificateReferences=CERTIFICATES, startTask={"commandLine": "prepare"})
    assert [text for pod in pods(pool).values() for text in complaints(pod["spec"])] == []
