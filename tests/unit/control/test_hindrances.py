"""What keeps a Pod from being begun with is told in its Task's or ComputeNode's condition, for as long as it holds."""

from __future__ import annotations

from typing import Any

from millpond.control.actions import WriteTask
from millpond.control.explanation import facts_of
from millpond.control.hindrances import OVER, hindered_pods, observe_hindrance
from millpond.control.world import World
from millpond.scheduling.explain import explain
from support.builders import a_job, a_task, exited, waiting
from support.scene import Scene, a_running_scene, of

HANGS = {"phase": "Pending", "conditions": [{"type": "PodReadyToStartContainers", "status": "False"}]}
BEGUN = {"phase": "Pending", "conditions": [{"type": "PodReadyToStartContainers", "status": "True"}]}
WHY = 'FailedMount: secret "store" not found.'
OTHER = "FailedMount: no route to the file server."


def a_scene(**status: Any) -> Scene:
    """A task whose Pod has hung for some seconds."""
    scene = a_running_scene(1)
    scene.add(a_job(), a_task("frame"))
    scene.run()
    scene.pod("frame-1", waiting("ContainerCreating"), **(status or HANGS))
    scene.run(seconds=15)
    return scene


def tell(scene: Scene, text: str) -> None:
    for key, pod in list(hindered_pods(scene.world, scene.now)):
        observe_hindrance(scene.world, key, pod, text)


def forget(scene: Scene) -> None:
    """The operator is killed, and another one sees what is there."""
    scene.world = World()
    scene.add(*scene.hosts.values(), *scene.pools.values(), *scene.jobs.values(), *scene.nodes.values())
    scene.add(*scene.pods.values(), *scene.tasks.values())


def said(scene: Scene) -> list[tuple[str, str, str]]:
    return [(one.status, one.reason, one.message) for one in scene.tasks["frame"].status.conditions]


def test_a_task_says_what_keeps_its_pod_and_says_it_once() -> None:
    scene = a_scene()
    tell(scene, WHY)
    assert len(of(WriteTask, scene.run())) == 1
    status = scene.tasks["frame"].status
    assert (status.state, said(scene)) == ("Preparing", [("False", "PodNotStarting", WHY)])
    tell(scene, WHY)
    assert of(WriteTask, scene.run(seconds=60)) == []
    tell(scene, OTHER)
    assert len(of(WriteTask, scene.run())) == 1
    assert said(scene) == [("False", "PodNotStarting", OTHER)]
    (finding,) = explain(facts_of(scene.task("frame"), scene.tasks["frame"], scene.now))
    assert (finding.reason, finding.blocks) == ("ContainerNotStarting", True)
    assert OTHER in finding.message


def test_it_is_told_no_more_once_the_pod_is_begun_with() -> None:
    scene = a_scene()
    tell(scene, WHY)
    scene.run()
    scene.pod("frame-1", waiting("ContainerCreating"), **BEGUN)
    scene.run()
    over = [("False", "Running", OVER)]
    assert said(scene) == over
    scene.starts("frame-1")
    scene.run(seconds=5)
    assert (scene.tasks["frame"].status.state, said(scene)) == ("Running", over)


def test_an_operator_that_begins_anew_lets_stand_what_is_told() -> None:
    scene = a_scene()
    tell(scene, WHY)
    scene.run()
    forget(scene)
    assert of(WriteTask, scene.run(seconds=5)) == []
    assert said(scene) == [("False", "PodNotStarting", WHY)]
    scene.starts("frame-1")
    scene.ends("frame-1", exited(0))
    scene.run(seconds=5)
    assert "PodNotStarting" not in [reason for _, reason, _ in said(scene)]


def test_a_task_whose_pod_hangs_for_good_fails_with_the_kubelet_s_words() -> None:
    scene = a_scene()
    tell(scene, WHY)
    scene.run(seconds=700)
    failures = [one.status.failure for one in of(WriteTask, scene.done) if one.status.failure]
    assert [WHY.rstrip(".") in failure.message for failure in failures] == [True]


def test_pods_that_are_begun_with_are_nobody_s_question() -> None:
    scene = a_scene(**BEGUN)
    assert list(hindered_pods(scene.world, scene.now)) == []


def test_a_node_says_what_keeps_its_pod() -> None:
    scene = a_running_scene(1)
    (name,) = scene.nodes
    scene.pod(name, containerStatuses=[], **HANGS)
    scene.run(seconds=15)
    tell(scene, WHY)
    scene.run()
    (ready,) = [one for one in scene.nodes[name].status.conditions if one.type == "Ready"]
    assert (ready.reason, WHY in ready.message) == ("PodNotStarting", True)
