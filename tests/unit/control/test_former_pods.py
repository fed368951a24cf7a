"""A Pod that still has a task's name or directory goes before the task's next one comes."""

from __future__ import annotations

import pytest
from millpond.api.job import DesiredState
from millpond.control.actions import StartAttempt
from millpond.control.explanation import facts_of
from millpond.scheduling.explain import explain
from support.builders import EPOCH, a_job, a_task, a_task_pod, exited, running
from support.scene import Scene, a_running_scene, of

IDS = (("x", "x"), ("x", "X"), ("x" * 64, "x" * 64), ("_x_", "_x_"))


def a_scene_with_a_successor(first: str = "x", second: str = "x", **more: int) -> Scene:
    """Task a was deleted while its Pod runs; task b has its id, and there is room for it beside."""
    scene = a_running_scene(slots=2, **more)
    scene.add(a_job(), a_task("a", id=first), a_task("b", id=second, created=1))
    scene.run(seconds=2)
    scene.starts("a-1")
    scene.run(seconds=2)
    scene.remove_task("a")
    return scene


def started(scene: Scene, seconds: float = 5) -> list[str]:
    return [start.pod for start in of(StartAttempt, scene.run(seconds=seconds))]


def told(scene: Scene, task: str) -> str:
    found = [c.reason for c in scene.tasks[task].status.conditions if c.type == "Scheduled"]
    return found[0] if found else ""


@pytest.mark.parametrize(("first", "second"), IDS)
def test_a_successor_waits_until_the_pod_has_ended_and_says_so(first: str, second: str) -> None:
    scene = a_scene_with_a_successor(first, second)
    assert started(scene, seconds=60) == []
    assert told(scene, "b") == "FormerPodEnding"
    assert scene.task("b").problem is not None
    assert "Pod a-1 on node" in scene.task("b").problem.message
    scene.ends("a-1", exited(137))
    assert started(scene) == ["b-1"]
    assert told(scene, "b") == "Waiting"


def test_explain_says_it_before_the_condition_does() -> None:
    scene = a_scene_with_a_successor()
    (finding,) = explain(facts_of(scene.task("b"), scene.tasks["b"], scene.now))
    assert (finding.reason, finding.blocks) == ("TaskExists", True), "as long as the condition says so"
    scene.add(a_task("b", id="x", created=1, version=10**6))
    (finding,) = explain(facts_of(scene.task("b"), scene.tasks["b"], scene.now))
    assert (finding.reason, finding.blocks) == ("FormerPodEnding", True)


def test_an_operator_that_starts_now_knows_the_id_from_the_pod() -> None:
    scene = a_running_scene(slots=2)
    node = min(scene.nodes)
    scene.add(a_task_pod("gone", running(), node=node, task_id="x"), a_job(), a_task("b", id="x"))
    assert started(scene) == []
    scene.ends("gone-1", exited(137))
    assert started(scene) == ["b-1"]


def test_a_pod_of_another_job_or_id_is_in_nobodys_way() -> None:
    scene = a_running_scene(slots=4)
    node = min(scene.nodes)
    small = {"node": node, "cpu": "1m", "memory": "1"}
    scene.add(a_task_pod("one", running(), task_id="x", job="other", **small), a_task_pod("two", running(), **small))
    scene.add(a_job(), a_task("b", id="x"), a_task("c", id="b"))
    assert started(scene) == ["b-1", "c-1"]


def test_a_task_made_again_waits_for_its_pods_name() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(), a_task("t"))
    scene.run()
    scene.remove_task("t")
    scene.add(a_task("t", uid="again"))
    assert started(scene) == []
    scene.ends("t-1", exited(137))
    assert started(scene) == []
    assert told(scene, "t") == "FormerPodEnding", "it has ended, and has its name still"
    scene.remove_pod("t-1")
    assert started(scene) == ["t-1"]


def test_a_pod_on_a_silent_host_is_waited_for_until_it_is_given_up() -> None:
    scene = a_scene_with_a_successor(hosts=2)
    pod = scene.pods["a-1"]
    scene.host(pod.spec.node_name or "", ready="Unknown", since=scene.now - EPOCH)
    assert started(scene, seconds=290) == []
    assert started(scene, seconds=20) == ["b-1"]
    assert scene.pods["b-1"].spec.node_name != pod.spec.node_name


def test_an_own_attempt_that_was_given_up_is_in_the_way_when_its_host_is_back() -> None:
    scene = a_running_scene(hosts=2)
    scene.add(a_job(constraints={"maxTaskRetryCount": 1}), a_task("t"))
    scene.run(seconds=1)
    scene.starts("t-1")
    host = scene.pods["t-1"].spec.node_name or ""
    scene.host(host, ready="Unknown", since=scene.now - EPOCH)
    assert started(scene, seconds=310) == ["t-2"], "on the other node, in another directory"
    scene.host(host)
    scene.run(seconds=5)
    scene.ends("t-2", exited(1))
    assert started(scene, seconds=30) == [], "t-1 may still run"
    scene.ends("t-1", exited(137))
    assert started(scene) == ["t-3"]


@pytest.mark.parametrize("disabled", [False, True])
def test_it_is_told_where_it_is_what_a_task_waits_for(disabled: bool) -> None:
    """A task is judged for many reasons, and says no more of itself then than one that was not."""
    scene = a_scene_with_a_successor()
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.DISABLED if disabled else DesiredState.ACTIVE))
    scene.pool_state().mark("task", "film/b")
    scene.run(seconds=5)
    assert (told(scene, "b") == "FormerPodEnding") == (not disabled)
