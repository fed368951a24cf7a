"""The hands on a real API server: the client's requests, and every action's effect as the server stores it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api import labels, naming
from millpond.api.computenode import ComputeNode, ComputeNodeStatus
from millpond.api.conditions import Condition, ConditionStatus
from millpond.api.job import Job, JobStatus
from millpond.api.pool import Pool, PoolStatus
from millpond.api.reasons import AllocationState, JobState, NodeState, PoolState, TaskState
from millpond.api.resources import whole
from millpond.api.views.task import TaskView
from millpond.cluster.actuator import Actuator
from millpond.cluster.api_server import COMPUTE_NODES, EVENTS, HOSTS, JOBS, LEASES, PODS, POOLS, TASKS, Selection
from millpond.cluster.client import Client
from millpond.cluster.documents import Documents
from millpond.cluster.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    LeadershipLostError,
    NotFoundError,
)
from millpond.cluster.events import EventRecorder
from millpond.cluster.informer import Gone, Informer, Listener
from millpond.cluster.kubeconfig import connect
from millpond.cluster.lease import LeaderLease, LeaseTimes
from millpond.control import actions as act
from millpond.control.actions import AnyAction, ConditionPatch, Event, TaskStatusPatch
from millpond.control.outcomes import Done, Missed, Outcome, Refused, Room
from millpond.control.world import World
from millpond.settings import Settings
from support.apiserver import ApiServer

CLAIM = "hands.farm"


class Hands:
    """An actuator on a namespace of its own, with a Pool, a Job and a host."""

    def __init__(self, api: Client, server: ApiServer, namespace: str) -> None:
        self.api = api
        self.server = server
        self.space = namespace
        self.world = World()
        self.events = EventRecorder(api, "test")
        self.actuator = Actuator(api, Documents(api, self.world), self.events, Settings())

    async def perform(self, *actions: AnyAction) -> list[Outcome]:
        outcomes: list[Outcome] = []
        all_told = asyncio.Event()

        def report(_: AnyAction, outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) == len(actions):
                all_told.set()

        await self.actuator.perform(actions, report)
        # Deletions of many go on after `perform` has returned.
        await all_told.wait()
        return outcomes

    async def one(self, action: AnyAction) -> Outcome:
        (outcome,) = await self.perform(action)
        return outcome

    def get(self, *what: str) -> dict[str, Any]:
        found = self.server.got(*what, "-n", self.space)
        assert isinstance(found, dict)
        return found

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        text = self.server.done("apply", "-n", self.space, "-o", "json", "-f", "-", document=document)
        found = json.loads(text)
        assert isinstance(found, dict)
        return found


@pytest.fixture
async def api(server: ApiServer) -> AsyncIterator[Client]:
    async with Client(connect(str(server.kubeconfig))) as client:
        yield client


@pytest.fixture
async def hands(api: Client, server: ApiServer, request: pytest.FixtureRequest) -> Hands:
    space = f"hands-{naming.digest(request.node.name)}"
    server.done("create", "namespace", space)
    hands = Hands(api, server, space)
    pool = hands.apply(_document("Pool", "farm", {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian:12"}}))
    hands.world.observe_pool(Pool.model_validate(pool))
    job = hands.apply(_document("Job", "frames", {"poolName": "farm"}))
    hands.world.observe_job(Job.model_validate(job))
    return hands


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "millpond.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _task(hands: Hands, name: str = "one", **spec: Any) -> dict[str, Any]:
    return hands.apply(_document("Task", name, {"jobName": "frames", "commandLine": "echo '$(HOME)'"} | spec))


def _start(hands: Hands, task: dict[str, Any], attempt: int = 1, host: str = "host-1") -> act.StartAttempt:
    name = task["metadata"]["name"]
    return act.StartAttempt(
        namespace=hands.space,
        pool="farm",
        job="frames",
        task=name,
        task_uid=task["metadata"]["uid"],
        attempt=attempt,
        pod=f"{name}-{attempt}",
        node="farm-aaaaa",
        host=host,
        slots=1,
        cpu_millis=500,
        memory_bytes=2**20,
    )


def _host(hands: Hands, name: str, taints: list[dict[str, Any]] | None = None) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"taints": taints or []},
    }
    hands.server.done("apply", "-f", "-", document=document)
    status = {"status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110", "example.com/gpu": "2"}}}
    hands.server.done("patch", "node", name, "--subresource=status", "--type=merge", "-p", json.dumps(status))
    return name


async def test_create_again_after_a_lost_answer_counts_once(hands: Hands) -> None:
    task = _task(hands)
    start = _start(hands, task)
    first = await hands.one(start)
    again = await hands.one(start)
    pod = hands.get("pod", "one-1")
    assert isinstance(first, Done)
    assert first.uid == pod["metadata"]["uid"]
    assert first.version == pod["metadata"]["resourceVersion"]
    assert isinstance(again, Done)
    assert again.uid == first.uid
    assert pod["spec"]["nodeName"] == "host-1"
    assert pod["spec"]["containers"][0]["command"][-1] == "$$(HOME)"
    assert pod["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": str(2**20)}
    assert pod["metadata"]["finalizers"] == [labels.EVIDENCE_FINALIZER]


async def test_attempt_that_exists_elsewhere_is_looked_at(hands: Hands) -> None:
    task = _task(hands)
    await hands.one(_start(hands, task))
    assert isinstance(await hands.one(_start(hands, task, host="host-2")), Missed)


async def test_namesake_task_is_not_started(hands: Hands) -> None:
    task = _task(hands)
    await hands.one(_start(hands, task))
    hands.server.done("delete", "task", "one", "-n", hands.space)
    newer = _task(hands)
    old = await hands.one(_start(hands, task, attempt=2))
    waits = await hands.one(_start(hands, newer))
    assert isinstance(old, Missed)
    assert isinstance(waits, Missed)
    assert waits.again_in > 0


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"commandLine": "echo 'open"}, "InvalidCommandLine"),
        ({"commandLine": "true", "resources": {"limits": {"no/such/name": "1"}}}, "PodInvalid"),
    ],
    ids=["quote", "resource"],
)
async def test_task_that_cannot_run_is_refused_with_a_reason(hands: Hands, spec: dict[str, Any], reason: str) -> None:
    outcome = await hands.one(_start(hands, _task(hands, **spec)))
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert outcome.message.endswith(".")


async def test_namespace_that_forbids_host_paths_says_so(hands: Hands) -> None:
    hands.server.done("label", "namespace", hands.space, "pod-security.kubernetes.io/enforce=restricted")
    task = _task(hands)
    await hands.one(act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa"))
    outcomes: list[Outcome] = []
    deadline = time.monotonic() + 20
    # The server takes a moment to hear of the label; what it still admits gets another name the next time.
    while not (outcomes and all(isinstance(outcome, Refused) for outcome in outcomes)) and time.monotonic() < deadline:
        number = len(hands.get("pods")["items"]) + 1
        pod = act.CreateNodePod(namespace=hands.space, pool="farm", node="farm-aaaaa", pod=f"farm-{number}")
        outcomes = await hands.perform(_start(hands, task, number), pod)
    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert "hostPath" in outcome.message


async def test_evidence_is_released_without_harm_to_other_finalizers(hands: Hands) -> None:
    task = _task(hands)
    first = await hands.one(_start(hands, task))
    second = await hands.one(_start(hands, task, attempt=2))
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    foreign = {"metadata": {"finalizers": ["example.com/mine", labels.EVIDENCE_FINALIZER]}}
    hands.server.done("patch", "pod", "one-2", "-n", hands.space, "--type=merge", "-p", json.dumps(foreign))
    outcomes = await hands.perform(
        act.ReleaseEvidence(namespace=hands.space, pod="one-1", uid=first.uid, chain="a"),
        act.ReleaseEvidence(namespace=hands.space, pod="one-2", uid=second.uid, chain="b"),
        act.ReleaseEvidence(namespace=hands.space, pod="gone", uid="0", chain="c"),
    )
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    for name, left in (("one-1", []), ("one-2", ["example.com/mine"])):
        metadata = hands.get("pod", name)["metadata"]
        assert metadata.get("finalizers", []) == left
        assert metadata["labels"][labels.COUNTED] == "true"


async def test_stop_deletes_that_very_pod(hands: Hands) -> None:
    done = await hands.one(_start(hands, _task(hands)))
    assert isinstance(done, Done)
    stop = act.StopAttempt(namespace=hands.space, pod="one-1", uid="another", chain="x")
    assert isinstance(await hands.one(stop), Done)
    assert "deletionTimestamp" not in hands.get("pod", "one-1")["metadata"]
    stop = act.StopAttempt(namespace=hands.space, pod="one-1", uid=done.uid, chain="x")
    assert isinstance(await hands.one(stop), Done)
    assert "deletionTimestamp" in hands.get("pod", "one-1")["metadata"]


async def test_sweep_and_delete_many(hands: Hands) -> None:
    for number in range(3):
        task = _task(hands, f"t{number}")
        done = await hands.one(_start(hands, task))
        assert isinstance(done, Done)
        pod = f"t{number}-1"
        hands.server.done(
            "patch", "pod", pod, "-n", hands.space, "--subresource=status", "--type=merge", "-p",
            '{"status": {"phase": "Succeeded"}}',
        )  # fmt: skip
        if number:
            await hands.one(act.ReleaseEvidence(namespace=hands.space, pod=pod, uid=done.uid, chain=pod))
    assert isinstance(await hands.one(act.SweepPods(namespace=hands.space, pool="farm")), Done)
    assert [pod["metadata"]["name"] for pod in hands.get("pods")["items"]] == ["t0-1"]
    assert isinstance(await hands.one(act.DeleteTasks(namespace=hands.space, job="frames")), Done)
    assert hands.get("tasks")["items"] == []


async def test_task_status_is_patched_under_its_version(hands: Hands) -> None:
    task = _task(hands)
    version = task["metadata"]["resourceVersion"]

    def write(version: str, status: TaskStatusPatch) -> act.WriteTask:
        uid = task["metadata"]["uid"]
        return act.WriteTask(namespace=hands.space, task="one", job="frames", uid=uid, version=version, status=status)

    conditions = (ConditionPatch("Complete", "False", "Running", "It runs.", "2026-01-01T00:00:00Z"),)
    running = TaskStatusPatch(
        conditions=conditions, state=TaskState.RUNNING, attempt=1, exit_code=None, pod_name="one-1"
    )
    done = await hands.one(write(version, running))
    assert isinstance(done, Done)
    status = hands.get("task", "one")["status"]
    assert (status["state"], status["attempt"], status["podName"]) == ("Running", 1, "one-1")
    assert status["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    assert isinstance(await hands.one(write(version, running)), Missed)
    back = await hands.one(write(done.version, TaskStatusPatch(state=TaskState.ACTIVE, pod_name=None)))
    assert isinstance(back, Done)
    status = hands.get("task", "one")["status"]
    assert status["state"] == "Active"
    assert "podName" not in status
    assert status["attempt"] == 1


async def test_whole_statuses_are_written(hands: Hands) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    ready = Condition(
        type="Ready", status=ConditionStatus.TRUE, last_transition_time=at, reason="NodesReady", message="All is well."
    )
    pool = PoolStatus(conditions=(ready,), state=PoolState.ACTIVE, allocation_state=AllocationState.STEADY)
    job = JobStatus(state=JobState.ACTIVE, start_time=at)
    created = await hands.one(act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa"))
    assert isinstance(created, Done)
    node = ComputeNodeStatus(state=NodeState.IDLE, resources={"cpu": "2", "memory": "1Gi"}, host_name="host-1")
    outcomes = await hands.perform(
        act.WritePool(namespace=hands.space, pool="farm", version=_version(hands, "pool", "farm"), status=pool),
        act.WriteJob(
            namespace=hands.space, job="frames", version=_version(hands, "job.millpond.dev", "frames"), status=job
        ),
        act.WriteNode(namespace=hands.space, node="farm-aaaaa", version=created.version, status=node),
    )
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Done], outcomes
    assert Pool.model_validate(hands.get("pool", "farm")).status == pool
    assert Job.model_validate(hands.get("job.millpond.dev", "frames")).status == job
    assert ComputeNode.model_validate(hands.get("computenode", "farm-aaaaa")).status == node


def _version(hands: Hands, kind: str, name: str) -> str:
    return str(hands.get(kind, name)["metadata"]["resourceVersion"])


async def test_node_and_its_pod_come_and_go(hands: Hands) -> None:
    create = act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa")
    pod = act.CreateNodePod(namespace=hands.space, pool="farm", node="farm-aaaaa", pod="farm-aaaaa")
    first, second = await hands.perform(create, pod)
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert [type(outcome) for outcome in await hands.perform(create, pod)] == [Done, Done]
    made = hands.get("computenode", "farm-aaaaa")
    assert made["metadata"]["ownerReferences"][0]["kind"] == "Pool"
    assert made["metadata"]["finalizers"] == [labels.NODE_FINALIZER]
    assert hands.get("pod", "farm-aaaaa")["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    remove = act.RemoveNode(namespace=hands.space, node="farm-aaaaa", uid=made["metadata"]["uid"])
    release = act.ReleaseNode(namespace=hands.space, node="farm-aaaaa", uid=made["metadata"]["uid"])
    assert [type(outcome) for outcome in await hands.perform(remove, release)] == [Done, Done]
    assert hands.get("computenodes")["items"] == []
    assert [type(outcome) for outcome in await hands.perform(remove, release)] == [Done, Done]


async def test_node_pod_shrinks_in_place(hands: Hands) -> None:
    pool = hands.get("pool", "farm")
    pool["spec"]["nodeTemplate"]["resources"] = {"cpu": "2", "memory": "1Gi"}
    hands.world.observe_pool(Pool.model_validate(hands.apply(_document("Pool", "farm", pool["spec"]))))
    create = act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa")
    pod = act.CreateNodePod(namespace=hands.space, pool="farm", node="farm-aaaaa", pod="farm-aaaaa")
    _, made = await hands.perform(create, pod)
    assert isinstance(made, Done)
    _host(hands, "host-s")
    binding = {
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "farm-aaaaa"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "host-s"},
    }  # fmt: skip
    hands.server.request("POST", f"/api/v1/namespaces/{hands.space}/pods/farm-aaaaa/binding", binding)
    running = '{"status": {"phase": "Running"}}'
    hands.server.done(
        "patch", "pod", "farm-aaaaa", "-n", hands.space, "--subresource=status", "--type=merge", "-p", running
    )
    outcome = await hands.one(act.ShrinkNodePod(namespace=hands.space, pod="farm-aaaaa", uid=made.uid))
    assert isinstance(outcome, Done), outcome
    requests = hands.get("pod", "farm-aaaaa")["spec"]["containers"][0]["resources"]["requests"]
    assert requests["cpu"] == "20m"
    assert whole(requests["memory"]) == whole("64Mi")


async def test_host_is_claimed_measured_and_given_back(hands: Hands) -> None:
    foreign = {"key": "example.com/mine", "value": "x", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}
    host = _host(hands, "host-c", [foreign])
    found = hands.server.got("node", host)["spec"]["taints"]
    other = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other"},
        "spec": {
            "nodeName": host,
            "containers": [{"name": "a", "image": "a", "resources": {"requests": {"cpu": "1", "example.com/gpu": "1"},
                                                                     "limits": {"example.com/gpu": "1"}}}],
            "initContainers": [{"name": "s", "image": "s", "restartPolicy": "Always",
                                "resources": {"requests": {"cpu": "500m"}}}],
        },
    }  # fmt: skip
    hands.apply(other)
    await hands.one(_start(hands, _task(hands), host=host))
    claim = act.ClaimHost(namespace=hands.space, pool="farm", node="farm-aaaaa", host=host, claim=CLAIM)
    outcome = await hands.one(claim)
    assert isinstance(outcome, Done), outcome
    assert outcome.room == Room(4000 - 20 - 1500, 8 * 2**30 - 64 * 2**20, {"example.com/gpu": 1})
    node = hands.server.got("node", host)
    ours = {"key": labels.HOST_TAINT, "value": CLAIM, "effect": "NoSchedule"}
    assert node["metadata"]["labels"][labels.HOST_LABEL] == CLAIM
    assert [taint for taint in node["spec"]["taints"] if taint not in found] == [ours]
    assert all(taint in node["spec"]["taints"] for taint in found)
    version = node["metadata"]["resourceVersion"]
    assert isinstance(await hands.one(claim), Done)
    assert hands.server.got("node", host)["metadata"]["resourceVersion"] == version
    stranger = act.ClaimHost(namespace=hands.space, pool="farm", node="farm-bbbbb", host=host, claim="another.pool")
    assert isinstance(await hands.one(stranger), Missed)
    not_ours = act.ReleaseHost(namespace=hands.space, host=host, claim="another.pool")
    assert isinstance(await hands.one(not_ours), Done)
    assert hands.server.got("node", host)["metadata"]["resourceVersion"] == version
    release = act.ReleaseHost(namespace=hands.space, host=host, claim=CLAIM)
    assert isinstance(await hands.one(release), Done)
    node = hands.server.got("node", host)
    assert labels.HOST_LABEL not in node["metadata"]["labels"]
    assert node["spec"]["taints"] == found


async def test_events_are_published(hands: Hands) -> None:
    task = _task(hands)
    document = hands.events._document(
        hands.space, "Task", "one", task["metadata"]["uid"], Event("TaskFailed", "ü" * 2000, "Warning")
    )
    await hands.api.create(EVENTS, hands.space, document)
    (event,) = hands.get("events")["items"]
    assert event["involvedObject"]["uid"] == task["metadata"]["uid"]
    assert event["reason"] == "TaskFailed"


async def test_client_speaks_the_servers_language(hands: Hands) -> None:
    api, space = hands.api, hands.space
    with pytest.raises(NotFoundError):
        await api.get(PODS, space, "none")
    with pytest.raises(InvalidError, match="jobName"):
        await api.create(TASKS, space, _document("Task", "bad", {"commandLine": "true"}))
    _task(hands)
    with pytest.raises(AlreadyExistsError):
        await api.create(TASKS, space, _document("Task", "one", {"jobName": "frames", "commandLine": "true"}))
    with pytest.raises(ConflictError):
        await api.merge_patch(TASKS, space, "one", {"metadata": {"resourceVersion": "1"}, "status": {}}, "status")
    with pytest.raises(ConflictError):
        await api.delete(TASKS, space, "one", uid="another")
    with pytest.raises(InvalidError):
        await api.json_patch(TASKS, space, "one", [{"op": "test", "path": "/metadata/uid", "value": "another"}])


async def test_pages_of_a_list(hands: Hands) -> None:
    for number in range(5):
        _task(hands, f"t{number}")
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
    _task(hands, "before")
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
            _task(hands, "after")
            assert await seen.get() == ("seen", "after")
            hands.server.done("delete", "task", "before", "-n", hands.space)
            assert await seen.get() == ("gone", "before of frames")
    finally:
        running.cancel()


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
        await one.release()
        await waiting
    assert two.held_safely()
    assert hands.get("lease", "leader")["spec"]["leaseTransitions"] == 1
