"""Objects for tests, as short sentences: a_task("frame-1", slots=2), a_task_pod("frame-1", ended(1)).

Every builder gives a complete, ordinary object; a test names only what it is about.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from millpond.api import labels, naming
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.times import format_time
from millpond.api.views.host import HostView
from millpond.api.views.pod import ContainerState, PodView
from millpond.api.views.task import TaskView
from millpond.cluster.manifests.auto_pool import auto_pool
from millpond.cluster.manifests.manager_task import manager_task

SPACE = "studio"
POOL = "farm"
JOB = "film"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
CLAIM = naming.host_claim(SPACE, POOL)


def at(seconds: float) -> str:
    """The time so many seconds after the tests' epoch."""
    return format_time(EPOCH + seconds)


def metadata(name: str, uid: str = "", version: int = 1, created: float = 0, **more: Any) -> dict[str, Any]:
    """Object metadata as the API server writes it."""
    meta = {
        "name": name,
        "namespace": SPACE,
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
        "generation": 1,
        "creationTimestamp": at(created),
    }
    return meta | more


ON_CLAIMS = {"image": "debian", "storage": {"type": "PersistentVolumeClaim", "size": "1Gi"}}
"""The template of nodes whose directories lie on claims."""


def a_pool(
    name: str = POOL, nodes: int = 1, slots: int = 1, version: int = 1, deleted: bool = False, **spec: Any
) -> Pool:
    """A Pool of that many nodes with that many slots each."""
    deletion = {"deletionTimestamp": at(0)} if deleted else {}
    return Pool.model_validate(
        {
            "metadata": metadata(name, version=version, finalizers=[labels.POOL_FINALIZER], **deletion),
            "spec": {
                "targetDedicatedNodes": nodes,
                "taskSlotsPerNode": slots,
                "nodeTemplate": {"image": "debian"},
                **spec,
            },
        }
    )


def an_auto_pool(name: str, job: Job, version: int = 1) -> Pool:
    """The Pool that was made for a job."""
    assert job.spec.auto_pool is not None
    made = auto_pool(job, job.spec.auto_pool, name)
    return Pool.model_validate(made | {"metadata": metadata(name, version=version) | made["metadata"]})


def a_job(
    name: str = JOB, pool: str = POOL, version: int = 1, created: float = 0, *, held: bool = True, **spec: Any
) -> Job:
    """A Job; fields of its spec by their public names. `held`: it has the job finalizer."""
    status = spec.pop("status", {})
    finalizers = ["example.com/own", *([labels.JOB_FINALIZER] if held else [])]
    meta = metadata(name, uid=spec.pop("uid", ""), version=version, created=created, finalizers=finalizers)
    named = {} if "autoPool" in spec else {"poolName": pool}
    return Job.model_validate({"metadata": meta, "spec": {**named, **spec}, "status": status})


def a_task(
    name: str,
    job: str = JOB,
    slots: int = 1,
    version: int = 1,
    uid: str = "",
    created: float = 0,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> TaskView:
    """A Task that waits, unless its status says more."""
    return msgspec.convert(
        {
            "metadata": metadata(name, uid, version, created),
            "spec": {"jobName": job, "commandLine": "true", "requiredSlots": slots, **spec},
            "status": status or {},
        },
        TaskView,
    )


def a_manager_task(job: Job, name: str, version: int, created: float) -> TaskView:
    """The Task of the job's manager, as the operator makes it."""
    made = manager_task(job, name)
    return msgspec.convert(
        {"metadata": metadata(name, f"uid-{name}-{version}", version, created), "spec": made["spec"]}, TaskView
    )


def a_host(
    name: str = "host-1", ready: str = "True", claim: str = "", since: float = 0, version: int = 1, **spec: Any
) -> HostView:
    """A Kubernetes Node of 8 cores and 16 GiB, claimed by a pool or not."""
    tags = {labels.HOST_LABEL: claim} if claim else {}
    return msgspec.convert(
        {
            "metadata": metadata(name, version=version, labels=tags) | {"namespace": ""},
            "spec": spec,
            "status": {
                "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": at(since)}],
                "allocatable": {"cpu": "8", "memory": "16Gi", "pods": "110"},
            },
        },
        HostView,
    )


