"""Records of a job on a node: which Pods count, and what a task comes after."""

from __future__ import annotations

import pytest
from millpond.api.labels import Role
from millpond.control.job_nodes import JobNode, drop_job_node, job_node, preparation_before
from millpond.lifecycle.preparation import Preparation
from support.builders import a_job, a_job_pod, exited
from support.scene import Scene, a_running_scene


def on_a_node(**preparation: object) -> tuple[Scene, JobNode]:
    scene = a_running_scene()
    scene.add(a_job(jobPreparationTask={"commandLine": "prepare", **preparation}))
    scene.run()
    pool = scene.pool_state()
    (node,) = pool.nodes.values()
    return scene, job_node(pool, pool.jobs["film"], node)


def test_there_is_one_record_for_a_job_and_a_node_until_it_is_dropped() -> None:
    scene, of = on_a_node()
    assert job_node(of.pool, of.job, of.node) is of
    assert scene.pool_state().job_nodes == {of.key: of}
    drop_job_node(of)
    assert (of.job.nodes, of.node.jobs, of.pool.job_nodes) == ({}, {}, {})


def test_a_start_of_the_node_has_a_pod_of_its_own() -> None:
    scene, of = on_a_node()
    first = of.current
    scene.remove_pod(of.node.name)
    assert of.current == ""
    scene.run()
    assert of.current not in ("", first)
    assert of.release_pod.endswith("-release")


WAITS, BESIDE = {"waitForSuccess": True}, {"waitForSuccess": False}


@pytest.mark.parametrize(
    ("preparation", "stands", "comes_after"),
    [
        (WAITS, Preparation.ABSENT, True),
        (WAITS, Preparation.RUNNING, True),
        (WAITS, Preparation.DONE, False),
        (BESIDE, Preparation.ABSENT, True),
        (BESIDE, Preparation.RUNNING, False),
        (BESIDE, Preparation.FAILED, False),
    ],
)
def test_what_a_task_comes_after(preparation: dict[str, bool], stands: Preparation, comes_after: bool) -> None:
    _, of = on_a_node(**preparation)
    of.preparation = stands
    assert preparation_before(of.pool, of.job, of.node) == (of.current if comes_after else "")


@pytest.mark.parametrize(
    ("changes", "kept", "valid"),
    [
        ({}, True, True),
        ({"released": True}, False, False),
        ({"job_uid": "another"}, True, False),
        ({"host": "host-9"}, True, False),
    ],
)
def test_which_pods_count(changes: dict[str, object], kept: bool, valid: bool) -> None:
    scene, of = on_a_node()
    made = {"node": of.node.name, **changes}
    scene.add(a_job_pod(of.current, exited(0), **made))  # type: ignore[arg-type]
    assert [pod.name for pod in of.of_role(Role.PREPARATION)] == [of.current] * kept
    assert [pod.name for pod in of.valid(Role.PREPARATION)] == [of.current] * valid
    assert of.of_role(Role.RELEASE) == []
