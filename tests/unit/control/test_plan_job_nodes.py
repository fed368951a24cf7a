"""Preparation before a job's first task on a node, release after its last: planned step by step."""

from __future__ import annotations

from millpond.api.job import DesiredState
from millpond.api.reasons import JobState
from millpond.control.actions import ReleaseEvidence, StartAttempt, StartJobTask, StopAttempt, WriteJob, WriteNode
from millpond.control.outcomes import Missed, Refused
from support.builders import a_job, a_job_pod, a_task, exited, running, waiting
from support.scene import Scene, a_running_scene, of

PREP, RELEASE = {"commandLine": "prepare"}, {"commandLine": "clean"}


def a_prepared_scene(*tasks: str, hosts: int = 1, **spec: object) -> Scene:
    scene = a_running_scene(hosts=hosts)
    scene.add(a_job(jobPreparationTask=PREP, **spec), *(a_task(name, created=n) for n, name in enumerate(tasks)))
    scene.run()
    return scene


def test_the_first_task_on_a_node_has_it_prepared_and_later_ones_do_not() -> None:
    scene = a_prepared_scene("t", "u")
    (start,), (prep,) = of(StartAttempt, scene.done), of(StartJobTask, scene.done)
    assert start.preparation == prep.pod
    assert (prep.node, prep.host) == (start.node, start.host)
    scene.ends(prep.pod, exited(0))
    scene.ends("t-1", exited(0))
    scene.run()
    assert [start.preparation for start in of(StartAttempt, scene.done)] == [prep.pod, ""]
    assert len(of(StartJobTask, scene.done)) == 1


def test_a_job_without_preparation_has_no_records() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run()
    assert scene.pool_state().job_nodes == {}


def test_a_node_is_barred_to_the_job_where_its_preparation_failed() -> None:
    scene = a_prepared_scene("t", hosts=2)
    (prep,) = of(StartJobTask, scene.done)
    scene.ends(prep.pod, exited(1))
    scene.pod("t-1", waiting("PodInitializing"), phase="Failed")
    scene.run(seconds=5)
    starts = of(StartAttempt, scene.done)
    assert [start.attempt for start in starts] == [1, 2]
    assert starts[1].node != prep.node
    assert scene.pool_state().jobs["film"].barred == {prep.node}


def test_a_task_that_waits_for_a_preparation_that_left_no_word_is_stopped() -> None:
    scene = a_prepared_scene("t")
    (prep,) = of(StartJobTask, scene.done)
    scene.pod("t-1", initContainerStatuses=[{"name": "await-preparation", "state": running()}])
    scene.run()
    assert of(StopAttempt, scene.done) == []
    scene.ends(prep.pod, exited(137, reason="OOMKilled"))
    scene.run()
    assert [stop.pod for stop in of(StopAttempt, scene.done)] == ["t-1"]


def test_a_preparation_that_was_not_made_is_asked_for_again() -> None:
    scene = a_running_scene()
    scene.fail(StartJobTask, Missed("conflict"))
    scene.add(a_job(jobPreparationTask=PREP), a_task("t"))
    scene.run(seconds=5)
    assert len(scene.job_pods("prep")) == 1


def test_a_preparation_that_is_forbidden_bars_the_node_for_a_while() -> None:
    scene = a_running_scene()
    scene.fail(StartJobTask, Refused("Forbidden", "exceeded quota"))
    scene.add(a_job(jobPreparationTask=PREP), a_task("t"))
    scene.run(seconds=5)
    assert len(scene.pool_state().jobs["film"].barred) == 1
    scheduled = next(c for c in scene.jobs["film"].status.conditions if c.type == "Scheduled")
    assert (scheduled.status, scheduled.reason) == ("False", "JobPreparationTaskFailed")
    assert "exceeded quota" in scheduled.message
    (entry,) = next(iter(scene.nodes.values())).status.jobs
    assert entry.preparation is not None
    assert entry.preparation.failure is not None
    assert entry.preparation.failure.message == "exceeded quota"
    scene.run(seconds=60)
    assert len(scene.job_pods("prep")) == 1


def tell_of_preparations(scene: Scene, seconds: int) -> list[str]:
    """The Events of nodes and jobs in so many seconds, while each task waits for its preparation."""
    before = len(scene.done)
    for _ in range(seconds):
        scene.run(seconds=1)
        for name, pod in list(scene.pods.items()):
            if name.startswith("t-") and not pod.terminal and not pod.status.init_container_statuses:
                scene.pod(name, initContainerStatuses=[{"name": "await-preparation", "state": running()}])
            elif pod.metadata.deletion_timestamp and not pod.terminal:
                scene.pod(name, phase="Failed")
    writes = [*of(WriteNode, scene.done[before:]), *of(WriteJob, scene.done[before:])]
    return [f"{type(write).__name__} {event.message}" for write in writes for event in write.events]


def test_a_refusal_is_told_once_for_each_node_and_for_the_job_until_its_cause_changes() -> None:
    scene = a_running_scene(hosts=2)
    for _ in range(8):
        scene.fail(StartJobTask, Refused("Forbidden", "exceeded quota"))
    for _ in range(100):
        scene.fail(StartJobTask, Refused("Forbidden", "no such class"))
    scene.add(a_job(jobPreparationTask=PREP), a_task("t"))
    told = tell_of_preparations(scene, 100)
    assert sorted(word.split()[0] for word in told) == ["WriteJob", "WriteNode", "WriteNode"]
    assert len(of(StartAttempt, scene.done)) > 5, "it is tried again and again"
    told = tell_of_preparations(scene, 100)
    assert [word.split()[0] for word in told] == ["WriteNode", "WriteNode"]
    assert all("no such class" in word for word in told)
    assert {c.status for c in scene.jobs["film"].status.conditions if c.type == "Scheduled"} == {"False"}


