"""The lives of jobs: ending by themselves, by their user, by the clock; and what their counts say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from millpond.api import labels
from millpond.api.job import DesiredState, DisableTasks, JobDisable
from millpond.api.reasons import JobState
from millpond.control.actions import (
    HoldJob,
    ReleaseEvidence,
    ReleaseJob,
    StartAttempt,
    StopAttempt,
    WriteJob,
    WriteTask,
)
from millpond.control.outcomes import Done, Missed, Refused
from millpond.control.pool_state import PoolKey
from millpond.control.settle import settle
from support.builders import SPACE, a_job, a_task, exited
from support.scene import KEY, Scene, a_running_scene, of

ELSEWHERE = PoolKey(SPACE, "elsewhere")


def condition(scene: Scene, kind: str, job: str = "film") -> tuple[str, str]:
    found = next(c for c in scene.jobs[job].status.conditions if c.type == kind)
    return found.status.value, found.reason


def test_a_job_ends_when_all_its_tasks_are_complete() -> None:
    scene = a_running_scene()
    scene.add(a_job(onAllTasksComplete="TerminateJob"), a_task("a"), a_task("b"))
    for name in ("a-1", "b-1"):
        scene.run(seconds=5)
        assert scene.jobs["film"].status.state is JobState.ACTIVE
        scene.ends(name, exited(0))
    scene.run(seconds=5)
    status = scene.jobs["film"].status
    assert (status.state, status.terminate_reason) == (JobState.COMPLETED, "AllTasksComplete")
    assert (status.task_counts.succeeded, status.task_counts.completed, status.task_counts.active) == (2, 2, 0)
    assert condition(scene, "Succeeded") == ("True", "AllTasksSucceeded")
    assert condition(scene, "Complete") == ("True", "Completed")
    assert status.end_time is not None


def test_failed_tasks_show() -> None:
    scene = a_running_scene()
    scene.add(a_job(onAllTasksComplete="TerminateJob"), a_task("a"))
    scene.run()
    scene.ends("a-1", exited(1))
    scene.run(seconds=5)
    assert condition(scene, "Succeeded") == ("False", "TasksFailed")


def test_an_empty_job_ends_after_its_grace_and_not_before() -> None:
    scene = a_running_scene(empty_job_grace=30)
    scene.add(a_job(onAllTasksComplete="TerminateJob"))
    scene.run(seconds=29)
    assert scene.jobs["film"].status.state is JobState.ACTIVE
    scene.run(seconds=2)
    assert scene.jobs["film"].status.state is JobState.COMPLETED


def test_terminating_a_job_stops_what_runs_and_leaves_what_waits() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("runs"), a_task("waits", created=1))
    scene.run(seconds=5)
    job = scene.jobs["film"]
    scene.add(scene.edit(job, desired_state=DesiredState.TERMINATED, terminate_reason="enough"))
    assert [a.pod for a in of(StopAttempt, scene.run())] == ["runs-1"]
    assert scene.jobs["film"].status.state is JobState.TERMINATING
    scene.ends("runs-1", exited(143, "Terminated"))
    scene.run(seconds=5)
    status = scene.jobs["film"].status
    assert (status.state, status.terminate_reason) == (JobState.COMPLETED, "enough")
    assert scene.tasks["runs"].status.result == "Failure"
    assert scene.tasks["waits"].status.state in ("", "Active")
    assert of(StartAttempt, scene.run(seconds=600)) == []
    assert condition(scene, "Succeeded") == ("False", "TasksUnfinished")


def test_a_task_that_ends_well_while_its_job_terminates_has_succeeded() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("runs"))
    scene.run(seconds=5)
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run()
    scene.ends("runs-1", exited(0))
    scene.run(seconds=5)
    assert scene.tasks["runs"].status.result == "Success"


def test_the_wall_clock_ends_a_job() -> None:
    scene = a_running_scene()
    scene.add(a_job(constraints={"maxWallClockSeconds": 60}), a_task("runs"))
    assert of(StopAttempt, scene.run(seconds=59)) == []
    assert of(StopAttempt, scene.run(seconds=2))
    scene.ends("runs-1", exited(143, "Terminated"))
    scene.run(seconds=5)
    assert scene.jobs["film"].status.terminate_reason == "MaxWallClockTimeExpiry"


def test_a_job_whose_pool_does_not_exist_waits_and_says_so_once() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("a"))
    (written,) = of(WriteJob, scene.run(seconds=600))
    assert condition(scene, "Scheduled") == ("False", "PoolNotFound")
    assert [(event.reason, event.type) for event in written.events] == [("PoolNotFound", "Warning")]


def test_counts_are_summed_up_not_written_for_each_task() -> None:
    scene = a_running_scene(slots=4, summary=2)
    scene.add(a_job(), *(a_task(f"t{n:02}") for n in range(40)))
    scene.run()
    before = len(of(WriteJob, scene.done))
    for turn in range(10):
        for n in range(turn * 4, turn * 4 + 4):
            scene.ends(f"t{n:02}-1", exited(0))
        scene.run(seconds=0.1)
    assert len(of(WriteJob, scene.done)) - before <= 2
    scene.run(seconds=5)
    assert scene.jobs["film"].status.task_counts.succeeded == 40


def test_a_new_job_is_held_before_anything_is_said_of_it() -> None:
    scene = a_running_scene()
    scene.add(a_job(held=False))
    first, second = scene.run(seconds=5)
    assert isinstance(first, HoldJob)
    assert first.finalizers == ("example.com/own", labels.JOB_FINALIZER)
    assert isinstance(second, WriteJob)


def test_holding_a_job_is_tried_again() -> None:
    scene = a_running_scene()
    scene.add(a_job(held=False))
    scene.fail(HoldJob, Missed("no answer", again_in=5))
    scene.run(seconds=4)
    assert labels.JOB_FINALIZER not in scene.jobs["film"].metadata.finalizers
    scene.run(seconds=2)
    assert labels.JOB_FINALIZER in scene.jobs["film"].metadata.finalizers


def test_the_next_job_of_a_name_is_held_though_the_first_went_meanwhile() -> None:
    scene = a_running_scene()
    scene.add(a_job(held=False))
    asked = scene.plan().actions
    scene.remove_job("film")
    settle(scene.pool_state(), asked[0], Done("2", "uid-film"), scene.now)
    scene.add(a_job(held=False, uid="another", version=3))
    scene.run()
    assert labels.JOB_FINALIZER in scene.jobs["film"].metadata.finalizers


def test_a_deleted_job_stops_its_tasks_and_goes_with_them() -> None:
    scene = a_running_scene(sweep=2)
    scene.add(a_job(), a_task("runs"), a_task("waits", created=1))
    scene.run(seconds=5)
    scene.add(scene.deleted(scene.jobs["film"]))
    assert [a.pod for a in of(StopAttempt, scene.run(seconds=5))] == ["runs-1"]
    assert scene.jobs["film"].status.state is JobState.DELETING
    assert condition(scene, "Complete") == ("False", "Deleting")
    scene.ends("runs-1", exited(143, "Terminated"))
    actions = scene.run(seconds=10)
    assert [a.pod for a in of(ReleaseEvidence, actions)] == ["runs-1"]
    assert [a.uid for a in of(ReleaseJob, actions)] == ["uid-film"]
    assert of(WriteTask, actions) == [], "what goes at once is not worth a write"
    assert (scene.tasks, scene.jobs) == ({}, {})
    assert "film" not in scene.world.namespace("studio").jobs
    assert not [name for name in scene.pods if name.startswith("runs-")]


def test_a_completed_job_that_is_deleted_stays_complete_to_the_end() -> None:
    scene = a_running_scene()
    scene.add(a_job(desiredState="Terminated"))
    scene.run(seconds=5)
    ended = scene.jobs["film"].status.end_time
    scene.fail(ReleaseJob, Missed("no answer", again_in=50))
    scene.add(scene.deleted(scene.jobs["film"]))
    scene.run(seconds=5)
    status = scene.jobs["film"].status
    assert (status.state, status.end_time, status.terminate_reason) == (JobState.DELETING, ended, "UserTerminate")
    assert condition(scene, "Complete") == ("True", "Deleting")
    scene.run(seconds=60)
    assert scene.jobs == {}


def test_a_task_that_lost_its_pod_is_not_booked_in_a_job_that_goes() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("runs"))
    scene.run(seconds=5)
    scene.starts("runs-1")
    scene.run(seconds=5)
    scene.fail(ReleaseJob, Missed("no answer", again_in=50))
    scene.add(scene.deleted(scene.jobs["film"]))
    scene.remove_pod("runs-1")
    assert of(WriteTask, scene.run(seconds=40)) == []


def test_a_job_made_again_is_a_job_like_any_other() -> None:
    scene = a_running_scene()
    scene.add(a_job())
    scene.run(seconds=5)
    scene.add(scene.deleted(scene.jobs["film"]))
    scene.run(seconds=5)
    scene.add(a_job(uid="second", version=scene.version + 1), a_task("a"))
    assert [a.task for a in of(StartAttempt, scene.run(seconds=5))] == ["a"]
    scene.ends("a-1", exited(0))
    scene.add(scene.deleted(scene.jobs["film"]))
    assert [a.uid for a in of(ReleaseJob, scene.run(seconds=5))] == ["second"]


def test_a_status_that_was_not_taken_is_written_again() -> None:
    scene = a_running_scene()
    scene.add(a_job())
    scene.fail(WriteJob, Refused("Invalid", "no"))
    assert of(WriteJob, scene.run(seconds=29)) == []
    assert len(of(WriteJob, scene.run(seconds=600))) == 1


def test_max_parallel_tasks_bounds_what_runs() -> None:
    scene = a_running_scene(hosts=2, slots=4)
    scene.add(a_job(maxParallelTasks=3), *(a_task(f"t{n}") for n in range(6)))
    started = [a.pod for a in of(StartAttempt, scene.run(seconds=5))]
    assert len(started) == 3
    scene.ends(started[0], exited(0))
    assert len(of(StartAttempt, scene.run())) == 1


def disable(scene: Scene, option: DisableTasks = DisableTasks.REQUEUE) -> None:
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.DISABLED, disable_tasks=option))


def enable(scene: Scene) -> None:
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.ACTIVE))


def a_scene_that_runs_one() -> Scene:
    """A job with a task that runs and one that waits for its slot."""
    scene = a_running_scene()
    scene.add(a_job(), a_task("runs"), a_task("waits", created=1))
    scene.run(seconds=5)
    return scene


def state(scene: Scene) -> JobState | None:
    return scene.jobs["film"].status.state


@pytest.mark.parametrize(
    ("option", "result", "requeues", "starts_after"),
    [
        (DisableTasks.REQUEUE, ("Active", None), 1, "runs-2"),
        (DisableTasks.TERMINATE, ("Completed", "Failure"), 0, "waits-1"),
    ],
)
def test_a_disable_that_stops_what_runs(
    option: DisableTasks, result: tuple[str, str | None], requeues: int, starts_after: str
) -> None:
    scene = a_scene_that_runs_one()
    disable(scene, option)
    assert [a.pod for a in of(StopAttempt, scene.run())] == ["runs-1"]
    assert (state(scene), condition(scene, "Disabled")) == (JobState.DISABLING, ("False", "Disabling"))
    scene.ends("runs-1", exited(143, "Terminated"))
    assert of(StartAttempt, scene.run(seconds=60)) == []
    assert (state(scene), condition(scene, "Disabled")) == (JobState.DISABLED, ("True", "DisabledByUser"))
    status = scene.tasks["runs"].status
    assert (status.state, status.result, status.requeue_count) == (*result, requeues)
    enable(scene)
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=5))] == [starts_after]
    assert (state(scene), condition(scene, "Disabled")) == (JobState.ACTIVE, ("False", "Enabled"))


def test_a_disable_that_waits_lets_tasks_run_on() -> None:
    scene = a_scene_that_runs_one()
    disable(scene, DisableTasks.WAIT)
    assert of(StopAttempt, scene.run(seconds=60)) == []
    assert state(scene) is JobState.DISABLING
    scene.ends("runs-1", exited(0))
    assert of(StartAttempt, scene.run(seconds=60)) == []
    assert (state(scene), scene.tasks["runs"].status.result) == (JobState.DISABLED, "Success")


def test_the_option_may_change_while_the_job_is_disabling() -> None:
    scene = a_scene_that_runs_one()
    disable(scene, DisableTasks.WAIT)
    scene.run(seconds=5)
    disable(scene, DisableTasks.TERMINATE)
    assert [a.pod for a in of(StopAttempt, scene.run())] == ["runs-1"]
    scene.ends("runs-1", exited(143, "Terminated"))
    scene.run(seconds=5)
    assert (state(scene), scene.tasks["runs"].status.result) == (JobState.DISABLED, "Failure")


def test_nothing_starts_before_the_object_says_that_it_is_enabled() -> None:
    scene = a_running_scene()
    scene.add(a_job(desiredState="Disabled"), a_task("a"))
    scene.run(seconds=5)
    enable(scene)
    scene.fail(WriteJob, Missed("conflict", again_in=2))
    assert of(StartAttempt, scene.run(seconds=1)) == []
    actions = scene.run(seconds=5)
    told = [a.status.state for a in of(WriteJob, actions)]
    assert told[:2] == [JobState.ENABLING, JobState.ACTIVE]
    assert actions.index(of(StartAttempt, actions)[0]) > actions.index(of(WriteJob, actions)[0])


def test_enabled_while_a_task_is_still_being_stopped_it_is_requeued_all_the_same() -> None:
    scene = a_scene_that_runs_one()
    disable(scene)
    scene.run()
    enable(scene)
    assert of(StartAttempt, scene.run(seconds=5)) == []
    assert state(scene) is JobState.ENABLING
    scene.ends("runs-1", exited(143, "Terminated"))
    assert of(StartAttempt, scene.run(seconds=5))
    assert (state(scene), scene.tasks["runs"].status.requeue_count) == (JobState.ACTIVE, 1)


def the_service_disables(scene: Scene) -> None:
    job = scene.pool_state().jobs["film"]
    job.disable_asked = JobDisable(
        reason="TaskFailed", message="Task runs failed.", time=datetime.fromtimestamp(scene.now, UTC)
    )
    scene.pool_state().mark("job", "film")


@pytest.mark.parametrize("fails", [False, True], ids=["", "the first write fails"])
def test_a_disable_of_the_service_lasts_until_a_user_enables_the_job(fails: bool) -> None:
    scene = a_scene_that_runs_one()
    the_service_disables(scene)
    if fails:
        scene.fail(WriteJob, Missed("conflict"))
    assert [a.pod for a in of(StopAttempt, scene.run(seconds=1))] == ["runs-1"]
    scene.ends("runs-1", exited(143, "Terminated"))
    assert of(StartAttempt, scene.run(seconds=60)) == []
    assert (state(scene), condition(scene, "Disabled")) == (JobState.DISABLED, ("True", "TaskFailed"))
    scene.add(scene.edit(scene.jobs["film"], priority=5))
    assert of(StartAttempt, scene.run(seconds=60)) == [], "an edit of something else lifts nothing"
    when = datetime.fromtimestamp(scene.now, UTC)
    scene.add(scene.edit(scene.jobs["film"], enabled_at=when))
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=5))] == ["runs-2"]
    status = scene.jobs["film"].status
    assert (status.state, status.disabled_by, status.served.enabled_at) == (JobState.ACTIVE, None, when)
    the_service_disables(scene)
    scene.run(seconds=5)
    assert state(scene) is JobState.DISABLING, "a time that is served lifts no later disable"


def test_a_user_who_takes_a_disable_over_may_lift_it_with_desired_state_alone() -> None:
    scene = a_scene_that_runs_one()
    the_service_disables(scene)
    scene.run(seconds=1)
    scene.ends("runs-1", exited(143, "Terminated"))
    scene.run(seconds=5)
    disable(scene)
    scene.run(seconds=5)
    assert condition(scene, "Disabled") == ("True", "DisabledByUser")
    enable(scene)
    assert of(StartAttempt, scene.run(seconds=5))


def test_a_pool_may_be_changed_while_the_job_is_disabled() -> None:
    scene = a_running_scene()
    scene.add(a_job(poolName="elsewhere"), a_task("a"))
    scene.run(KEY, ELSEWHERE, seconds=5)
    disable(scene)
    scene.run(KEY, ELSEWHERE, seconds=5)
    assert state(scene) is JobState.DISABLED
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.ACTIVE, pool_name="farm"))
    assert [(a.pod, a.pool) for a in of(StartAttempt, scene.run(KEY, ELSEWHERE, seconds=5))] == [("a-1", "farm")]
    assert scene.jobs["film"].status.pool_name == "farm"


@pytest.mark.parametrize("late", [False, True], ids=["at once", "when waiting gets too long"])
def test_by_force_a_job_ends_before_its_nodes_answer(late: bool) -> None:
    scene = a_scene_that_runs_one()
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED, force=not late))
    actions = scene.run(seconds=5)
    if late:
        assert state(scene) is JobState.TERMINATING
        scene.add(scene.edit(scene.jobs["film"], force=True))
        actions += scene.run(seconds=5)
    assert [a.pod for a in of(StopAttempt, actions)] == ["runs-1"]
    assert state(scene) is JobState.COMPLETED
    assert scene.tasks["runs"].status.result == "Failure"
    assert scene.jobs["film"].status.task_counts.failed == 1
    assert scene.pool_state().slots_used == 1, "its slot is not free before it has ended"
    scene.ends("runs-1", exited(0))
    scene.run(seconds=60)
    assert scene.tasks["runs"].status.result == "Failure", "a result that comes too late is refused"
    assert scene.pool_state().slots_used == 0
