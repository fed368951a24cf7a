"""Actions on nodes and hosts, on a model API server; the same on a real one is `component/test_hands`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from millpond.api import labels
from millpond.api.computenode import ComputeNode, ComputeNodeStatus
from millpond.api.pool import Pool, PoolStatus
from millpond.api.reasons import NodeState, PoolState
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import ForbiddenError
from millpond.control import actions as act
from millpond.control.outcomes import QUOTA_EXCEEDED, Done, Missed, Refused, Room
from support.builders import CLAIM, POOL, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime

CREATE = act.CreateNode(namespace=SPACE, pool=POOL, node="farm-aaaaa")
CREATE_POD = act.CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa")
TAINT = {"key": labels.HOST_TAINT, "value": CLAIM, "effect": "NoSchedule"}
FOREIGN = {"key": "example.com/mine", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}


def _claim(claim: str = CLAIM) -> act.ClaimHost:
    return act.ClaimHost(namespace=SPACE, pool=POOL, node="farm-aaaaa", host="host-1", claim=claim)


async def test_node_is_made_once_and_belongs_to_its_pool(bench: Bench) -> None:
    first = await bench.one(CREATE)
    assert isinstance(first, Done)
    assert isinstance(await bench.one(CREATE), Done)
    node = ComputeNode.model_validate(bench.verbs.get("computenodes", SPACE, "farm-aaaaa"))
    assert node.metadata.uid == first.uid
    assert node.spec.pool_name == POOL
    assert node.metadata.finalizers == (labels.NODE_FINALIZER,)
    assert node.metadata.owner_references[0].uid == bench.verbs.get("pools", SPACE, POOL)["metadata"]["uid"]


async def test_node_pod_needs_its_node_and_is_made_once(bench: Bench) -> None:
    assert isinstance(await bench.one(CREATE_POD), Missed)
    await bench.one(CREATE)
    first = await bench.one(CREATE_POD)
    assert isinstance(first, Done)
    assert await bench.one(CREATE_POD) == first


async def test_name_that_a_stranger_has_is_waited_for(bench: Bench) -> None:
    await bench.one(CREATE)
    bench.verbs.create("pods", SPACE, {"metadata": {"name": "farm-aaaaa"}, "spec": {"containers": []}})
    outcome = await bench.one(CREATE_POD)
    assert isinstance(outcome, Missed)
    assert outcome.again_in > 0


async def test_start_task_that_cannot_be_split_is_refused(bench: Bench) -> None:
    await bench.one(CREATE)
    pool = bench.verbs.merge_patch("pools", SPACE, POOL, {"spec": {"startTask": {"commandLine": "echo 'open"}}})
    bench.world.observe_pool(Pool.model_validate(pool))
    outcome = await bench.one(CREATE_POD)
    assert isinstance(outcome, Refused)
    assert "startTask" in outcome.message


async def test_start_task_of_an_account_that_is_not_there_is_refused(bench: Bench) -> None:
    await bench.one(CREATE)
    start = {"commandLine": "true", "userIdentity": {"userName": "eve"}}
    pool = bench.verbs.merge_patch("pools", SPACE, POOL, {"spec": {"startTask": start}})
    bench.world.observe_pool(Pool.model_validate(pool))
    outcome = await bench.one(CREATE_POD)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "UserAccountNotFound"
    assert outcome.message.startswith("spec.startTask.userIdentity: ")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ('violates PodSecurity "restricted:latest": hostPath volumes.', "PodRefused"),
        ("exceeded quota: few, requested: pods=1, used: pods=4, limited: pods=4", QUOTA_EXCEEDED),
    ],
)
async def test_namespace_that_admits_no_node_pods(make_bench: Callable[..., Bench], words: str, reason: str) -> None:
    class Restricted(ModelServer):
        async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
            if resource.plural == "pods":
                raise ForbiddenError(words)
            return await super().create(resource, namespace, document)

    bench = make_bench(lambda server: Restricted(server.verbs))
    await bench.one(CREATE)
    outcome = await bench.one(CREATE_POD)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert words in outcome.message


async def test_node_is_removed_and_released(bench: Bench) -> None:
    made = await bench.one(CREATE)
    assert isinstance(made, Done)
    bench.verbs.merge_patch(
        "computenodes", SPACE, "farm-aaaaa", {"metadata": {"finalizers": ["example.com/mine", labels.NODE_FINALIZER]}}
    )
    spared = act.RemoveNode(namespace=SPACE, node="farm-aaaaa", uid="another")
    assert isinstance(await bench.one(spared), Done)
    assert "deletionTimestamp" not in bench.verbs.get("computenodes", SPACE, "farm-aaaaa")["metadata"]
    remove = act.RemoveNode(namespace=SPACE, node="farm-aaaaa", uid=made.uid)
    release = act.ReleaseNode(namespace=SPACE, node="farm-aaaaa", uid=made.uid)
    assert [type(outcome) for outcome in await bench.perform(remove, release)] == [Done, Done]
    assert bench.verbs.get("computenodes", SPACE, "farm-aaaaa")["metadata"]["finalizers"] == ["example.com/mine"]
    bench.verbs.merge_patch("computenodes", SPACE, "farm-aaaaa", {"metadata": {"finalizers": None}})
    assert [type(outcome) for outcome in await bench.perform(remove, release)] == [Done, Done]


async def test_node_pod_is_shrunk_and_deleted(bench: Bench) -> None:
    template = {"spec": {"nodeTemplate": {"resources": {"cpu": "2", "memory": "1Gi"}}}}
    bench.world.observe_pool(Pool.model_validate(bench.verbs.merge_patch("pools", SPACE, POOL, template)))
    await bench.one(CREATE)
    made = await bench.one(CREATE_POD)
    assert isinstance(made, Done)
    assert isinstance(await bench.one(act.ShrinkNodePod(namespace=SPACE, pod="farm-aaaaa", uid="another")), Missed)
    assert isinstance(await bench.one(act.ShrinkNodePod(namespace=SPACE, pod="farm-aaaaa", uid=made.uid)), Done)
    pod = bench.verbs.get("pods", SPACE, "farm-aaaaa")
    assert pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "20m"
    delete = act.DeleteNodePod(namespace=SPACE, pod="farm-aaaaa", uid=made.uid)
    assert isinstance(await bench.one(delete), Done)
    assert isinstance(await bench.one(delete), Done)


async def test_claim_marks_the_host_once_and_measures_it(bench: Bench) -> None:
    bench.host("host-1", taints=[FOREIGN])
    containers = [{"name": "a", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]
    other = {"metadata": {"name": "other"}, "spec": {"nodeName": "host-1", "containers": containers}}
    bench.verbs.create("pods", "elsewhere", other)
    ended = {"metadata": {"name": "ended"}, "spec": {"nodeName": "host-1", "containers": containers}}
    bench.verbs.create("pods", "elsewhere", ended)
    bench.verbs.merge_patch("pods", "elsewhere", "ended", {"status": {"phase": "Failed"}}, "status")
    await bench.one(bench.start(bench.task("ours"), cpu_millis=500))
    outcome = await bench.one(_claim())
    assert isinstance(outcome, Done)
    assert outcome.room == Room(4000 - 20 - 1000, 7 * 2**30 - 64 * 2**20, {})
    host = bench.verbs.get("nodes", None, "host-1")
    assert host["metadata"]["labels"] == {labels.HOST_LABEL: CLAIM}
    assert host["spec"]["taints"] == [FOREIGN, TAINT]
    version = host["metadata"]["resourceVersion"]
    assert isinstance(await bench.one(_claim()), Done)
    assert bench.verbs.get("nodes", None, "host-1")["metadata"]["resourceVersion"] == version


async def test_host_of_another_pool_is_not_taken_and_not_given_back(bench: Bench) -> None:
    bench.host("host-1")
    await bench.one(_claim("another.pool"))
    before = bench.verbs.get("nodes", None, "host-1")
    outcome = await bench.one(_claim())
    assert isinstance(outcome, Missed)
    assert outcome.again_in > 0
    assert isinstance(await bench.one(act.ReleaseHost(namespace=SPACE, host="host-1", claim=CLAIM)), Done)
    assert bench.verbs.get("nodes", None, "host-1") == before


async def test_host_is_left_as_it_was_found(bench: Bench) -> None:
    found = bench.host("host-1", taints=[FOREIGN], unschedulable=True)
    await bench.one(_claim())
    assert isinstance(await bench.one(act.ReleaseHost(namespace=SPACE, host="host-1", claim=CLAIM)), Done)
    left = bench.verbs.get("nodes", None, "host-1")
    assert left["spec"] == found["spec"]
    assert not left["metadata"].get("labels")


async def test_host_that_is_gone_needs_no_release(bench: Bench) -> None:
    assert isinstance(await bench.one(act.ReleaseHost(namespace=SPACE, host="none", claim=CLAIM)), Done)
    assert isinstance(await bench.one(_claim()), Missed)


async def test_statuses_are_written_under_their_versions(bench: Bench) -> None:
    made = await bench.one(CREATE)
    assert isinstance(made, Done)
    node = ComputeNodeStatus(state=NodeState.IDLE, host_name="host-1", resources={"cpu": "2"})
    write = act.WriteNode(namespace=SPACE, node="farm-aaaaa", version=made.version, status=node)
    assert isinstance(await bench.one(write), Done)
    assert isinstance(await bench.one(write), Missed)
    assert ComputeNode.model_validate(bench.verbs.get("computenodes", SPACE, "farm-aaaaa")).status == node
    version = bench.verbs.get("pools", SPACE, POOL)["metadata"]["resourceVersion"]
    pool = PoolStatus(state=PoolState.ACTIVE, current_dedicated_nodes=1)
    done = await bench.one(act.WritePool(namespace=SPACE, pool=POOL, version=version, status=pool))
    assert isinstance(done, Done)
    assert Pool.model_validate(bench.verbs.get("pools", SPACE, POOL)).status == pool


async def test_eraser_is_made_once_and_is_no_stranger_s(bench: Bench) -> None:
    await bench.one(act.CreateNode(namespace=SPACE, pool=POOL, node="farm-aaaaa"))
    create = act.CreateEraser(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa-eraser", host="host-1")
    first, again = await bench.perform(create), await bench.perform(create)
    assert isinstance(first[0], Done)
    assert [outcome.uid for outcome in first if isinstance(outcome, Done)] == [
        outcome.uid for outcome in again if isinstance(outcome, Done)
    ]
    stranger = act.CreateEraser(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="other", host="host-1")
    pod = {"metadata": {"name": "other"}, "spec": {"containers": [{"name": "a"}]}}
    bench.verbs.create("pods", SPACE, pod)
    assert isinstance(await bench.one(stranger), Refused)