def test_a_refusal_is_forgotten_when_the_preparation_runs_after_all() -> None:
    scene = a_running_scene()
    scene.fail(StartJobTask, Refused("Forbidden", "exceeded quota"))
    scene.add(a_job(jobPreparationTask=PREP), a_task("t"))
    assert len(tell_of_preparations(scene, 60)) == 2
    (entry,) = next(iter(scene.nodes.values())).status.jobs
    assert entry.preparation is not None
    assert entry.preparation.failure is None
    assert next(c.status for c in scene.jobs["film"].status.conditions if c.type == "Scheduled") == "True"


def test_release_waits_for_the_tasks_and_the_job_for_the_release() -> None:
    scene = a_prepared_scene("t", jobReleaseTask=RELEASE)
    (prep,) = of(StartJobTask, scene.done)
    scene.ends(prep.pod, exited(0))
    scene.starts("t-1")
    scene.run()
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    assert scene.job_pods("release") == []
    scene.ends("t-1", exited(143, "Terminated"))
    scene.run(seconds=5)
    (release,) = scene.job_pods("release")
    assert scene.jobs["film"].status.state is JobState.TERMINATING
    scene.ends(release, exited(1))
    scene.run(seconds=5)
    assert scene.jobs["film"].status.state is JobState.COMPLETED
    let_go = [action.pod for action in of(ReleaseEvidence, scene.done)]
    assert let_go.index(prep.pod) < let_go.index(release), "what tells that it is done goes last"
    (entry,) = next(iter(scene.nodes.values())).status.jobs
    assert entry.release is not None
    assert entry.release.exit_code == 1


def test_a_release_that_cannot_start_holds_its_job_up_no_longer_than_it_may() -> None:
    scene = a_prepared_scene("t", jobReleaseTask=RELEASE)
    scene.ends(scene.job_pods("prep")[0], exited(0))
    scene.ends("t-1", exited(0))
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    (release,) = scene.job_pods("release")
    scene.pod(release, waiting("ErrImagePull", "not found"))
    scene.run(seconds=2000)
    assert scene.jobs["film"].status.state is JobState.COMPLETED
    assert [stop.pod for stop in of(StopAttempt, scene.done)] == [release]
    assert len(of(StartJobTask, scene.done)) == 2


def test_a_release_that_is_forbidden_is_told_and_holds_no_end_up() -> None:
    scene = a_prepared_scene("t", jobReleaseTask=RELEASE)
    (prep,) = of(StartJobTask, scene.done)
    scene.ends(prep.pod, exited(0))
    scene.ends("t-1", exited(0))
    scene.run()
    scene.fail(StartJobTask, Refused("Forbidden", "exceeded quota"))
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    assert scene.jobs["film"].status.state is JobState.COMPLETED
    (entry,) = next(iter(scene.nodes.values())).status.jobs
    assert entry.preparation is not None
    assert entry.preparation.exit_code == 0
    assert entry.release is not None
    assert entry.release.failure is not None
    assert entry.release.failure.message == "exceeded quota"


def test_nothing_is_released_where_the_preparation_failed() -> None:
    scene = a_prepared_scene("t", jobReleaseTask=RELEASE)
    scene.ends(scene.job_pods("prep")[0], exited(1))
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    scene.pod("t-1", phase="Failed")
    scene.run(seconds=60)
    assert scene.jobs["film"].status.state is JobState.COMPLETED
    assert [action.role.value for action in of(StartJobTask, scene.done)] == ["prep"]
    assert scene.pool_state().job_pods == {}


def test_a_release_without_a_host_holds_its_job_up_no_longer_than_it_might_have_run() -> None:
    """The node's Pod is turned away by its host, and the next one finds no place."""
    scene = a_prepared_scene("t", jobReleaseTask=RELEASE | {"maxWallClockSeconds": 300})
    scene.ends(scene.job_pods("prep")[0], exited(0))
    scene.ends("t-1", exited(0))
    scene.turns_away(scene.job_pods("node")[0])
    scene.host("host-1", taints=[{"key": "full", "effect": "NoSchedule"}])
    scene.run()
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=299)
    assert scene.jobs["film"].status.state is JobState.TERMINATING
    scene.run(seconds=1)
    assert scene.jobs["film"].status.state is JobState.COMPLETED
    assert scene.job_pods("release") == []


def test_a_preparation_waits_for_what_a_job_of_the_same_name_left_in_its_place() -> None:
    scene = a_running_scene(slots=2)
    (node,), (host,) = scene.nodes, scene.hosts
    scene.add(a_job_pod("old", running(), node=node, host=host, job_uid="before"))
    scene.add(a_job(jobPreparationTask=PREP), a_task("t"))
    scene.run(seconds=60)
    assert of(StopAttempt, scene.done) != []
    assert of(StartJobTask, scene.done) == []
    scene.ends("old", exited(137))
    scene.run(seconds=5)
    assert len(of(StartJobTask, scene.done)) == 1
