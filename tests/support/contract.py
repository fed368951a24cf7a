"""What Millpond relies on of an API server, as cases that any `ApiServer` must pass: the real one, and the model of it.

Each case gets a namespace of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from millpond.cluster.api_server import HOSTS, PODS, POOLS, TASKS, ApiServer, Selection
from millpond.cluster.errors import (
    AlreadyExistsError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RejectedError,
)

from support.model.store import Document

Case = Callable[[ApiServer, str], Awaitable[None]]
CASES: list[Case] = []
FINALIZER = "millpond.dev/contract"


def case(function: Case) -> Case:
    CASES.append(function)
    return function


def task(name: str, job: str = "j", **metadata: Any) -> Document:
    return {
        "apiVersion": "millpond.dev/v1alpha1",
        "kind": "Task",
        "metadata": {"name": name, **metadata},
        "spec": {"jobName": job, "commandLine": "true"},
    }


def pod(name: str, host: str | None = None, **metadata: Any) -> Document:
    container = {"name": "task", "image": "busybox", "resources": {"requests": {"cpu": "100m"}}}
    spec: Document = {"containers": [container], "terminationGracePeriodSeconds": 30}
    if host:
        spec["nodeName"] = host
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}


async def read(api: ApiServer, resource: Any, space: str, name: str) -> Document:
    found: Document = msgspec.json.decode(await api.get(resource, space, name))
    return found


# Creating and reading


@case
async def creates_and_reads(api: ApiServer, space: str) -> None:
    made = await api.create(TASKS, space, task("t1", labels={"a": "b"}))
    found = await read(api, TASKS, space, "t1")
    assert (made.name, made.namespace, made.uid) == ("t1", space, found["metadata"]["uid"])
    assert made.resource_version == found["metadata"]["resourceVersion"]
    assert found["metadata"]["generation"] == 1
    assert found["metadata"]["creationTimestamp"].endswith("Z")


@case
async def a_name_is_taken_once(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1"))
    with pytest.raises(AlreadyExistsError):
        await api.create(TASKS, space, task("t1"))


@case
async def names_are_generated(api: ApiServer, space: str) -> None:
    document = task("")
    document["metadata"] = {"generateName": "made-"}
    first, second = await api.create(TASKS, space, document), await api.create(TASKS, space, document)
    assert first.name.startswith("made-")
    assert len(first.name) == len("made-") + 5
    assert first.name != second.name


@case
async def what_is_not_there_is_not_found(api: ApiServer, space: str) -> None:
    with pytest.raises(NotFoundError):
        await api.get(TASKS, space, "none")
    with pytest.raises(NotFoundError):
        await api.merge_patch(TASKS, space, "none", {"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(NotFoundError):
        await api.delete(TASKS, space, "none")


@case
async def status_is_not_created(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1") | {"status": {"state": "Running"}})
    assert "state" not in (await read(api, TASKS, space, "t1")).get("status", {})


# Patching


@case
async def a_stale_version_is_a_conflict(api: ApiServer, space: str) -> None:
    made = await api.create(TASKS, space, task("t1"))
    patch = {"metadata": {"resourceVersion": made.resource_version}, "status": {"state": "Active"}}
    await api.merge_patch(TASKS, space, "t1", patch, "status")
    with pytest.raises(ConflictError):
        await api.merge_patch(TASKS, space, "t1", patch | {"status": {"state": "Running"}}, "status")


@case
async def status_and_spec_are_apart(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1"))
    await api.merge_patch(TASKS, space, "t1", {"status": {"state": "Running"}})
    await api.merge_patch(TASKS, space, "t1", {"spec": {"desiredState": "Terminated"}}, "status")
    found = await read(api, TASKS, space, "t1")
    assert "state" not in found.get("status", {})
    assert found["spec"].get("desiredState", "Active") == "Active"
    assert found["metadata"]["generation"] == 1


@case
async def only_the_spec_moves_the_generation(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1"))
    await api.merge_patch(TASKS, space, "t1", {"status": {"state": "Active"}}, "status")
    await api.merge_patch(TASKS, space, "t1", {"metadata": {"labels": {"a": "b"}}})
    assert (await read(api, TASKS, space, "t1"))["metadata"]["generation"] == 1
    await api.merge_patch(TASKS, space, "t1", {"spec": {"desiredState": "Terminated"}})
    assert (await read(api, TASKS, space, "t1"))["metadata"]["generation"] == 2


@case
async def a_patch_without_effect_moves_nothing(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1"))
    patch = {"status": {"state": "Active", "retryCount": 1}}
    first = await api.merge_patch(TASKS, space, "t1", patch, "status")
    second = await api.merge_patch(TASKS, space, "t1", patch, "status")
    assert first.resource_version == second.resource_version


@case
async def none_removes(api: ApiServer, space: str) -> None:
    await api.create(TASKS, space, task("t1", labels={"a": "b", "c": "d"}))
    await api.merge_patch(TASKS, space, "t1", {"status": {"state": "Active", "nodeName": "n"}}, "status")
    await api.merge_patch(TASKS, space, "t1", {"status": {"nodeName": None, "podName": None}}, "status")
    await api.merge_patch(TASKS, space, "t1", {"metadata": {"labels": {"a": None}}})
    found = await read(api, TASKS, space, "t1")
    assert "nodeName" not in found["status"]
    assert found["metadata"]["labels"] == {"c": "d"}


@case
async def a_status_patch_takes_a_wrong_uid(api: ApiServer, space: str) -> None:
    """Hence only resourceVersion protects a namesake."""
    made = await api.create(TASKS, space, task("t1"))
    await api.merge_patch(TASKS, space, "t1", {"metadata": {"uid": "wrong"}, "status": {"state": "Active"}}, "status")
    found = await read(api, TASKS, space, "t1")
    assert (found["status"]["state"], found["metadata"]["uid"]) == ("Active", made.uid)


@case
async def json_patches_test_first(api: ApiServer, space: str) -> None:
    made = await api.create(PODS, space, pod("p1", finalizers=[FINALIZER]))
    test = {"op": "test", "path": "/metadata/uid", "value": made.uid}
    label = {"op": "add", "path": "/metadata/labels", "value": {"millpond.dev/counted": "true"}}
    await api.json_patch(PODS, space, "p1", [test, label, {"op": "remove", "path": "/metadata/finalizers/0"}])
    found = await read(api, PODS, space, "p1")
    assert found["metadata"]["labels"] == {"millpond.dev/counted": "true"}
    assert "finalizers" not in found["metadata"]
    with pytest.raises((InvalidError, ConflictError)):
        await api.json_patch(PODS, space, "p1", [test | {"value": "wrong"}, label])
    with pytest.raises(RejectedError):
        await api.json_patch(PODS, space, "p1", [{"op": "remove", "path": "/metadata/finalizers/0"}])


@case
async def json_patches_reach_into_slashed_names(api: ApiServer, space: str) -> None:
    await api.create(PODS, space, pod("p1", labels={"millpond.dev/pool": "a"}))
    path = "/metadata/labels/millpond.dev~1pool"
    test, replace = {"op": "test", "path": path, "value": "a"}, {"op": "replace", "path": path, "value": "b"}
    await api.json_patch(PODS, space, "p1", [test, replace])
    assert (await read(api, PODS, space, "p1"))["metadata"]["labels"] == {"millpond.dev/pool": "b"}


@case
async def a_pod_is_resized_in_place(api: ApiServer, space: str) -> None:
    host = f"host-of-{space}"
    await api.create(PODS, space, pod("p1", host))
    smaller = {"requests": {"cpu": "20m"}}
    path = "/spec/containers/0"
    operations = [
        {"op": "test", "path": f"{path}/name", "value": "task"},
        {"op": "replace", "path": f"{path}/resources", "value": smaller},
    ]
    with pytest.raises(ForbiddenError):
        await api.json_patch(PODS, space, "p1", operations, "resize")
    await api.create(HOSTS, None, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": host}})
    room = {"cpu": "1", "memory": "1Gi", "pods": "10"}
    await api.merge_patch(HOSTS, None, host, {"status": {"allocatable": room, "capacity": room}}, "status")
    await api.json_patch(PODS, space, "p1", operations, "resize")
    found = await read(api, PODS, space, "p1")
    assert found["spec"]["containers"][0]["resources"] == smaller
    assert found["metadata"]["generation"] == 2
    with pytest.raises(RejectedError):
        await api.json_patch(PODS, space, "p1", [{"op": "replace", "path": f"{path}/resources", "value": {}}])


@case
async def a_pod_starts_pending(api: ApiServer, space: str) -> None:
    await api.create(PODS, space, pod("p1"))
    found = await read(api, PODS, space, "p1")
    assert found["status"]["phase"] == "Pending"
    assert found["spec"]["restartPolicy"] == "Always"


@case
async def limits_alone_become_requests(api: ApiServer, space: str) -> None:
    document = pod("p1")
    document["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}}
    await api.create(PODS, space, document)
    found = await read(api, PODS, space, "p1")
    assert found["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1", "memory": "1Gi"}


# Deleting


@case
async def deletes_by_uid(api: ApiServer, space: str) -> None:
    made = await api.create(TASKS, space, task("t1"))
    with pytest.raises(ConflictError):
        await api.delete(TASKS, space, "t1", uid="00000000-0000-4000-8000-000000000000")
    await api.delete(TASKS, space, "t1", uid=made.uid)
    with pytest.raises(NotFoundError):
        await api.get(TASKS, space, "t1")


@case
async def finalizers_hold(api: ApiServer, space: str) -> None:
    await api.create(POOLS, space, pool("p1", finalizers=[FINALIZER]))
    await api.delete(POOLS, space, "p1")
    marked = await read(api, POOLS, space, "p1")
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert marked["metadata"]["generation"] == 2
    with pytest.raises(InvalidError):
        await api.merge_patch(POOLS, space, "p1", {"metadata": {"finalizers": [FINALIZER, "millpond.dev/late"]}})
    await api.delete(POOLS, space, "p1")
    await api.merge_patch(POOLS, space, "p1", {"metadata": {"finalizers": []}})
    with pytest.raises(NotFoundError):
        await api.get(POOLS, space, "p1")


def pool(name: str, **metadata: Any) -> Document:
    spec = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "busybox"}}
    return {
        "apiVersion": "millpond.dev/v1alpha1",
        "kind": "Pool",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


@case
async def a_pod_without_host_goes_at_once(api: ApiServer, space: str) -> None:
    await api.create(PODS, space, pod("p1"))
    await api.delete(PODS, space, "p1")
    with pytest.raises(NotFoundError):
        await api.get(PODS, space, "p1")


@case
async def a_bound_pod_has_grace(api: ApiServer, space: str) -> None:
    made = await api.create(PODS, space, pod("p1", "h1", finalizers=[FINALIZER]))
    await api.delete(PODS, space, "p1", uid=made.uid)
    marked = (await read(api, PODS, space, "p1"))["metadata"]
    assert (marked["deletionGracePeriodSeconds"], "deletionTimestamp" in marked) == (30, True)
    await api.delete(PODS, space, "p1", grace=5)
    assert (await read(api, PODS, space, "p1"))["metadata"]["deletionGracePeriodSeconds"] == 5
    await api.delete(PODS, space, "p1")
    assert (await read(api, PODS, space, "p1"))["metadata"]["deletionGracePeriodSeconds"] == 5
    await api.merge_patch(PODS, space, "p1", {"metadata": {"finalizers": None}})
    assert await api.get(PODS, space, "p1")
    await api.delete(PODS, space, "p1", grace=0)
    with pytest.raises(NotFoundError):
        await api.get(PODS, space, "p1")


@case
async def evidence_survives_a_forced_delete(api: ApiServer, space: str) -> None:
    await api.create(PODS, space, pod("p1", "h1", finalizers=[FINALIZER]))
    await api.merge_patch(PODS, space, "p1", {"status": {"phase": "Succeeded"}}, "status")
    await api.delete(PODS, space, "p1", grace=0)
    kept = await read(api, PODS, space, "p1")
    assert (kept["status"]["phase"], kept["metadata"]["deletionGracePeriodSeconds"]) == ("Succeeded", 0)
    await api.merge_patch(PODS, space, "p1", {"metadata": {"finalizers": None}})
    with pytest.raises(NotFoundError):
        await api.get(PODS, space, "p1")


@case
async def collections_go_by_pages(api: ApiServer, space: str) -> None:
    for number in range(5):
        await api.create(TASKS, space, task(f"t{number}", "a" if number < 4 else "b"))
    only_a = Selection(fields="spec.jobName=a")
    assert await api.delete_collection(TASKS, space, only_a, limit=3) == 3
    assert len((await api.list_page(TASKS, space)).items) == 2
    assert await api.delete_collection(TASKS, space, only_a, limit=3) == 1
    assert await api.delete_collection(TASKS, space, only_a, limit=3) == 0
    assert len((await api.list_page(TASKS, space)).items) == 1
