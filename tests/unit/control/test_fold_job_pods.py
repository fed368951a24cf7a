"""Pods of preparation and release tasks, folded in whatever order they are told."""

from __future__ import annotations

from millpond.api import labels
from support.builders import JOB, POOL, SPACE, a_job, a_job_pod, exited, running
from support.scene import KEY, a_running_scene

NAME = "film-aaaaaaaa-prep"


def test_the_newest_word_counts() -> None:
    scene = a_running_scene()
    (node,) = scene.nodes
    scene.add(
        a_job(), a_job_pod(NAME, exited(0), node=node, version=9), a_job_pod(NAME, running(), node=node, version=8)
    )
    pod = scene.pool_state().job_pods[NAME]
    assert pod.view is not None
    assert pod.view.terminal
    assert not pod.holds
    assert pod.of.key == f"{JOB}/{node}"


def test_a_namesake_takes_the_place_of_one_that_is_gone() -> None:
    scene = a_running_scene()
    (node,) = scene.nodes
    scene.add(a_job(), a_job_pod(NAME, exited(0), node=node, uid="one", version=9))
    scene.add(a_job_pod(NAME, running(), node=node, uid="two", version=10))
    assert scene.pool_state().job_pods[NAME].holds
    assert scene.world.forget_pod(SPACE, POOL, NAME, "one") == ()
    assert set(scene.world.forget_pod(SPACE, POOL, NAME, "two")) == {KEY}
    assert scene.pool_state().job_pods == {}


def test_one_that_is_let_go_is_left_for_the_sweep() -> None:
    scene = a_running_scene()
    (node,) = scene.nodes
    scene.add(a_job(), a_job_pod(NAME, exited(0), node=node, released=True))
    assert scene.pool_state().counted == {NAME}
    assert labels.COUNTED in scene.pods[NAME].metadata.labels
    scene.run(seconds=60)
    assert NAME not in scene.pods
    assert scene.pool_state().job_nodes == {}
