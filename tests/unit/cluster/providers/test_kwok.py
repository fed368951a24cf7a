"""Simulated hosts are made for a pool and deleted when it does not need them; others are left alone."""

from __future__ import annotations

import pytest
from millpond.api import labels
from millpond.api.pool import Pool
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import ForbiddenError
from millpond.cluster.providers.kwok import KwokProvider, simulated_host
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Done, Missed, Outcome, Refused
from support.builders import CLAIM, POOL, SPACE, a_pool
from support.model.server import ModelServer
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime

TEMPLATE = {"image": "debian", "hostSelector": {"matchLabels": {"node-type": "batch"}}, "resources": {"cpu": "2"}}


def a_simulated_pool() -> Pool:
    return a_pool(provider={"type": "Kwok"}, nodeTemplate=TEMPLATE)


async def ask(verbs: Verbs, kept: tuple[str, ...], lacking: int) -> Outcome:
    wish = SupplyHosts(namespace=SPACE, pool=POOL, kept=kept, lacking=lacking)
    return await KwokProvider(ModelServer(verbs)).supply(wish, a_simulated_pool())


def hosts(verbs: Verbs) -> list[str]:
    return [host["metadata"]["name"] for host in verbs.list("nodes")]


def test_a_simulated_host_is_one_that_the_pool_and_kwok_take() -> None:
    host = simulated_host("simulated-1", CLAIM, a_simulated_pool())
    tags = host["metadata"]["labels"]
    assert (tags["node-type"], tags["type"], tags[labels.SIMULATED_FOR]) == ("batch", "kwok", CLAIM)
    assert host["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}
    assert host["status"]["allocatable"] == {"cpu": "3000m", "memory": str(33 * 2**30), "pods": "300"}


async def test_hosts_are_made_and_none_twice() -> None:
    verbs = Verbs(lambda: 0.0)
    assert await ask(verbs, (), 3) == Done()
    made = hosts(verbs)
    assert len(made) == 3
    assert await ask(verbs, tuple(made[:2]), 1) == Done()
    assert hosts(verbs) == made


async def test_one_that_was_lost_is_made_up_for_under_a_new_name() -> None:
    verbs = Verbs(lambda: 0.0)
    await ask(verbs, (), 2)
    lost, kept = hosts(verbs)
    verbs.delete("nodes", None, lost)
    assert await ask(verbs, (kept,), 1) == Done()
    assert len(hosts(verbs)) == 2
    assert lost not in hosts(verbs)


async def test_those_not_needed_go_and_strangers_stay() -> None:
    verbs = Verbs(lambda: 0.0)
    verbs.create("nodes", None, {"metadata": {"name": "real", "labels": {"node-type": "batch"}}, "spec": {}})
    await ask(verbs, (), 3)
    kept = hosts(verbs)[2]
    assert await ask(verbs, (kept,), 0) == Done()
    assert hosts(verbs) == ["real", kept]


async def test_a_claimed_host_stays_until_it_is_given_back() -> None:
    verbs = Verbs(lambda: 0.0)
    await ask(verbs, (), 1)
    (name,) = hosts(verbs)
    verbs.merge_patch("nodes", None, name, {"metadata": {"labels": {labels.HOST_LABEL: CLAIM}}})
    assert isinstance(await ask(verbs, (), 0), Missed)
    assert hosts(verbs) == [name]


async def test_without_the_right_it_says_which_value_gives_it() -> None:
    class Closed(ModelServer):
        async def create(self, resource: Resource, namespace: str | None, document: object) -> Meta:  # type: ignore[override]
            raise ForbiddenError("nodes is forbidden.")

    wish = SupplyHosts(namespace=SPACE, pool=POOL, kept=(), lacking=1)
    outcome = await KwokProvider(Closed(Verbs(lambda: 0.0))).supply(wish, a_simulated_pool())
    assert isinstance(outcome, Refused)
    assert outcome.reason == "AllocationFailed"
    assert "providers.kwok" in outcome.message