def a_node(
    name: str = "farm-aaaaa",
    pool: str = POOL,
    version: int = 1,
    deleted: bool = False,
    node_class: str = "Dedicated",
    storage_type: str = "HostPath",
    **status: Any,
) -> ComputeNode:
    """A ComputeNode with the operator's finalizer."""
    deletion = {"deletionTimestamp": at(0)} if deleted else {}
    return ComputeNode.model_validate(
        {
            "metadata": metadata(name, version=version, finalizers=[labels.NODE_FINALIZER], **deletion),
            "spec": {"poolName": pool, "nodeClass": node_class, "storageType": storage_type},
            "status": status,
        }
    )


def a_node_pod(
    node: str = "farm-aaaaa",
    host: str | None = "host-1",
    agent: dict[str, Any] | None = None,
    cpu: str = "50m",
    start_task: dict[str, Any] | None = None,
    name: str = "",
    version: int = 1,
    uid: str = "",
    created: float = 0,
    deleted: bool = False,
    **status: Any,
) -> PodView:
    """A node Pod. `agent` and `start_task` are states of its containers, as the kubelet reports them."""
    tags = {labels.POOL: POOL, labels.NODE: node, labels.ROLE: "node"}
    inits = []
    if start_task is not None:
        tags[labels.START_TASK] = "true"
        inits = [{"name": "start-task", "state": start_task}]
    deletion = {"deletionTimestamp": at(0)} if deleted else {}
    containers = [{"name": "agent", "state": agent}] if agent is not None else []
    return msgspec.convert(
        {
            "metadata": metadata(name or node, uid, version, created, labels=tags, **deletion),
            "spec": {"nodeName": host, "containers": [{"name": "agent", "resources": {"requests": {"cpu": cpu}}}]},
            "status": {
                "phase": "Running" if agent else "Pending",
                **({"podIP": "10.0.0.1"} if agent else {}),
                "initContainerStatuses": inits,
                "containerStatuses": containers,
                **status,
            },
        },
        PodView,
    )


def an_eraser_pod(node: str, host: str, phase: str, name: str, uid: str, version: int, created: float) -> PodView:
    """A Pod that erases the directory of a node."""
    pod = a_node_pod(node, host, name=name, uid=uid, version=version, created=created, phase=phase)
    pod.metadata.labels[labels.ROLE] = labels.Role.ERASER.value
    return pod


def a_task_pod(
    task: str,
    state: dict[str, Any] | None = None,
    *,
    attempt: int = 1,
    node: str = "farm-aaaaa",
    host: str | None = "host-1",
    job: str = JOB,
    pool: str = POOL,
    slots: int = 1,
    cpu: str = "8000m",
    memory: str = "17179869184",
    task_uid: str = "",
    uid: str = "",
    version: int = 1,
    created: float = 0,
    released: bool = False,
    deleted: bool = False,
    devices: dict[str, str] | None = None,
    marks: tuple[bool, bool] = (False, False),
    part: tuple[int, int] = (0, 0),
    task_id: str = "",
    **status: Any,
) -> PodView:
    """The Pod of a task's attempt; `state` is its container's, see running(), waiting() and ended().

    `marks`: whether it is a manager's, and alone on its node. `part`: which instance, of how many.
    """
    name = naming.member_pod(task, attempt, part[0])
    tags = {
        labels.POOL: pool,
        labels.JOB: job,
        labels.TASK: task,
        labels.ATTEMPT: str(attempt),
        labels.NODE: node,
        **_part_of(part, manages=marks[0]),
        labels.SLOTS: str(slots),
        **({labels.COUNTED: "true"} if released else {}) | ({labels.EXCLUSIVE: "true"} if marks[1] else {}),
        **({labels.TASK_ID: naming.label_value(task_id)} if task_id not in ("", task) else {}),
    }
    more: dict[str, Any] = {
        "labels": tags,
        "finalizers": [] if released else [labels.EVIDENCE_FINALIZER],
        "ownerReferences": [{"kind": "Task", "name": task, "uid": task_uid or f"uid-{task}"}],
    }
    if deleted:
        more["deletionTimestamp"] = at(0)
    requests = {"cpu": cpu, "memory": memory, **(devices or {})}
    return msgspec.convert(
        {
            "metadata": metadata(name, uid, version, created, **more),
            "spec": {"nodeName": host, "containers": [{"name": "task", "resources": {"requests": requests}}]},
            "status": {
                "phase": phase_of(state),
                "containerStatuses": [{"name": "task", "state": state}] if state else [],
                **status,
            },
        },
        PodView,
    )


