"""The facts about one task, out of the state of its pool: a task that is told why, and the placement that agrees."""

from __future__ import annotations

from millpond.api.job import DesiredState
from millpond.control.actions import StartAttempt
from millpond.control.explanation import facts_of
from millpond.lifecycle.exits import AWAIT_CONTAINER
from millpond.scheduling.demand import Demand
from millpond.scheduling.explain import explain
from support.builders import CLAIM, a_host, a_job, a_node, a_pool, a_task, a_task_pod, at, exited, running, waiting
from support.scene import Scene, a_running_scene, of


def reasons(scene: Scene, task: str) -> list[str]:
    return [finding.reason for finding in explain(facts_of(scene.task(task), scene.tasks[task], scene.now))]


def test_a_task_without_job_or_pool() -> None:
    scene = Scene()
    scene.add(a_task("t"))
    assert reasons(scene, "t") == ["JobNotFound"]
    scene.add(a_job())
    assert reasons(scene, "t") == ["PoolNotFound"]
    scene.add(a_pool(nodes=1))
    assert reasons(scene, "t") == ["NoNodes"]


def test_a_task_behind_others() -> None:
    scene = a_running_scene()
    scene.add(a_job("film"), a_job("news", priority=5), a_job("beside"))
    scene.add(a_task("runs"), a_task("old", created=1), a_task("new", created=2))
    scene.run(seconds=15)
    scene.add(a_task("urgent", job="news"), a_task("other", job="beside"))
    found = facts_of(scene.task("new"), scene.tasks["new"], scene.now)
    assert (found.waiting_above, found.waiting_before, found.waiting_beside) == (1, 1, 1)
    assert reasons(scene, "new")[0] in ("WaitingForSlots", "WaitingForResources")
    assert "BehindHigherPriority" in reasons(scene, "new")


def test_a_task_from_its_place_to_its_end() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=1)
    assert reasons(scene, "t") == ["Preparing"]
    scene.pod("t-1", waiting("ErrImagePull", "no such image"))
    assert reasons(scene, "t") == ["ContainerNotStarting"]
    scene.starts("t-1")
    scene.run(seconds=5)
    assert reasons(scene, "t") == ["Running"]
    scene.ends("t-1", exited(3))
    scene.run(seconds=5)
    assert reasons(scene, "t") == ["TaskFailed"]
    assert facts_of(scene.task("t"), scene.tasks["t"], scene.now).node in scene.nodes


def test_a_task_that_is_tried_again_says_so() -> None:
    scene = a_running_scene()
    scene.add(a_job(constraints={"maxTaskRetryCount": 1}), a_task("t"), a_task("next", created=1, job="film"))
    scene.run(seconds=1)
    scene.pod("t-1", phase="Failed", reason="OutOfcpu")
    scene.run(seconds=0.5)
    assert "Retrying" in reasons(scene, "t")


def test_a_job_that_ended_and_a_bound_that_is_reached() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(maxParallelTasks=1), a_task("t"), a_task("u", created=1))
    scene.run(seconds=15)
    assert reasons(scene, "u")[0] == "MaxParallelTasksReached"
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    assert reasons(scene, "u") == ["JobBeingTerminated"]


def test_lists_alone_tell_what_a_node_has_free() -> None:
    scene = Scene()
    status = {
        "conditions": [{"type": "Ready", "status": "True", "reason": "Running", "lastTransitionTime": at(0)}],
        "state": "Running",
        "hostName": "host-1",
        "slots": {"total": 4},
        "resources": {"cpu": "4", "memory": "4Gi"},
    }
    scene.add(a_host(claim=CLAIM), a_pool(slots=4), a_job(), a_node("n", **status))
    scene.add(a_task("runs"), a_task_pod("runs", running(), node="n", slots=3, cpu="3", memory="3Gi"), a_task("t"))
    (node,) = facts_of(scene.task("t"), scene.tasks["t"], scene.now).nodes
    assert node.slots is not None
    assert (node.slots.free, node.slots.cpu_free) == (1, 1000)


def test_who_is_told_that_nothing_holds_it_back_is_placed() -> None:
    scene = a_running_scene(hosts=2, slots=2)
    scene.add(a_job(), *(a_task(f"t{n}", slots=1 + n % 3, created=n) for n in range(8)))
    scene.run(seconds=15)
    for name in ("t0-1", "t1-1"):
        if name in scene.pods:
            scene.ends(name, exited(0))
    scene.run()
    for name in scene.tasks:
        if not scene.task(name).live and scene.task(name).state == "Active":
            assert "NextInLine" not in reasons(scene, name)
    assert of(StartAttempt, scene.run()) == []
    assert scene.task("t0").demand == Demand()


def test_a_task_that_waits_for_others_names_them_and_how_they_stand() -> None:
    scene = a_running_scene(slots=8)
    depends_on = {"taskIds": ["Bad", "runs", "never"], "taskIdRanges": [{"start": 1, "end": 100}]}
    scene.add(a_job(usesTaskDependencies=True), a_task("bad"), a_task("runs"), a_task("one", id="01", dependsOn={}))
    scene.add(a_task("t", dependsOn=depends_on))
    scene.run()
    for pod in ("runs-1", "one-1"):
        scene.starts(pod)
    scene.ends("bad-1", exited(1))
    scene.run(seconds=5)
    (finding,) = explain(facts_of(scene.task("t"), scene.tasks["t"], scene.now))
    assert finding.reason == "WaitingForDependencies"
    named = "bad (failed, and blocks who depends on it), runs (is Running), never (does not exist), 1 (is Running)"
    assert named in finding.message
    assert finding.message.endswith(" and more.")
    assert "millpond task reactivate bad" in finding.remedy


def test_a_condition_and_an_explanation_use_one_text() -> None:
    """What placement's judgement writes is what is said before it is written."""
    scene = a_running_scene()
    scene.add(a_job(), a_task("wide", slots=9), a_task("stray", job="nowhere"))
    before = {name: explain(facts_of(scene.task(name), scene.tasks[name], scene.now)) for name in scene.tasks}
    scene.run(seconds=15)
    for name, findings in before.items():
        (written,) = (c for c in scene.tasks[name].status.conditions if c.type == "Scheduled")
        assert [(finding.reason, finding.told) for finding in findings] == [(written.reason, written.message)]


def test_a_task_that_waits_for_its_job_s_preparation_says_so() -> None:
    scene = a_running_scene()
    scene.add(a_job(jobPreparationTask={"commandLine": "fetch"}), a_task("t"))
    scene.run(seconds=1)

    def told(state: dict[str, object]) -> str:
        wait = {"name": AWAIT_CONTAINER, "state": state}
        scene.pod("t-1", waiting("PodInitializing"), initContainerStatuses=[wait])
        (finding,) = explain(facts_of(scene.task("t"), scene.tasks["t"], scene.now))
        return f"{finding.reason} {finding.remedy}"

    assert told(running()) == "Preparing millpond job prep-status film"
    assert told(waiting("ErrImagePull", "no such image")).startswith("ContainerNotStarting")
