"""A machine whose host any pool has claimed is not given up, whatever the one that asks knows of it."""

from __future__ import annotations

import pytest
from millpond.api import labels
from millpond.cluster.providers.claims import plan_with_claims
from millpond.control.actions import SupplyHosts
from millpond.scaling.providers import Machine, Supply
from support.builders import POOL, SPACE
from support.model.server import ModelServer
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ([], Supply(1, mark=("h1", "h2"))),
        (["h1"], Supply(1, mark=("h2", "h3"))),
        (["h1", "h2"], Supply(2, mark=("h3",), short=1)),
        (["h1", "h2", "h3"], Supply(3, short=2)),
    ],
)
async def test_hosts_that_are_somebodys_are_passed_over(claimed: list[str], expected: Supply) -> None:
    verbs = Verbs(lambda: 0.0)
    for name in ("h1", "h2", "h3"):
        tags = {labels.HOST_LABEL: "other.pool"} if name in claimed else {}
        verbs.create("nodes", None, {"metadata": {"name": name, "labels": tags}, "spec": {}})
    machines = [Machine(name, name) for name in ("h1", "h2", "h3")]
    wish = SupplyHosts(namespace=SPACE, pool=POOL, kept=(), lacking=1)
    assert await plan_with_claims(ModelServer(verbs), wish, machines) == expected


async def test_a_host_that_is_gone_is_nobodys() -> None:
    wish = SupplyHosts(namespace=SPACE, pool=POOL, kept=(), lacking=0)
    plan = await plan_with_claims(ModelServer(Verbs(lambda: 0.0)), wish, [Machine("m", "gone")])
    assert plan == Supply(0, mark=("m",))
