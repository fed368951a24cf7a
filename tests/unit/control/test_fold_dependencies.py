"""Tasks that depend on others, in the whole judgement: held back, released, told of what cannot be; jobs that end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.control.actions import StartAttempt, WriteJob, WriteTask
from millpond.control.outcomes import Missed
from support.builders import a_job, a_task, at, exited
from support.scene import Scene, a_running_scene, of

USES = {"usesTaskDependencies": True}
PERFORMS = {"onTaskFailure": "PerformExitOptionsJobAction"}


def after(*ids: str, ranges: tuple[tuple[int, int], ...] = ()) -> dict[str, Any]:
    """A task's words for what it depends on."""
    return {
        "dependsOn": {"taskIds": list(ids), "taskIdRanges": [{"start": start, "end": end} for start, end in ranges]}
    }


def started(scene: Scene) -> list[str]:
    """The tasks started now."""
    return [action.task for action in of(StartAttempt, scene.run(seconds=5))]


def ends(scene: Scene, task: str, code: int = 0, attempt: int = 1) -> None:
    scene.ends(f"{task}-{attempt}", exited(code))


def told(scene: Scene, task: str) -> str | None:
    """The reason of the task's condition Scheduled=False."""
    found = [c for c in scene.tasks[task].status.conditions if c.type == "Scheduled" and c.status == "False"]
    return found[0].reason if found else None


def a_scene(**job: Any) -> Scene:
    scene = a_running_scene(slots=8)
    scene.add(a_job(**{**USES, **job}))
    return scene


@pytest.mark.parametrize("late", [False, True], ids=["job first", "tasks first"])
def test_tasks_go_when_what_they_depend_on_has_succeeded(late: bool) -> None:
    scene = a_running_scene(slots=8)
    objects = [a_job(**USES), a_task("join", **after("Left", ranges=((1, 2),)))]
    objects += [a_task("left"), a_task("one", id="01"), a_task("two", id="2")]
    scene.add(*(reversed(objects) if late else objects))
    assert started(scene) == ["left", "one", "two"]
    assert not scene.tasks["join"].status.conditions
    for name in ("two", "left"):
        ends(scene, name)
        assert started(scene) == []
    ends(scene, "one")
    assert started(scene) == ["join"]


def test_a_failure_blocks_unless_its_exit_conditions_satisfy() -> None:
    scene = a_scene()
    satisfies = {"exitConditions": {"exitCodes": [{"code": 3, "exitOptions": {"dependencyAction": "Satisfy"}}]}}
    scene.add(a_task("first", **satisfies), a_task("second"), a_task("a", **after("first")))
    scene.add(a_task("b", **after("second")))
    scene.run()
    ends(scene, "first", 3)
    ends(scene, "second", 3)
    assert started(scene) == ["a"]


def test_only_the_last_of_the_retries_counts() -> None:
    scene = a_scene(constraints={"maxTaskRetryCount": 1})
    scene.add(a_task("first"), a_task("then", **after("first")))
    scene.run()
    ends(scene, "first", 3)
    assert started(scene) == ["first"]
    ends(scene, "first", 0, attempt=2)
    assert started(scene) == ["then"]


def test_an_end_counts_once_it_is_written() -> None:
    scene = a_scene()
    scene.add(a_task("first"), a_task("then", **after("first")))
    scene.run()
    ends(scene, "first")
    scene.fail(WriteTask, Missed("no answer", again_in=60.0))
    assert started(scene) == []
    assert [a.task for a in of(StartAttempt, scene.run(seconds=90))] == ["then"]


def test_a_predecessor_that_is_deleted_holds_back_again_unless_the_dependent_has_begun() -> None:
    scene = a_scene(maxParallelTasks=1)
    scene.add(a_task("first"), a_task("a", **after("first")), a_task("b", **after("first")))
    scene.run()
    ends(scene, "first")
    assert started(scene) == ["a"]
    scene.remove_task("first")
    ends(scene, "a")
    assert started(scene) == []
    scene.remove_pod("first-1")
    scene.add(a_task("first", uid="another", version=int(scene.next_version())))
    assert started(scene) == ["first"]
    ends(scene, "first")
    assert started(scene) == ["b"]


def test_a_start_that_failed_leaves_the_task_waiting_for_its_predecessors() -> None:
    scene = a_scene()
    scene.add(a_task("first"), a_task("then", **after("first")))
    scene.run()
    ends(scene, "first")
    scene.fail(StartAttempt, Missed("no answer", again_in=1.0))
    scene.run()
    scene.remove_task("first")
    assert [a.task for a in of(StartAttempt, scene.run(seconds=60))] == []
    assert scene.task("then").blocked


