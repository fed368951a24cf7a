"""A pool grows and shrinks to its target, whatever is on its way."""

from __future__ import annotations

from millpond.control.actions import CreateNode, ReleaseHost, RemoveNode
from millpond.control.sizing import target_of
from support.builders import a_host, a_job, a_node, a_pool, a_task, exited
from support.scene import Scene, a_running_scene, of


def test_it_grows_to_its_target_once() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=5))
    names = [a.node for a in of(CreateNode, scene.run(seconds=600))]
    assert len(names) == len(set(names)) == 5


def test_it_shrinks_by_the_least_useful_and_gives_their_hosts_back() -> None:
    scene = a_running_scene(hosts=3)
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    busy = scene.task("t").live
    assert busy is not None
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    actions = scene.run(seconds=30)
    assert len(of(RemoveNode, actions)) == 2
    assert list(scene.nodes) == [busy.node.name]
    assert len(of(ReleaseHost, actions)) == 2


def test_the_node_of_a_manager_goes_last() -> None:
    scene = a_running_scene(hosts=2, slots=2)
    scene.add(a_job(jobManagerTask={"id": "m", "commandLine": "manage"}), *(a_task(name) for name in "ab"))
    scene.run(seconds=5)
    manager = scene.task("film-m").live
    assert manager is not None
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    scene.run(seconds=30)
    (leaving,) = [name for name, node in scene.nodes.items() if node.status.draining is not None]
    assert leaving != manager.node.name


def test_a_node_that_is_asked_for_and_not_seen_is_removed_when_it_appears() -> None:
    scene = a_running_scene(hosts=1)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=2))
    (asked,) = of(CreateNode, scene.plan().actions)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    assert of(RemoveNode, scene.run()) == []
    scene.add(a_node(asked.node))
    assert [a.node for a in of(RemoveNode, scene.run(seconds=30))] == [asked.node]
    assert len(scene.nodes) == 1


def test_a_node_that_its_user_deleted_is_made_up_for() -> None:
    scene = a_running_scene(hosts=2)
    gone = min(scene.nodes)
    scene.add(a_host("host-3"), scene.deleted(scene.nodes[gone]))
    scene.run(seconds=30)
    assert len(scene.nodes) == 2


def test_there_and_back_again_ends_at_the_target() -> None:
    scene = a_running_scene(hosts=4)
    for target in (1, 4, 0, 3, 2):
        scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=target))
        scene.run()
    scene.run(seconds=60)
    assert len(scene.nodes) == 2
    assert sum(1 for host in scene.hosts.values() if host.metadata.labels) == 2


def test_a_host_that_its_node_moved_away_from_is_given_back_when_the_last_task_there_ended() -> None:
    scene = a_running_scene(hosts=1)
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=30)
    move(scene, "host-0")
    assert of(ReleaseHost, scene.run(seconds=60)) == []
    scene.ends("t-1", exited(0))
    assert [a.host for a in of(ReleaseHost, scene.run())] == ["host-1"]


def test_so_it_is_when_the_last_preparation_there_ended() -> None:
    scene = a_running_scene(hosts=1)
    scene.add(a_job(jobPreparationTask={"commandLine": "prepare"}), a_task("t"))
    scene.run(seconds=30)
    (preparation,) = scene.job_pods("prep")
    scene.remove_pod("t-1")
    scene.remove_task("t")
    move(scene, "host-0")
    assert of(ReleaseHost, scene.run()) == []
    scene.remove_pod(preparation)
    assert [a.host for a in of(ReleaseHost, scene.run())] == ["host-1"]


def test_so_it_is_when_the_old_pod_is_gone_from_a_host_that_is_well_again() -> None:
    scene = a_running_scene(hosts=1)
    (old,) = scene.job_pods("node")
    scene.host("host-1", taints=[{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}])
    scene.add(a_host("host-0"))
    scene.run(seconds=60)
    scene.host("host-1")
    assert of(ReleaseHost, scene.run(seconds=60)) == []
    scene.remove_pod(old)
    assert [a.host for a in of(ReleaseHost, scene.run())] == ["host-1"]


def move(scene: Scene, host: str) -> None:
    """The only node's Pod is turned away by its host, and the next one finds a place on that new host."""
    (pod,) = scene.job_pods("node")
    scene.add(a_host(host))
    scene.turns_away(pod)
    scene.run()
    assert [scene.pods[name].spec.node_name for name in scene.job_pods("node")] == [host]


def test_a_pool_that_is_being_deleted_wants_none() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=3, deleted=True))
    assert target_of(scene.pool_state()) == 0
    assert target_of(Scene().pool_state()) == 0
