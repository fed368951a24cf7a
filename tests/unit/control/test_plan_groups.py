"""Multi-instance tasks as one attempt of many Pods: what ends one ends all, and the books count it once."""

from __future__ import annotations

import msgspec
import pytest
from millpond.api.job import DesiredState, DisableTasks
from millpond.control.actions import ReleaseEvidence, StartAttempt, StopAttempt, WriteTask
from millpond.control.outcomes import Missed, Refused
from millpond.control.plan_groups import FAREWELL
from support.builders import EPOCH, a_job, a_task, at, exited, running, waiting
from support.scene import Scene, a_running_scene, of, plain

PODS = ["mpi-1", "mpi-1-m1", "mpi-1-m2"]


def a_scene(hosts: int = 3, **limits: float) -> Scene:
    scene = a_running_scene(hosts=hosts, **limits)
    scene.add(scene.edit(scene.pools["farm"], enable_inter_node_communication=True))
    scene.run()
    return scene


def a_group(name: str = "mpi", instances: int = 3, **more: object):
    return a_task(name, multiInstanceSettings={"numberOfInstances": instances}, **more)


def started(**limits: float) -> Scene:
    """A group whose Pods run."""
    scene = a_scene(**limits)
    scene.add(a_job(), a_group(constraints={"maxTaskRetryCount": 1}))
    scene.run()
    for pod in PODS:
        scene.starts(pod)
    scene.run(seconds=2)
    return scene


def status(scene: Scene, name: str = "mpi") -> dict:
    return plain(scene.tasks[name])["status"]


def end_all(scene: Scene, *pods: str, state: dict | None = None) -> None:
    """Whoever was asked to end does."""
    for pod in pods:
        scene.ends(pod, state or exited(143, "Terminated"))


def test_it_starts_on_distinct_nodes_with_one_rendezvous() -> None:
    scene = a_scene()
    scene.add(a_job(), a_group())
    starts = of(StartAttempt, scene.run())
    assert [start.pod for start in starts] == PODS
    assert len({start.node for start in starts}) == 3
    assert {(start.attempt, start.instances, start.rendezvous) for start in starts} == {(1, 3, "10.0.0.1")}
    assert [start.instance for start in starts] == [0, 1, 2]


def test_it_runs_once_all_containers_do() -> None:
    scene = a_scene()
    scene.add(a_job(), a_group())
    scene.run()
    scene.starts("mpi-1")
    scene.starts("mpi-1-m1")
    scene.run(seconds=5)
    assert status(scene)["state"] == "Preparing"
    scene.starts("mpi-1-m2")
    scene.run(seconds=5)
    assert status(scene)["state"] == "Running"
    (write,) = [each for each in of(WriteTask, scene.done) if each.status.state == "Running"]
    assert [(sub.id, sub.state) for sub in write.status.subtasks] == [(1, "Running"), (2, "Running")]


def test_the_end_of_the_primary_is_the_end() -> None:
    scene = started()
    scene.ends("mpi-1", exited(0))
    scene.run()
    assert status(scene)["state"] == "Running", "the others are still to end"
    scene.ends("mpi-1-m1", exited(0))
    scene.ends("mpi-1-m2", exited(0))
    actions = scene.run(seconds=40)
    found = status(scene)
    assert (found["state"], found["result"], found["exitCode"], found["nodeName"]) == (
        "Completed",
        "Success",
        0,
        scene.done and found["nodeName"],
    )
    (write,) = of(WriteTask, actions)
    assert [(sub.id, sub.state, sub.exit_code, sub.result) for sub in write.status.subtasks] == [
        (1, "Completed", 0, "Success"),
        (2, "Completed", 0, "Success"),
    ]
    assert sorted(each.pod for each in of(ReleaseEvidence, actions)) == PODS
    assert scene.pool_state().index.free_slots == 3


