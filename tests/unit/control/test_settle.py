"""What each action came to, whatever it came to: confirmed, missed, refused, skipped."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.autoscale import AutoScale
from millpond.api.job import DesiredState
from millpond.api.reasons import JobState, NodeState
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Outcome, Refused, Skipped
from millpond.control.settle import settle
from support.builders import a_host, a_job, a_pool, a_task, a_task_pod, exited, running, waiting
from support.scene import Scene, a_running_scene, of

FAILURES: list[Outcome] = [Missed("conflict"), Missed("no answer", again_in=5), Refused("Forbidden", "no"), Skipped()]
ELSEWHERE = (act.Announce, act.DeleteClaim)
ALL_KINDS = [kind for kind in act.AnyAction.__args__ if kind not in ELSEWHERE]


MANAGER = {"id": "m", "commandLine": "manage"}


def the_whole_story(scene: Scene) -> None:
    """A pool, a job and tasks from their start to their end: every kind of action but two occurs."""
    pool = a_pool(nodes=2, provider={"type": "Kwok"})
    scene.add(a_host("host-1"), a_host("host-2"), pool, a_job(), a_job("short", held=False))
    scene.add(a_job("led", jobManagerTask=MANAGER, desiredState="Disabled"))
    scene.add(a_task("good"), a_task("bad", created=1), a_task("brief", job="short", created=2))
    scene.run(seconds=90)
    for name in ("good-1", "bad-1", "brief-1"):
        if name in scene.pods:
            scene.ends(name, exited(0) if name == "good-1" else waiting("InvalidImageName"))
            scene.run(seconds=60)
            if name in scene.pods:
                scene.pod(name, phase="Failed")
                scene.run(seconds=60)
    scene.add(scene.deleted(scene.jobs["short"]))
    scene.run(seconds=60)
    staged = {"jobPreparationTask": {"commandLine": "prepare"}, "jobReleaseTask": {"commandLine": "clean"}}
    scene.add(a_job("staged", onAllTasksComplete="TerminateJob", **staged), a_task("late", job="staged", created=3))
    for name in ("prep", "late-1", "release"):
        scene.run(seconds=60)
        for pod in [name] if name in scene.pods else scene.job_pods(name):
            scene.ends(pod, exited(0))
    scene.run(seconds=60)
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=60)
    for name in [name for name in scene.pods if name.endswith("-1") and "farm" not in name]:
        scene.pod(name, phase="Failed")
    for pod in [n for n in scene.pods if n.startswith("farm")][:1]:
        raw = scene.pods[pod]
        assert raw.status.phase == "Running"
    one = AutoScale(formula="$TargetDedicatedNodes = 1")
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=None, auto_scale=one))
    scene.run(seconds=60)
    scene.add(scene.deleted(scene.pools["farm"]))
    scene.run(seconds=120)


def the_end(scene: Scene) -> dict[str, Any]:
    """What must be so in the end, whatever failed on the way."""
    return {
        "nodes": set(scene.nodes),
        "pods": set(scene.pods),
        "good": scene.tasks["good"].status.result,
        "job": scene.jobs["film"].status.state,
        "claims": [host.metadata.labels for host in scene.hosts.values()],
        "staged": scene.jobs["staged"].status.state,
        "short": [name for name, task in scene.tasks.items() if task.spec.job_name == "short"],
    }


@pytest.mark.parametrize("outcome", FAILURES, ids=lambda o: f"{type(o).__name__}-{getattr(o, 'again_in', 0):.0f}")
@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda k: k.__name__)
def test_a_failure_on_the_way_changes_nothing_in_the_end(kind: type[act.Action], outcome: Outcome) -> None:
    scene = Scene()
    scene.fail(kind, outcome)
    the_whole_story(scene)
    end = the_end(scene)
    lasting = kind is act.StartAttempt and isinstance(outcome, Refused)
    assert end["nodes"] == set()
    assert end["pods"] == set()
    assert end["job"] is JobState.COMPLETED
    assert end["staged"] is JobState.COMPLETED
    assert end["claims"] == [{}, {}]
    assert end["short"] == []
    assert end["good"] == "Success" or lasting


def test_the_story_shows_every_kind_of_action() -> None:
    # Those about pools of jobs have a cycle of their own, in test_plan_auto_pools.
    scene = Scene()
    the_whole_story(scene)
    seen = {type(action) for action in scene.done}
    assert set(ALL_KINDS) - seen <= {act.ShrinkNodePod, act.DisplaceAttempt, act.CreatePool, act.DeletePool}


def test_outcomes_of_things_that_are_gone_are_harmless() -> None:
    scene, story = Scene(), Scene()
    the_whole_story(story)
    for action in story.done:
        for outcome in (Done("7", "uid"), *FAILURES):
            settle(scene.pool_state(), action, outcome, scene.now)
    assert of(act.StartAttempt, scene.run(seconds=60)) == []


def test_a_confirmed_write_carries_the_version_on() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run()
    scene.ends("t-1", exited(1))
    (write,) = of(act.WriteTask, scene.plan().actions)
    settle(scene.pool_state(), write, Done("99999"), scene.now)
    assert scene.task("t").version == 99999
    settle(scene.pool_state(), write, Done("5"), scene.now)
    assert scene.task("t").version == 99999


def test_an_attempt_that_somebody_made_elsewhere_is_taken_as_it_is() -> None:
    scene = a_running_scene(hosts=2)
    scene.add(a_job(), a_task("t"))
    (start,) = of(act.StartAttempt, scene.plan().actions)
    other = next(name for name in scene.nodes if name != start.node)
    settle(scene.pool_state(), start, Done("1", "uid-t-1"), scene.now)
    scene.add(a_task_pod("t", running(), node=other, host="host-2"))
    state = scene.pool_state()
    assert scene.task("t").live is state.attempts["t-1"]
    assert state.nodes[other].holding == 1
    assert state.nodes[start.node].holding == 0
    assert state.index.free_slots == 1


def test_a_refused_node_pod_shows_on_the_pool_until_one_is_made() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool())
    scene.fail(act.CreateNodePod, Refused("Forbidden", "violates PodSecurity: hostPath volumes"))
    scene.run(seconds=20)
    ready = next(c for c in scene.pools["farm"].status.conditions if c.type == "Ready")
    assert "hostPath" in ready.message
    scene.run(seconds=30)
    assert next(iter(scene.nodes.values())).status.state is NodeState.IDLE