def _part_of(part: tuple[int, int], *, manages: bool) -> dict[str, str]:
    instance, instances = part
    role = {labels.ROLE: "member" if instance else "manager" if manages else "task"}
    return role | ({labels.INSTANCE: str(instance), labels.INSTANCES: str(instances)} if instances else {})


def a_job_pod(
    name: str,
    state: dict[str, Any] | None = None,
    *,
    role: str = "prep",
    job: str = JOB,
    node: str = "farm-aaaaa",
    host: str | None = "host-1",
    job_uid: str = "",
    uid: str = "",
    version: int = 1,
    created: float = 0,
    released: bool = False,
    **status: Any,
) -> PodView:
    """The Pod of a job's preparation (role prep) or release (role release) task on a node."""
    tags = {labels.POOL: POOL, labels.JOB: job, labels.NODE: node, labels.ROLE: role}
    more: dict[str, Any] = {
        "labels": tags | ({labels.COUNTED: "true"} if released else {}),
        "finalizers": [] if released else [labels.EVIDENCE_FINALIZER],
        "ownerReferences": [{"kind": "Job", "name": job, "uid": job_uid or f"uid-{job}"}],
    }
    return msgspec.convert(
        {
            "metadata": metadata(name, uid, version, created, **more),
            "spec": {"nodeName": host, "containers": [{"name": "task"}]},
            "status": {
                "phase": phase_of(state),
                "containerStatuses": [{"name": "task", "state": state}] if state else [],
                **status,
            },
        },
        PodView,
    )


def phase_of(state: dict[str, Any] | None) -> str:
    """The phase of a Pod whose only container is in this state."""
    if state is None or "waiting" in state:
        return "Pending"
    if "running" in state:
        return "Running"
    return "Succeeded" if state["terminated"]["exitCode"] == 0 else "Failed"


def waiting(reason: str = "ContainerCreating", message: str = "") -> dict[str, Any]:
    """A container that has not started."""
    return {"waiting": {"reason": reason, "message": message}}


def running(since: float = 0) -> dict[str, Any]:
    """A container that runs."""
    return {"running": {"startedAt": at(since)}}


def ended(code: int = 0, reason: str = "", message: str = "", begin: float = 1, end: float = 2) -> dict[str, Any]:
    """A container that ended; `message` is its termination message, see record()."""
    reason = reason or ("Completed" if code == 0 else "Error")
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "message": message,
            "startedAt": at(begin),
            "finishedAt": at(end),
        }
    }


def record(cause: str = "Exited", code: int = 0, **more: Any) -> str:
    """The launcher's record, as it stands in a termination message."""
    return json.dumps({"cause": cause, "exitCode": code, **more})


def exited(code: int = 0, cause: str = "Exited", reason: str = "", **more: Any) -> dict[str, Any]:
    """A container whose launcher left a record."""
    return ended(code, reason, record(cause, code, **more))


def state_of(state: dict[str, Any]) -> ContainerState:
    """A container's state as judgement sees it."""
    return msgspec.convert(state, ContainerState)