def test_members_that_go_on_are_stopped_when_the_primary_has_ended() -> None:
    scene = started()
    scene.ends("mpi-1", exited(0, endTime=at(scene.now - EPOCH)))
    assert not of(StopAttempt, scene.run(seconds=FAREWELL - 1)), "they hear of it"
    assert [each.pod for each in of(StopAttempt, scene.run(seconds=2))] == PODS[1:]
    end_all(scene, *PODS[1:])
    scene.run()
    assert status(scene)["result"] == "Success"


def test_a_coordination_that_fails_is_a_retry_of_all() -> None:
    scene = started()
    scene.ends("mpi-1-m2", exited(3, "Coordination", message="The coordination command ended with exit code 3."))
    assert sorted(each.pod for each in of(StopAttempt, scene.run())) == PODS[:2]
    assert status(scene)["state"] == "Running"
    scene.ends("mpi-1", exited(143, "Group", message="Instance 2 has ended."))
    scene.run()
    assert status(scene)["state"] == "Running", "one still runs"
    scene.ends("mpi-1-m1", exited(143, "Group"))
    starts = of(StartAttempt, scene.run())
    assert [start.pod for start in starts] == ["mpi-2", "mpi-2-m1", "mpi-2-m2"]
    assert (status(scene)["retryCount"], status(scene)["attempt"]) == (1, 1)


def test_after_the_last_retry_the_failure_names_the_instance() -> None:
    scene = started()
    scene.edit_task("mpi", constraints={"maxTaskRetryCount": 0})
    scene.ends("mpi-1-m2", exited(3, "Coordination", message="The coordination command ended with exit code 3."))
    end_all(scene, *PODS[:2], state=exited(143, "Group"))
    scene.run()
    found = status(scene)
    assert (found["state"], found["result"], found["exitCode"]) == ("Completed", "Failure", 3)
    (write,) = [each for each in of(WriteTask, scene.done) if each.status.state == "Completed"]
    assert write.status.failure.message.startswith("Instance 2: The coordination command ended with exit code 3.")


def test_a_lost_node_is_a_recovery_of_all_under_new_names() -> None:
    scene = started()
    lost = scene.pods["mpi-1-m1"].spec.node_name
    scene.remove_host(lost)
    assert sorted(each.pod for each in of(StopAttempt, scene.run()))[:1] == ["mpi-1"]
    end_all(scene, "mpi-1", "mpi-1-m2")
    scene.run(seconds=5)
    found = status(scene)
    assert (found["state"], found["attempt"], found.get("retryCount", 0), found.get("requeueCount", 0)) == (
        "Active", 1, 0, 0,
    )  # fmt: skip


def test_a_silent_member_does_not_hold_up_the_primarys_end() -> None:
    scene = started()
    scene.host(scene.pods["mpi-1-m1"].spec.node_name, ready="Unknown", since=scene.now - EPOCH)
    scene.ends("mpi-1", exited(0))
    scene.ends("mpi-1-m2", exited(0))
    scene.run()
    assert status(scene)["result"] == "Success"
    (write,) = [each for each in of(WriteTask, scene.done) if each.status.state == "Completed"]
    assert [sub.state for sub in write.status.subtasks] == ["Running", "Completed"]


def test_terminating_the_task_ends_all_and_fails_it() -> None:
    scene = started()
    scene.edit_task("mpi", desiredState="Terminated")
    assert sorted(each.pod for each in of(StopAttempt, scene.run())) == PODS
    end_all(scene, *PODS)
    scene.run()
    assert status(scene)["failure"]["code"] == "TaskEnded"


def test_a_disabled_job_requeues_it_once() -> None:
    scene = started()
    (job,) = scene.jobs.values()
    scene.add(scene.edit(job, desired_state=DesiredState.DISABLED, disable_tasks=DisableTasks.REQUEUE))
    scene.run()
    end_all(scene, *PODS)
    scene.run()
    assert (status(scene)["state"], status(scene)["requeueCount"]) == ("Active", 1)


