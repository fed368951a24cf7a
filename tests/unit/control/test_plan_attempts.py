"""The lives of attempts: evidence becomes a verdict, the verdict is written, and only then is the evidence let go."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import TaskState
from millpond.control.actions import ReleaseEvidence, StartAttempt, StopAttempt, SweepPods, WriteTask
from millpond.control.limits import Limits
from millpond.control.outcomes import Missed
from support.builders import a_job, a_task, ended, exited, record, running, waiting
from support.scene import Scene, a_running_scene, kinds, of


def a_scene_with(name: str = "frame", hosts: int = 1, job: dict[str, Any] | None = None, **task: Any) -> Scene:
    """A task whose first attempt is bound."""
    scene = a_running_scene(hosts, node_lost=300, sweep=2)
    scene.add(a_job(**(job or {})), a_task(name, **task))
    assert of(StartAttempt, scene.run())
    return scene


def test_a_short_success_costs_three_writes_beside_its_pod() -> None:
    scene = a_scene_with()
    scene.ends("frame-1", exited(0))
    actions = [a for a in scene.run(seconds=60) if isinstance(a, WriteTask | ReleaseEvidence | SweepPods)]
    assert kinds(actions) == ["WriteTask", "ReleaseEvidence", "SweepPods"]
    status = scene.tasks["frame"].status
    assert (status.state, status.result, status.exit_code, status.attempt) == ("Completed", "Success", 0, 1)
    assert scene.pods.keys() == set(scene.nodes)


def test_a_long_task_is_written_as_preparing_and_running() -> None:
    scene = a_scene_with()
    assert of(WriteTask, scene.run(seconds=2.9)) == []
    scene.run(seconds=0.2)
    assert scene.tasks["frame"].status.state == "Preparing"
    scene.starts("frame-1")
    assert of(WriteTask, scene.run(seconds=0.8)) == []
    scene.run(seconds=0.2)
    status = scene.tasks["frame"].status
    assert (status.state, status.node_name, status.pod_name) == ("Running", *scene.nodes, "frame-1")
    scene.ends("frame-1", exited(0))
    scene.run(seconds=10)
    assert scene.tasks["frame"].status.state == "Completed"


def test_a_task_runs_until_its_output_files_are_uploaded() -> None:
    scene = a_scene_with()
    uploading = [{"name": "upload", "state": running()}]
    scene.pod("frame-1", exited(0), phase="Running", initContainerStatuses=uploading)
    assert of(WriteTask, scene.run(seconds=0.9)) == []
    scene.run(seconds=5)
    status = scene.tasks["frame"].status
    assert (status.state, status.pod_name, status.exit_code) == ("Running", "frame-1", None)
    report = '{"code":"FileUploadAccessDenied","message":"No"}'
    failed = [{"name": "upload", "state": ended(1, message=report)}]
    scene.pod("frame-1", exited(0), phase="Succeeded", initContainerStatuses=failed)
    scene.run(seconds=5)
    status = scene.tasks["frame"].status
    assert (status.state, status.result, status.exit_code, status.retry_count) == ("Completed", "Failure", 0, 0)
    assert status.failure is not None
    assert status.failure.code == "FileUploadAccessDenied"


@pytest.mark.parametrize(
    ("own", "of_job", "tries"), [(None, 0, 1), (None, 2, 3), (0, 5, 1), (1, 0, 2), (3, 1, 4)], ids=str
)
def test_retries_are_the_task_s_own_else_its_job_s(own: int | None, of_job: int, tries: int) -> None:
    constraints = {} if own is None else {"constraints": {"maxTaskRetryCount": own}}
    scene = a_scene_with(job={"constraints": {"maxTaskRetryCount": of_job}}, **constraints)
    for attempt in range(1, 10):
        scene.ends(f"frame-{attempt}", exited(1))
        scene.run(seconds=5)
        if scene.tasks["frame"].status.state == "Completed":
            break
    status = scene.tasks["frame"].status
    assert (status.result, status.attempt, status.retry_count) == ("Failure", tries, tries - 1)
    assert status.requeue_count == 0


def test_unlimited_retries_go_on() -> None:
    scene = a_scene_with(constraints={"maxTaskRetryCount": -1})
    for attempt in range(1, 21):
        scene.ends(f"frame-{attempt}", exited(1))
        scene.run(seconds=5)
    assert (scene.tasks["frame"].status.retry_count, scene.task("frame").attempt) == (20, 21)


def test_a_refused_pod_is_tried_again_uncounted_after_a_growing_pause() -> None:
    scene = a_scene_with()
    pauses = []
    for attempt in range(1, 5):
        scene.pod(f"frame-{attempt}", phase="Failed", reason="OutOfcpu")
        began = scene.now
        while f"frame-{attempt + 1}" not in scene.pods:
            scene.run(seconds=0.5)
        pauses.append(round(scene.now - began))
    status = scene.tasks["frame"].status
    assert (status.retry_count, status.requeue_count, status.attempt) == (0, 0, 4)
    assert pauses == [1, 2, 4, 8]


def test_a_task_that_every_node_turns_away_fails_in_the_end() -> None:
    scene = a_scene_with(constraints={"maxTaskRetryCount": -1})
    scene.limits = Limits(node_refusals=3)
    for attempt in (1, 2):
        scene.pod(f"frame-{attempt}", phase="Failed", reason="NodeAffinity")
        scene.run(seconds=10)
    scene.pod("frame-3", phase="Failed", reason="Evicted", message="low on memory")
    scene.run(seconds=20)
    for attempt in (4, 5, 6):
        assert scene.tasks["frame"].status.state != "Completed"
        scene.pod(f"frame-{attempt}", phase="Failed", reason="NodeAffinity", message="no match")
        scene.run(seconds=20)
    status = scene.tasks["frame"].status
    assert (status.state, status.attempt, status.retry_count) == ("Completed", 6, 0)
    failure = of(WriteTask, scene.done)[-1].status.failure
    assert failure is not None
    assert failure.code == "MaxInternalRetryCountReached"


def test_the_next_attempt_waits_for_the_phase_not_for_the_container() -> None:
    scene = a_scene_with(constraints={"maxTaskRetryCount": 1})
    scene.pod("frame-1", exited(1), phase="Running")
    assert of(StartAttempt, scene.run()) == []
    scene.pod("frame-1", exited(1))
    assert [a.pod for a in of(StartAttempt, scene.run())] == ["frame-2"]


def test_a_task_whose_container_ended_stays_running_until_its_pod_has_ended() -> None:
    scene = a_scene_with()
    scene.starts("frame-1")
    scene.run(seconds=10)
    scene.pod("frame-1", exited(0), phase="Running")
    assert of(WriteTask, scene.run(seconds=10)) == []
    assert scene.tasks["frame"].status.state == "Running"


def test_a_pod_deleted_by_hand_before_its_exit_runs_again_uncounted() -> None:
    scene = a_scene_with()
    scene.starts("frame-1")
    scene._patch_pod("frame-1", deletionTimestamp="2026-01-01T00:00:00Z")
    assert of(StopAttempt, scene.run()) == []
    scene.ends("frame-1", exited(143, "Terminated"))
    scene.run(seconds=2)
    status = scene.tasks["frame"].status
    assert (status.state, status.retry_count, status.requeue_count) == ("Active", 0, 0)
    assert scene.task("frame").live is not None
    assert scene.task("frame").attempt == 2


def test_terminating_a_running_task_stops_it_and_fails_it_as_ended() -> None:
    scene = a_scene_with(constraints={"maxTaskRetryCount": -1})
    scene.starts("frame-1")
    scene.run(seconds=3)
    scene.edit_task("frame", desiredState="Terminated")
    assert [a.pod for a in of(StopAttempt, scene.run())] == ["frame-1"]
    scene.ends("frame-1", exited(143, "Terminated"))
    scene.run(seconds=5)
    status = scene.tasks["frame"].status
    assert (status.state, status.result, status.exit_code) == ("Completed", "Failure", 143)
    assert of(WriteTask, scene.done)[-1].status.failure.code == "TaskEnded"  # type: ignore[union-attr]


def test_terminating_a_waiting_task_needs_no_pod() -> None:
    scene = a_scene_with()
    scene.add(a_task("later"))
    scene.run()
    scene.edit_task("later", desiredState="Terminated")
    assert of(StopAttempt, scene.run()) == []
    status = scene.tasks["later"].status
    assert (status.state, status.result, status.attempt) == ("Completed", "Failure", 0)


def test_a_deleted_task_s_pod_is_stopped_and_swept_and_counts_for_nothing() -> None:
    scene = a_scene_with()
    scene.starts("frame-1")
    scene.remove_task("frame")
    assert kinds(scene.run())[0] == "StopAttempt"
    scene.ends("frame-1", exited(143, "Terminated"))
    actions = scene.run(seconds=10)
    assert of(WriteTask, actions) == []
    assert "frame-1" not in scene.pods
    assert scene.jobs["film"].status.task_counts.completed == 0


def test_a_namesake_waits_until_the_old_pod_is_gone() -> None:
    scene = a_scene_with(hosts=2)
    scene.starts("frame-1")
    scene.remove_task("frame")
    scene.add(a_task("frame", uid="second"))
    assert of(StartAttempt, scene.run(seconds=30)) == []
    scene.ends("frame-1", exited(0))
    started = of(StartAttempt, scene.run(seconds=10))
    assert [(a.pod, a.task_uid) for a in started] == [("frame-1", "second")]
    assert scene.tasks["frame"].status.state == "Active" or scene.tasks["frame"].status.state == "Preparing"
    assert scene.tasks["frame"].status.result is None


def test_a_host_that_falls_silent_gives_its_attempts_up_in_time() -> None:
    scene = a_scene_with(hosts=2)
    scene.starts("frame-1")
    scene.run(seconds=5)
    host = scene.pods["frame-1"].spec.node_name
    assert host is not None
    scene.host(host, ready="Unknown", since=scene.now - 1767225600)
    assert of(StartAttempt, scene.run(seconds=299)) == []
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=5))] == ["frame-2"]
    status = scene.tasks["frame"].status
    assert (status.retry_count, status.requeue_count) == (0, 0)
    scene.ends("frame-1", exited(0))
    scene.run(seconds=5)
    assert scene.tasks["frame"].status.state != "Completed"
    scene.ends("frame-2", exited(3))
    scene.run(seconds=5)
    assert (scene.tasks["frame"].status.exit_code, scene.tasks["frame"].status.attempt) == (3, 2)


def test_a_short_silence_does_no_harm() -> None:
    scene = a_scene_with(hosts=2)
    scene.starts("frame-1")
    host = scene.pods["frame-1"].spec.node_name
    assert host is not None
    scene.host(host, ready="Unknown", since=10)
    scene.run(seconds=30)
    scene.host(host, ready="True", since=40)
    scene.ends("frame-1", exited(0))
    assert of(StartAttempt, scene.run(seconds=10)) == []
    assert scene.tasks["frame"].status.result == "Success"


def test_a_waiting_pod_on_a_silent_host_is_not_judged_by_its_age() -> None:
    scene = a_scene_with(hosts=2)
    scene.pod("frame-1", waiting("ErrImagePull"))
    host = scene.pods["frame-1"].spec.node_name
    assert host is not None
    scene.run(seconds=100)
    scene.host(host, ready="Unknown", since=100)
    scene.run(seconds=200)
    assert scene.tasks["frame"].status.state != "Completed"


def test_a_host_that_is_deleted_frees_its_attempts_at_once() -> None:
    scene = a_scene_with(hosts=2)
    scene.starts("frame-1")
    host = scene.pods["frame-1"].spec.node_name
    assert host is not None
    scene.remove_host(host)
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=3))] == ["frame-2"]


def test_a_pod_that_vanished_before_any_write_is_booked_and_gets_a_new_number() -> None:
    scene = a_scene_with()
    scene.remove_pod("frame-1")
    actions = scene.run(seconds=5)
    assert of(WriteTask, actions)[0].status.attempt == 1
    assert [a.pod for a in of(StartAttempt, actions)] == ["frame-2"]


def test_a_pod_that_vanished_after_it_ran_is_booked_once() -> None:
    scene = a_scene_with()
    scene.starts("frame-1")
    scene.run(seconds=5)
    scene.remove_pod("frame-1")
    actions = scene.run(seconds=2)
    assert [a.status.state for a in of(WriteTask, actions)] == ["Active"]
    assert scene.task("frame").attempt == 2


def test_a_verdict_whose_write_conflicts_is_judged_again_on_what_is_seen() -> None:
    scene = a_scene_with(constraints={"maxTaskRetryCount": 3})
    scene.ends("frame-1", exited(1))
    scene.fail(WriteTask, Missed("conflict", again_in=1))
    scene.step()
    assert of(ReleaseEvidence, scene.done) == []
    assert of(StartAttempt, scene.done)[1:] == []
    scene.edit_task("frame", constraints={"maxTaskRetryCount": 0})
    scene.run(seconds=5)
    status = scene.tasks["frame"].status
    assert (status.state, status.attempt, status.retry_count, status.exit_code) == ("Completed", 1, 0, 1)
    assert len(of(ReleaseEvidence, scene.done)) == 1


@pytest.mark.parametrize("code", [0, 1])
def test_a_verdict_that_nobody_could_write_waits_with_its_evidence(code: int) -> None:
    scene = a_scene_with(constraints={"maxTaskRetryCount": 3})
    scene.ends("frame-1", exited(code))
    for _ in range(3):
        scene.fail(WriteTask, Missed("no answer", again_in=5))
    scene.run(seconds=14)
    assert of(ReleaseEvidence, scene.done) == []
    assert "frame-2" not in scene.pods
    scene.run(seconds=5)
    assert of(WriteTask, scene.done)[0].status.attempt == 1
    assert scene.tasks["frame"].status.retry_count == code
    assert len(of(ReleaseEvidence, scene.done)) == 1
    assert ("frame-2" in scene.pods) == (code == 1)


def test_a_progress_that_could_not_be_written_gives_way_to_the_verdict() -> None:
    scene = a_scene_with()
    scene.starts("frame-1")
    scene.fail(WriteTask, Missed("no answer", again_in=10))
    scene.run(seconds=5)
    scene.ends("frame-1", exited(0))
    scene.run(seconds=30)
    assert [w.status.state for w in of(WriteTask, scene.done)] == ["Completed"]


def test_an_image_that_never_comes_fails_the_task_in_time() -> None:
    scene = a_scene_with(constraints={"maxTaskRetryCount": 5})
    scene.pod("frame-1", waiting("ImagePullBackOff", "no such image"))
    scene.run(seconds=119)
    assert scene.tasks["frame"].status.state == "Preparing"
    actions = scene.run(seconds=5)
    assert scene.tasks["frame"].status.result == "Failure"
    assert kinds(actions).count("StopAttempt") == 1
    assert scene.task("frame").state is TaskState.COMPLETED


def test_a_volume_that_never_comes_fails_the_task_in_time() -> None:
    scene = a_scene_with()
    scene.run(seconds=599)
    assert scene.tasks["frame"].status.state == "Preparing"
    scene.run(seconds=5)
    assert scene.tasks["frame"].status.result == "Failure"


def test_a_counted_pod_that_still_runs_is_stopped_and_kept_until_it_ended() -> None:
    scene = a_scene_with()
    scene.pod("frame-1", waiting("InvalidImageName"))
    actions = scene.run(seconds=1)
    assert of(StopAttempt, actions)
    assert of(ReleaseEvidence, actions) == []
    scene.pod("frame-1", phase="Failed")
    assert of(ReleaseEvidence, scene.run(seconds=3))


@pytest.mark.parametrize(
    ("state", "status", "exit_code", "code"),
    [
        (exited(9), {}, 9, "FailureExitCode"),
        (ended(137, "OOMKilled"), {}, 137, "FailureExitCode"),
        (exited(143, "WallClock"), {}, 143, "TaskEnded"),
        (ended(127, message=record("CommandNotFound", 127, message="no x")), {}, 127, "CommandProgramNotFound"),
    ],
)
def test_a_failure_is_written_in_azure_s_words(
    state: dict[str, Any], status: dict[str, Any], exit_code: int, code: str
) -> None:
    scene = a_scene_with()
    scene.ends("frame-1", state, **status)
    (written,) = of(WriteTask, scene.run())
    assert (written.status.exit_code, written.status.failure.code) == (exit_code, code)  # type: ignore[union-attr]
    assert [(e.reason, e.type) for e in written.events] == [("TaskFailed", "Warning")]


def test_in_a_burst_progress_is_written_later() -> None:
    scene = a_running_scene(slots=1, burst=5, progress_in_burst=10)
    scene.add(a_job(), *(a_task(f"t{n}") for n in range(8)))
    scene.run()
    scene.starts("t0-1")
    scene.run(seconds=5)
    assert [a.task for a in of(WriteTask, scene.done)] == []
    scene.run(seconds=6)
    assert [a.status.state for a in of(WriteTask, scene.done)] == ["Running"]
