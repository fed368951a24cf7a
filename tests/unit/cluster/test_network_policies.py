"""The policy of a pool: there before its first Pod, true to the Pool, and never another's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from millpond.api.pool import Pool
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import ForbiddenError
from millpond.cluster.network_policies import NetworkPolicies
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Refused
from millpond.settings import Settings
from support.builders import POOL, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime
NAME = f"millpond-pool-{POOL}"
NODE = act.CreateNode(namespace=SPACE, pool=POOL, node="farm-aaaaa")
NODE_POD = act.CreateNodePod(namespace=SPACE, pool=POOL, node="farm-aaaaa", pod="farm-aaaaa")
CLOSE = act.CloseNetwork(namespace=SPACE, pool=POOL)


def ingress(bench: Bench) -> Any:
    """What is open beside the agents' measurements."""
    measured, *others = bench.verbs.get("networkpolicies", SPACE, NAME)["spec"]["ingress"]
    assert measured["ports"][0]["port"] == 9464
    return others


async def test_it_is_there_before_the_first_pod(bench: Bench) -> None:
    await bench.perform(NODE, NODE_POD)
    assert ingress(bench) == []


async def test_it_follows_the_pool(bench: Bench) -> None:
    await bench.one(CLOSE)
    open_ = {"spec": {"networkConfiguration": {"inboundPorts": [{"name": "ssh", "port": 22}]}}}
    bench.world.observe_pool(Pool.model_validate(bench.verbs.merge_patch("pools", SPACE, POOL, open_)))
    assert isinstance(await bench.one(CLOSE), Done)
    assert ingress(bench) == [{"ports": [{"port": 22, "protocol": "TCP"}]}]


async def test_one_that_was_changed_or_deleted_by_hand_is_restored(bench: Bench) -> None:
    await bench.one(CLOSE)
    wanted = bench.verbs.get("networkpolicies", SPACE, NAME)["spec"]
    bench.verbs.merge_patch("networkpolicies", SPACE, NAME, {"spec": {"ingress": [{}]}})
    assert isinstance(await bench.one(CLOSE), Done)
    assert bench.verbs.get("networkpolicies", SPACE, NAME)["spec"] == wanted
    bench.verbs.delete("networkpolicies", SPACE, NAME)
    assert isinstance(await bench.one(CLOSE), Done)
    assert bench.verbs.get("networkpolicies", SPACE, NAME)["spec"] == wanted


async def test_another_s_is_not_touched_and_no_pod_is_made(bench: Bench) -> None:
    theirs = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
    bench.verbs.create("networkpolicies", SPACE, {"metadata": {"name": NAME}, "spec": theirs})
    outcomes = await bench.perform(NODE, NODE_POD)
    assert isinstance(outcomes[-1], Refused)
    assert "exists and is not this pool's: delete it" in outcomes[-1].message
    assert bench.verbs.get("networkpolicies", SPACE, NAME)["spec"] == theirs
    assert bench.verbs.list("pods", SPACE) == []


async def test_that_of_a_former_pool_of_the_name_is_waited_for(bench: Bench) -> None:
    """A Pool that is created again at once finds the old one's policy, until the garbage collector has been there."""
    former = {"apiVersion": "millpond.dev/v1alpha1", "kind": "Pool", "name": POOL, "uid": "former"}
    bench.verbs.create("networkpolicies", SPACE, {"metadata": {"name": NAME, "ownerReferences": [former]}, "spec": {}})
    outcome = (await bench.perform(NODE, NODE_POD))[-1]
    assert isinstance(outcome, Missed)
    assert outcome.again_in > 0
    assert bench.verbs.list("pods", SPACE) == []


class Forbidding(ModelServer):
    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Any:
        if resource.plural == "networkpolicies":
            raise ForbiddenError("networkpolicies is forbidden", 403, "Forbidden")
        return await super().create(resource, namespace, document)


async def test_without_the_right_to_close_a_pool_no_pod_is_made(bench: Bench) -> None:
    bench.api = Forbidding(bench.verbs)
    bench.use(Settings())
    outcomes = await bench.perform(NODE, NODE_POD)
    assert outcomes[-1] == Refused("Forbidden", "networkpolicies is forbidden")


async def test_the_policy_of_a_pool_that_is_gone_is_nobody_s_business(bench: Bench) -> None:
    bench.world.forget_pool(SPACE, POOL)
    bench.verbs.delete("pools", SPACE, POOL)
    assert isinstance(await bench.one(CLOSE), Done)


async def test_a_pool_is_closed_once(bench: Bench) -> None:
    policies, pool = (
        NetworkPolicies(bench.api, "millpond-system"),
        Pool.model_validate(bench.verbs.get("pools", SPACE, POOL)),
    )
    await policies.see_to(pool)
    version = bench.verbs.store.revision
    assert await policies.see_to(pool) == Done()
    assert bench.verbs.store.revision == version