def test_many_waiting_tasks_are_told_nothing() -> None:
    scene = a_scene()
    scene.add(a_task("first"), *(a_task(f"t{number}", **after("first")) for number in range(100)))
    assert of(WriteTask, scene.run(seconds=1)) == []


@pytest.mark.parametrize(
    ("job", "task", "reason"),
    [
        ({}, after("x"), "TaskDependenciesNotSpecifiedOnJob"),
        ({}, {"exitConditions": {"default": {"jobAction": "None"}}}, "InvalidPropertyValue"),
        (PERFORMS, {"exitConditions": {"default": {"dependencyAction": "Satisfy"}}}, "InvalidPropertyValue"),
    ],
)
def test_a_task_that_contradicts_its_job_never_runs_and_its_neighbours_do(
    job: dict[str, Any], task: dict[str, Any], reason: str
) -> None:
    scene = a_running_scene(slots=8)
    scene.add(a_task("bad", **task), a_job(**job), a_task("worse", **task), a_task("good"))
    assert started(scene) == ["good"]
    assert (told(scene, "bad"), told(scene, "worse"), told(scene, "good")) == (reason, reason, None)
    assert {action.task for action in of(WriteTask, scene.run(seconds=60))} <= {"good"}


def test_a_cycle_is_told_to_its_tasks_until_it_is_broken() -> None:
    scene = a_scene()
    scene.add(a_task("a", **after("b")), a_task("b", **after("a")), a_task("behind", **after("a")), a_task("free"))
    assert started(scene) == ["free"]
    assert (told(scene, "a"), told(scene, "b"), told(scene, "behind")) == ("DependencyCycle", "DependencyCycle", None)
    assert "a -> b -> a" in scene.tasks["b"].status.conditions[0].message
    scene.remove_task("b")
    assert started(scene) == []
    assert told(scene, "a") is None
    scene.add(a_task("b", uid="another", version=int(scene.next_version())))
    assert started(scene) == ["b"]


def test_a_cycle_behind_another_predecessor_is_told_when_that_is_done() -> None:
    scene = a_scene()
    scene.add(a_task("a", **after("x", "b")), a_task("b", **after("a")), a_task("x"))
    scene.run()
    assert told(scene, "a") is None
    ends(scene, "x")
    scene.run(seconds=1)
    assert told(scene, "a") == told(scene, "b") == "DependencyCycle"


def test_a_job_that_is_made_again_has_its_own_rules() -> None:
    scene = a_scene()
    scene.add(a_task("first"), a_task("then", **after("first")))
    scene.run()
    scene.remove_job("film")
    scene.world.observe_task(scene.tasks["then"])
    assert not scene.task("then").blocked
    scene.add(a_job(uid="another", version=int(scene.next_version())))
    scene.run(seconds=1)
    assert told(scene, "then") == "TaskDependenciesNotSpecifiedOnJob"


# What the job owes to the ends of its tasks.


def job_writes(scene: Scene) -> list[tuple[str, str | None]]:
    return [(a.status.state, a.status.terminate_reason) for a in of(WriteJob, scene.done) if a.status.state]


def test_a_job_ends_with_the_task_that_says_so_and_not_before_that_is_written() -> None:
    scene = a_running_scene(slots=8)
    scene.add(a_job(**PERFORMS), a_task("bad"), a_task("other"))
    scene.run()
    ends(scene, "bad", 3)
    scene.fail(WriteTask, Missed("no answer", again_in=60.0))
    scene.run(seconds=5)
    assert {state for state, _ in job_writes(scene)} == {"Active"}
    scene.run(seconds=90)
    assert job_writes(scene)[-1] == ("Terminating", "TaskFailed")
    assert scene.tasks["bad"].status.failure is not None
    assert scene.tasks["bad"].status.failure.code == "FailureExitCode"
    ends(scene, "other", 143)
    scene.run(seconds=5)
    assert job_writes(scene)[-1] == ("Completed", "TaskFailed")


@pytest.mark.parametrize(
    ("job", "task", "code", "state", "reason"),
    [
        ({}, {}, 3, "Active", None),
        (PERFORMS, {}, 0, "Active", None),
        (PERFORMS, {}, 3, "Completed", "TaskFailed"),
        (PERFORMS, {"exitConditions": {"default": {"jobAction": "None"}}}, 3, "Active", None),
        (PERFORMS | {"onAllTasksComplete": "TerminateJob"}, {}, 3, "Completed", "TaskFailed"),
        (PERFORMS | {"onAllTasksComplete": "TerminateJob"}, {}, 0, "Completed", "AllTasksComplete"),
    ],
)
def test_what_a_job_does_when_its_task_has_ended(
    job: dict[str, Any], task: dict[str, Any], code: int, state: str, reason: str | None
) -> None:
    scene = a_running_scene()
    scene.add(a_job(**job), a_task("one", **task))
    scene.run()
    ends(scene, "one", code)
    scene.run(seconds=5)
    assert (scene.jobs["film"].status.state, scene.jobs["film"].status.terminate_reason) == (state, reason)


