"""Each pool's own provider is asked."""

from __future__ import annotations

import pytest
from millpond.api.pool import Pool
from millpond.api.reasons import ResizeErrorCode
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Done, Refused
from support.builders import POOL, SPACE, a_pool

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime

TARGET = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDeployment", "name": "batch"}
WISH = SupplyHosts(namespace=SPACE, pool=POOL, kept=(), lacking=1)


def use(bench: Bench, provider: dict[str, object]) -> Pool:
    pool = a_pool(provider=provider, version=10**6)
    bench.world.observe_pool(pool)
    return pool


async def test_kwok_makes_a_host(bench: Bench) -> None:
    use(bench, {"type": "Kwok"})
    assert await bench.one(WISH) == Done()
    assert len(bench.verbs.list("nodes")) == 1


async def test_a_scaled_object_that_is_missing_is_named(bench: Bench) -> None:
    use(bench, {"type": "ScaleSubresource", "scaleSubresource": {"dedicated": TARGET}})
    outcome = await bench.one(WISH)
    assert isinstance(outcome, Refused)
    assert outcome.reason == ResizeErrorCode.DEPENDENT_RESOURCE_NOT_FOUND
    assert outcome.message.startswith("MachineDeployment batch (cluster.x-k8s.io/v1beta2)")
    assert bench.verbs.list("nodes") == []
