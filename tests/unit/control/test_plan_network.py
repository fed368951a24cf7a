"""When a pool's NetworkPolicy is written."""

from __future__ import annotations

from millpond.api.network import NetworkConfiguration
from millpond.control.actions import CloseNetwork
from millpond.control.outcomes import Missed
from millpond.control.plan_network import CHECKED_EACH
from support.builders import a_pool
from support.scene import Scene, of

OPEN = NetworkConfiguration.model_validate({"inboundPorts": [{"name": "ssh", "port": 22}]})


def written(scene: Scene) -> int:
    return len(of(CloseNetwork, scene.done))


def test_it_is_written_when_the_pool_appears_and_when_it_says_something_else() -> None:
    scene = Scene()
    scene.add(a_pool())
    scene.run(seconds=60)
    assert written(scene) == 1
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=2))
    scene.run(seconds=60)
    assert written(scene) == 1
    scene.add(scene.edit(scene.pools["farm"], network_configuration=OPEN))
    scene.add(scene.edit(scene.pools["farm"], network_configuration=OPEN, enable_inter_node_communication=True))
    scene.run(seconds=60)
    assert written(scene) == 2
    scene.add(scene.edit(scene.pools["farm"], enable_inter_node_communication=False))
    scene.run(seconds=60)
    assert written(scene) == 3


def test_it_is_looked_at_again_each_few_minutes() -> None:
    scene = Scene()
    scene.add(a_pool())
    scene.run(seconds=CHECKED_EACH - 1)
    assert written(scene) == 1
    scene.run(seconds=2)
    assert written(scene) == 2
    scene.run(seconds=CHECKED_EACH)
    assert written(scene) == 3


def test_one_that_failed_is_written_again() -> None:
    scene = Scene()
    scene.add(a_pool())
    scene.fail(CloseNetwork, Missed("no answer", again_in=5))
    scene.step()
    assert written(scene) == 0
    scene.run(seconds=10)
    assert written(scene) == 1


def test_a_pool_that_goes_has_none_written() -> None:
    scene = Scene()
    scene.add(scene.deleted(a_pool()))
    scene.run(seconds=60)
    assert written(scene) == 0
