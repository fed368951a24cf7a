"""A pool's provider is asked for the hosts that nodes stand on or lack, no more often than that changes."""

from __future__ import annotations

from typing import Any

from millpond.control import actions as act
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Missed, Refused
from millpond.control.plan_supply import RESYNC
from millpond.control.pool_state import PoolKey
from support.builders import CLAIM, POOL, SPACE, a_host, a_job, a_pool, a_task
from support.scene import Scene, of

KEY = PoolKey(SPACE, POOL)
TARGET = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDeployment", "name": "batch"}
SCALED = {"type": "ScaleSubresource", "scaleSubresource": {"dedicated": TARGET}}


def a_growing_pool(nodes: int, **more: Any) -> Any:
    return a_pool(nodes=nodes, provider=SCALED, **more)


def asked(actions: list[act.AnyAction]) -> list[tuple[tuple[str, ...], int]]:
    return [(a.kept, a.lacking) for a in of(SupplyHosts, actions)]


def test_the_scheduler_is_not_asked() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=2), a_host("host-1"))
    assert asked(scene.run(seconds=600)) == []


def test_it_asks_for_every_node_without_a_host_and_again_in_a_minute() -> None:
    scene = Scene()
    scene.add(a_growing_pool(3))
    assert asked(scene.run()) == [((), 3)]
    assert asked(scene.run(seconds=RESYNC - 2)) == []
    assert asked(scene.run(seconds=4)) == [((), 3)]


def test_hosts_that_come_change_nothing_of_what_is_wanted() -> None:
    scene = Scene()
    scene.add(a_growing_pool(2), a_host("host-1"), a_host("host-2"))
    assert asked(scene.run(seconds=RESYNC - 2)) == [((), 2)]
    assert len(of(act.ClaimHost, scene.done)) == 2
    assert asked(scene.run(seconds=4)) == [(("host-1", "host-2"), 0)]


def test_a_host_is_given_up_only_when_its_claim_is_taken_off() -> None:
    scene = Scene()
    scene.add(a_growing_pool(2), a_host("host-1"), a_host("host-2"), a_job(), a_task("t"))
    scene.run(seconds=5)
    busy = scene.task("t").live
    assert busy is not None
    scene.add(scene.edit(scene.pools[POOL], target_dedicated_nodes=1))
    since = len(scene.done)
    scene.run(seconds=30)
    after = scene.done[since:]
    (given,) = (n for n, a in enumerate(after) if isinstance(a, act.ReleaseHost))
    lower = [n for n, a in enumerate(after) if isinstance(a, SupplyHosts) and a.wanted == 1]
    assert lower
    assert min(lower) > given
    last = of(SupplyHosts, after)[-1]
    assert (last.kept, last.lacking) == ((busy.node.slots.host if busy.node.slots else "",), 0)


def test_a_node_whose_host_is_gone_lacks_one() -> None:
    scene = Scene()
    scene.add(a_growing_pool(1), a_host("host-1"))
    scene.run(seconds=5)
    scene.remove_host("host-1")
    assert asked(scene.run(seconds=120))[-1] == ((), 1)


def test_a_host_that_another_pool_holds_is_not_among_those_kept() -> None:
    scene = Scene()
    scene.add(a_growing_pool(1), a_host("host-1", claim="other.pool"), a_host("host-2", claim=CLAIM))
    assert all(kept in ((), ("host-2",)) for kept, _ in asked(scene.run(seconds=5)))


def test_what_was_not_answered_is_asked_again_in_time_and_not_before() -> None:
    scene = Scene()
    scene.add(a_growing_pool(1))
    scene.fail(SupplyHosts, Missed("busy", again_in=7.0))
    assert asked(scene.run()) == []
    scene.add(scene.edit(scene.pools[POOL], target_dedicated_nodes=2))
    assert asked(scene.run(seconds=5)) == []
    assert asked(scene.run(seconds=5)) == [((), 2)]


def test_a_refusal_is_told_as_a_resize_error_until_it_is_over() -> None:
    scene = Scene()
    scene.add(a_growing_pool(1))
    scene.fail(SupplyHosts, Refused("DependentResourceNotFound", "there is no batch"))
    scene.run(seconds=5)
    status = scene.pools[POOL].status
    assert [(e.code, e.message) for e in status.resize_errors] == [("DependentResourceNotFound", "there is no batch")]
    assert status.allocation_state == "Steady"
    scene.run(seconds=60)
    status = scene.pools[POOL].status
    assert (status.resize_errors, status.allocation_state) == ((), "Resizing")


def test_a_pool_goes_only_when_its_provider_was_asked_for_none() -> None:
    scene = Scene()
    scene.add(a_growing_pool(0, deleted=True))
    assert not scene.world.released(KEY)
    assert asked(scene.run()) == [((), 0)]
    assert scene.world.released(KEY)


def test_a_pool_goes_without_a_provider_that_refuses() -> None:
    scene = Scene()
    scene.add(a_growing_pool(0, deleted=True))
    scene.fail(SupplyHosts, Refused("AllocationFailed", "no"))
    scene.run()
    assert scene.world.released(KEY)