def test_a_deleted_task_ends_all_its_pods() -> None:
    scene = started()
    scene.remove_task("mpi")
    assert sorted(each.pod for each in of(StopAttempt, scene.run())) == PODS
    end_all(scene, *PODS)
    assert sorted(each.pod for each in of(ReleaseEvidence, scene.run())) == PODS


@pytest.mark.parametrize("made", [1, 2])
def test_a_group_that_was_left_half_made_is_ended_and_begun_anew(made: int) -> None:
    """An operator was killed between two of its Pods."""
    scene = a_scene()
    scene.add(a_job(), a_group())
    scene.run()
    for pod in PODS[made:]:
        scene.remove_pod(pod)
    scene.run()
    end_all(scene, *PODS[:made])
    starts = of(StartAttempt, scene.run(seconds=5))
    assert [start.pod for start in starts] == ["mpi-2", "mpi-2-m1", "mpi-2-m2"]
    assert status(scene)["attempt"] >= 1


def test_members_without_a_primary_are_ended() -> None:
    scene = started()
    scene.remove_pod("mpi-1")
    scene.run()
    assert (status(scene)["state"], status(scene)["attempt"]) == ("Active", 1)
    assert sorted(each.pod for each in of(StopAttempt, scene.done)) == PODS[1:]
    assert not of(StartAttempt, scene.run(seconds=5)), "they have not ended"
    end_all(scene, *PODS[1:])
    assert [start.pod for start in of(StartAttempt, scene.run(seconds=5))][:1] == ["mpi-2"]


def test_a_pod_that_could_not_be_made_ends_the_others() -> None:
    scene = a_scene()
    scene.add(a_job(), a_group())
    real, count = scene._do, iter(range(9))

    def second_fails(action):
        if isinstance(action, StartAttempt) and next(count) == 1:
            return Missed("timeout", again_in=1.0)
        return real(action)

    scene._do = second_fails
    scene.run()
    assert "mpi-1-m2" not in scene.pods
    assert scene.pods["mpi-1"].metadata.deletion_timestamp is not None
    end_all(scene, "mpi-1")
    assert [start.pod for start in of(StartAttempt, scene.run(seconds=10))][:1] == ["mpi-2"]


def test_a_refused_pod_leaves_nothing_behind() -> None:
    scene = a_scene()
    scene.add(a_job(), a_group())
    scene.fail(StartAttempt, Refused("PodForbidden", "No quota."))
    scene.run()
    assert not [pod for pod in scene.pods if pod.startswith("mpi")]
    assert scene.pool_state().index.free_slots == 3
    conditions = {one["type"]: one["reason"] for one in status(scene)["conditions"]}
    assert conditions["Scheduled"] == "PodForbidden"


def test_a_member_whose_image_is_missing_fails_it() -> None:
    scene = a_scene()
    scene.add(a_job(), a_group())
    scene.run()
    scene.starts("mpi-1")
    scene.starts("mpi-1-m2")
    scene.pod("mpi-1-m1", waiting("ErrImageNeverPull", "not there"))
    scene.run()
    end_all(scene, "mpi-1", "mpi-1-m2")
    scene.run()
    found = status(scene)
    assert (found["result"], found["failure"]["code"]) == ("Failure", "ContainerInvalidImage") or found["failure"]


def test_it_counts_once_towards_the_parallel_tasks_of_its_job() -> None:
    scene = a_scene(hosts=4)
    scene.add(a_job(maxParallelTasks=2), a_group(), a_task("single", created=1))
    assert [start.pod for start in of(StartAttempt, scene.run())] == [*PODS, "single-1"]


def test_a_pod_seen_again_changes_nothing() -> None:
    scene = started()
    for pod in PODS:
        scene.world.observe_pod(scene.pods[pod])
    assert not scene.run()
    assert (
        msgspec.to_builtins(scene.pods["mpi-1"].status.container_statuses[0].state)["running"] == running(0)["running"]
    )