DISABLES = {"exitConditions": {"exitCodes": [{"code": 3, "exitOptions": {"jobAction": "Disable"}}]}}


def job_state(scene: Scene) -> str | None:
    return scene.jobs["film"].status.state


def enable(scene: Scene) -> None:
    scene.add(scene.edit(scene.jobs["film"], enabled_at=datetime.fromtimestamp(scene.now, UTC)))


def test_a_task_disables_its_job_once_and_a_user_enables_it() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(**PERFORMS), a_task("bad", **DISABLES), a_task("other", **DISABLES))
    scene.run()
    ends(scene, "bad", 3)
    scene.fail(WriteJob, Missed("conflict"))
    scene.run(seconds=5)
    assert job_state(scene) == "Disabling"
    scene.add(a_task("waits", created=1))
    scene.ends("other-1", exited(143, "Terminated"))
    scene.run(seconds=5)
    status = scene.jobs["film"].status
    assert status.disabled_by is not None
    assert (status.state, status.disabled_by.reason) == ("Disabled", "TaskFailed")
    assert "Task bad ended" in status.disabled_by.message
    enable(scene)
    assert started(scene) == ["other", "waits"]
    scene.run(seconds=60)
    assert job_state(scene) == "Active"


def test_a_disable_is_not_repeated_by_an_operator_that_starts_anew_but_by_a_later_end() -> None:
    scene = a_running_scene(slots=8)
    end = {"state": "Completed", "result": "Failure", "exitCode": 3, "failure": {"code": "FailureExitCode"}}
    served = {"state": "Active", "served": {"taskEndTime": at(0)}}
    scene.add(a_job(**PERFORMS, status=served), a_task("bad", status=end | {"endTime": at(0)}, **DISABLES))
    scene.add(a_task("next", **DISABLES))
    assert started(scene) == ["next"]
    assert job_state(scene) == "Active"
    scene.now += 60
    ends(scene, "next", 3)
    scene.run(seconds=5)
    assert job_state(scene) == "Disabled"
    assert str(scene.jobs["film"].status.served.task_end_time) > "2026-01-01"


def test_a_disable_is_found_again_by_an_operator_that_starts_anew() -> None:
    scene = a_running_scene(slots=8)
    end = {"state": "Completed", "result": "Failure", "exitCode": 3, "failure": {"code": "FailureExitCode"}}
    scene.add(a_task("bad", status=end | {"endTime": at(7)}, **DISABLES), a_job(**PERFORMS, status={"state": "Active"}))
    scene.add(a_task("next"))
    assert started(scene) == []
    assert job_state(scene) == "Disabled"


def test_blocked_tasks_hold_their_job_open() -> None:
    scene = a_scene(onAllTasksComplete="TerminateJob")
    scene.add(a_task("first"), a_task("then", **after("first")))
    scene.run()
    ends(scene, "first", 1)
    scene.run(seconds=3600)
    assert scene.jobs["film"].status.state == "Active"


def test_a_young_operator_draws_the_same_from_what_is_written() -> None:
    scene = a_running_scene(slots=8)
    failed = {"state": "Completed", "result": "Failure", "exitCode": 3, "failure": {"code": "FailureExitCode"}}
    failed["endTime"] = at(9)
    scene.add(a_task("bad", status=failed), a_job(**PERFORMS, status={"state": "Active"}))
    scene.run(seconds=1)
    assert job_writes(scene)[-1] == ("Completed", "TaskFailed")


def test_an_end_under_an_earlier_job_of_that_name_asks_nothing_of_this_one() -> None:
    scene = a_running_scene(slots=8)
    failed = {"state": "Completed", "result": "Failure", "exitCode": 3, "failure": {"code": "FailureExitCode"}}
    scene.add(a_task("bad", status=failed | {"endTime": at(9)}), a_job(**PERFORMS, created=10))
    scene.run(seconds=1)
    assert job_state(scene) == "Active"


def test_a_task_that_is_reactivated_holds_its_job_open_and_satisfies_nobody() -> None:
    scene = a_scene(onAllTasksComplete="TerminateJob")
    scene.add(a_task("bad", exitConditions={"default": {"dependencyAction": "Satisfy"}}), a_task("long"))
    scene.run()
    ends(scene, "bad", 3)
    scene.run(seconds=5)
    scene.edit_task("bad", reactivatedAt=at(60))
    scene.add(a_task("then", **after("bad")))
    ends(scene, "long")
    assert started(scene) == ["bad"]
    assert job_state(scene) == "Active"
    ends(scene, "bad", 0, attempt=2)
    assert started(scene) == ["then"]
