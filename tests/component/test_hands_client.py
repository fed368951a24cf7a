"""Events, client, informer and lease on a real API server."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest
from millpond.api.views.event import EventView
from millpond.api.views.task import TaskView
from millpond.cluster.api_server import COMPUTE_NODES, EVENTS, HOSTS, JOBS, LEASES, PODS, POOLS, TASKS, Selection
from millpond.cluster.client import Client
from millpond.cluster.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    LeadershipLostError,
    NotFoundError,
)
from millpond.cluster.hindrances import about_pod
from millpond.cluster.informer import Gone, Informer, Listener
from millpond.cluster.kubeconfig import connect
from millpond.cluster.lease import LeaderLease, LeaseTimes
from millpond.control.actions import Event
from millpond.lifecycle.hindrance import last_warning
from support.apiserver import ApiServer
from support.hands import Hands, a_task, document


async def test_events_are_published(hands: Hands) -> None:
    task = a_task(hands)
    document = hands.events._document(
        hands.space, "Task", "one", task["metadata"]["uid"], Event("TaskFailed", "ü" * 2000, "Warning")
    )
    await hands.api.create(EVENTS, hands.space, document)
    (event,) = hands.get("events")["items"]
    assert event["involvedObject"]["uid"] == task["metadata"]["uid"]
    assert event["reason"] == "TaskFailed"


async def test_events_of_one_pod_are_found_as_a_kubelet_writes_them(hands: Hands) -> None:
    for uid in ("mine", "another"):
        about = {"apiVersion": "v1", "kind": "Pod", "name": "one-1", "namespace": hands.space, "uid": uid}
        times = {"firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:01:00Z", "count": 7}
        event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"one-1.{uid}"}, "involvedObject": about}
        hands.apply(event | times | {"type": "Warning", "reason": "FailedMount", "message": "no Secret"})
    page = await hands.api.list_page(EVENTS, hands.space, about_pod("mine"))
    (found,) = [msgspec.json.decode(item, type=EventView) for item in page.items]
    assert (found.metadata.name, found.last) == ("one-1.mine", "2026-01-01T00:01:00Z")
    assert last_warning([found]) == "FailedMount: no Secret."


async def test_client_speaks_the_servers_language(hands: Hands) -> None:
    api, space = hands.api, hands.space
    with pytest.raises(NotFoundError):
        await api.get(PODS, space, "none")
    with pytest.raises(InvalidError, match="jobName"):
        await api.create(TASKS, space, document("Task", "bad", {"commandLine": "true"}))
    a_task(hands)
    with pytest.raises(AlreadyExistsError):
        await api.create(TASKS, space, document("Task", "one", {"jobName": "frames", "commandLine": "true"}))
    with pytest.raises(ConflictError):
        await api.merge_patch(TASKS, space, "one", {"metadata": {"resourceVersion": "1"}, "status": {}}, "status")
    with pytest.raises(ConflictError):
        await api.delete(TASKS, space, "one", uid="another")
    with pytest.raises(InvalidError):
        await api.json_patch(TASKS, space, "one", [{"op": "test", "path": "/metadata/uid", "value": "another"}])


async def test_pages_of_a_list(hands: Hands) -> None:
    for number in range(5):
        a_task(hands, f"t{number}")
    selection, names, token = Selection(fields="spec.jobName=frames"), [], ""
    while True:
        page = await hands.api.list_page(TASKS, hands.space, selection, limit=2, token=token)
        names += [json.loads(bytes(item))["metadata"]["name"] for item in page.items]
        token = page.next
        if not token:
            break
    assert names == [f"t{number}" for number in range(5)]
    assert (await hands.api.list_page(HOSTS, None, Selection(labels="no=such"))).items == []
    for resource in (JOBS, POOLS, COMPUTE_NODES):
        await hands.api.list_page(resource, None)


async def test_informer_follows_a_real_watch(hands: Hands) -> None:
    a_task(hands, "before")
    seen: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    listener = Listener[TaskView](
        lambda view: seen.put_nowait(("seen", view.metadata.name)),
        lambda gone: seen.put_nowait(("gone", f"{gone.name} of {gone.group}")) if isinstance(gone, Gone) else None,
        lambda meta, why: seen.put_nowait(("invalid", f"{meta.name} {why}")),
        lambda view: view.spec.job_name,
    )
    informer = Informer(hands.api, TASKS, TaskView, listener, namespace=hands.space)
    running = asyncio.create_task(informer.run())
    try:
        async with asyncio.timeout(20):
            assert await seen.get() == ("seen", "before")
            await informer.synced.wait()
            a_task(hands, "after")
            assert await seen.get() == ("seen", "after")
            hands.server.done("delete", "task", "before", "-n", hands.space)
            assert await seen.get() == ("gone", "before of frames")
    finally:
        running.cancel()
        await asyncio.wait([running])  # its connection is closed while there is a loop to close it


async def test_lease_is_taken_once_and_fences_writes(hands: Hands, server: ApiServer) -> None:
    times = LeaseTimes(duration=3, renew_deadline=2, retry=0.2)
    one, two = (LeaderLease(hands.api, hands.space, "leader", name, times) for name in ("one", "two"))
    async with asyncio.timeout(20):
        await one.acquire()
        waiting = asyncio.create_task(two.acquire())
        holding = asyncio.create_task(one.hold())
        await asyncio.sleep(1)
        assert one.held_safely()
        assert not two.held_safely()
        assert hands.get("lease", "leader")["spec"]["holderIdentity"] == "one"
        async with Client(connect(str(server.kubeconfig)), fence=two.fence) as fenced:
            with pytest.raises(LeadershipLostError):
                await fenced.delete(PODS, hands.space, "any")
            assert await fenced.get(LEASES, hands.space, "leader")
        holding.cancel()
        await asyncio.wait([holding])
        await one.release()
        await waiting
    assert two.held_safely()
    assert hands.get("lease", "leader")["spec"]["leaseTransitions"] == 1
