"""Nodes' claims, on a model API server: made once, given up where they are of no use, waited for while they go."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.pool import Pool
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Refused
from support.builders import ON_CLAIMS, POOL, SPACE
from support.claims import bind, release_unused
from support.model.store import Document

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime

NODE = "farm-aaaaa"
CREATE = act.CreateNode(namespace=SPACE, pool=POOL, node=NODE)
POD = act.CreateNodePod(namespace=SPACE, pool=POOL, node=NODE, pod=NODE)
BACK = act.CreateNodePod(namespace=SPACE, pool=POOL, node=NODE, pod=NODE, host="host-1")
DELETE = act.DeleteClaim(namespace=SPACE, node=NODE)


@pytest.fixture
async def claims(bench: Bench) -> Bench:
    """The bench's pool keeps its nodes on claims, and has one node."""
    pool = bench.verbs.merge_patch("pools", SPACE, POOL, {"spec": {"nodeTemplate": ON_CLAIMS}})
    bench.world.observe_pool(Pool.model_validate(pool))
    assert isinstance(await bench.one(CREATE), Done)
    return bench


def the_claim(bench: Bench) -> Document:
    return bench.verbs.get("persistentvolumeclaims", SPACE, NODE)


def is_marked(bench: Bench) -> bool:
    return "deletionTimestamp" in the_claim(bench)["metadata"]


def the_pod(bench: Bench) -> Document:
    return bench.verbs.get("pods", SPACE, NODE)


def place(bench: Bench) -> None:
    """kube-scheduler finds host and volume."""
    bind(bench.verbs, the_pod(bench), "host-1")
    bench.verbs.bind(SPACE, NODE, "host-1")


def remove_pod(bench: Bench) -> None:
    bench.verbs.delete("pods", SPACE, NODE, grace=0)


async def test_a_node_knows_its_storage_and_its_claim_is_there_before_its_pod(claims: Bench) -> None:
    assert claims.verbs.get("computenodes", SPACE, NODE)["spec"]["storageType"] == "PersistentVolumeClaim"
    first = await claims.one(POD)
    assert isinstance(first, Done)
    assert await claims.one(POD) == first
    owner = claims.verbs.get("computenodes", SPACE, NODE)["metadata"]["uid"]
    assert the_claim(claims)["metadata"]["ownerReferences"][0]["uid"] == owner
    assert "nodeName" not in the_pod(claims)["spec"]


async def test_a_claim_that_was_made_before_the_operator_died_is_used(claims: Bench) -> None:
    await claims.one(POD)
    uid = the_claim(claims)["metadata"]["uid"]
    remove_pod(claims)
    assert isinstance(await claims.one(POD), Done)
    assert the_claim(claims)["metadata"]["uid"] == uid


async def test_a_pod_that_comes_back_finds_its_files(claims: Bench) -> None:
    await claims.one(POD)
    place(claims)
    assert isinstance(await claims.one(POD), Done), "an answer was lost: nothing is given up under a Pod"
    assert not is_marked(claims)
    remove_pod(claims)
    assert isinstance(await claims.one(BACK), Done)
    assert not is_marked(claims)
    assert the_pod(claims)["spec"]["nodeName"] == "host-1"


async def test_a_pod_that_goes_elsewhere_gives_up_the_volume_of_before(claims: Bench) -> None:
    await claims.one(POD)
    place(claims)
    remove_pod(claims)
    outcome = await claims.one(POD)
    assert isinstance(outcome, Missed)
    assert outcome.again_in > 0
    assert is_marked(claims)
    assert isinstance(await claims.one(POD), Missed), "the claim of before has the name until it is gone"
    assert release_unused(claims.verbs) == 1
    assert isinstance(await claims.one(POD), Done)
    assert "volumeName" not in the_claim(claims)["spec"]


async def test_deletion_is_done_when_nothing_is_left(claims: Bench) -> None:
    await claims.one(POD)
    place(claims)
    assert isinstance(await claims.one(DELETE), Missed)
    assert isinstance(await claims.one(DELETE), Missed)
    assert release_unused(claims.verbs) == 0, "a Pod mounts it"
    remove_pod(claims)
    release_unused(claims.verbs)
    assert isinstance(await claims.one(DELETE), Done)
    assert isinstance(await claims.one(BACK), Done)
    assert "nodeName" not in the_pod(claims)["spec"], "kube-scheduler finds the new claim's volume"


@pytest.mark.parametrize(
    ("owners", "outcome"),
    [
        ([], Refused),
        ([{"apiVersion": "millpond.dev/v1alpha1", "kind": "ComputeNode", "name": NODE, "uid": "x"}], Missed),
    ],
    ids=["a user's", "a former node's"],
)
async def test_another_s_claim_of_the_name_is_not_touched(
    claims: Bench, owners: list[dict[str, Any]], outcome: type
) -> None:
    document = {"metadata": {"name": NODE, "ownerReferences": owners}, "spec": {}}
    claims.verbs.create("persistentvolumeclaims", SPACE, document)
    made = await claims.one(POD)
    assert isinstance(made, outcome)
    assert isinstance(await claims.one(DELETE), Done), "it has none"
    assert not is_marked(claims)
    assert claims.verbs.list("pods") == []


async def test_of_a_node_that_is_gone_there_is_nothing_to_delete(bench: Bench) -> None:
    assert isinstance(await bench.one(DELETE), Done)
