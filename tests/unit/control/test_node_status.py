"""What a ComputeNode says of itself."""

from __future__ import annotations

from datetime import datetime

from millpond.api.computenode import ComputeNodeStatus
from millpond.api.reasons import CommandState, FailureCode, NodeState, TaskResult
from millpond.control.world import World
from support.builders import a_host, a_job, a_node_pod, a_pool, a_task, exited, running, waiting
from support.scene import KEY, Scene, a_running_scene

RETRIED = "2026-01-01T00:00:03Z"


def status(scene: Scene) -> ComputeNodeStatus:
    scene.run(seconds=15)
    (node,) = scene.nodes.values()
    return node.status


def with_pod(**pod: object) -> ComputeNodeStatus:
    """The status of a node whose Pod is as given."""
    scene = Scene()
    scene.add(a_host(), a_pool(startTask={"commandLine": "prepare"}))
    scene.run()
    (name,) = scene.nodes
    scene.remove_pod(name)
    scene.add(a_node_pod(name, uid="other", **pod))  # type: ignore[arg-type]
    return status(scene)


def test_a_free_node_says_where_it_is_and_what_it_offers() -> None:
    found = status(a_running_scene(slots=4))
    assert (found.state, found.host_name, found.slots.total, found.slots.used) == (NodeState.IDLE, "host-1", 4, 0)
    assert found.resources == {"cpu": "8", "memory": "16Gi"}
    assert [(c.type, c.status.value, c.reason) for c in found.conditions] == [("Ready", "True", "Idle")]
    assert found.allocation_time is not None


def test_a_busy_node_says_how_many_slots_are_used() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_task("t", slots=3))
    found = status(scene)
    assert (found.state, found.slots.used) == (NodeState.RUNNING, 3)


def test_it_counts_what_it_ran() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("good"), a_task("bad", created=1))
    for name, code in (("good-1", 0), ("bad-1", 1)):
        scene.run(seconds=5)
        scene.ends(name, exited(code))
    found = status(scene)
    assert (found.totals.tasks_run, found.totals.tasks_succeeded) == (2, 1)


def test_a_start_task_shows_how_it_ended() -> None:
    found = with_pod(
        agent=running(),
        start_task=exited(0, retries=1, startTime="2026-01-01T00:00:01.123456789Z", lastRetryTime=RETRIED),
    )
    assert found.start_task is not None
    assert (found.start_task.state, found.start_task.result) == (CommandState.COMPLETED, TaskResult.SUCCESS)
    assert (found.start_task.retry_count, found.start_task.exit_code) == (1, 0)
    assert found.start_task.last_retry_time == datetime.fromisoformat(RETRIED)
    assert found.start_task.start_time is not None
    assert found.start_task.start_time.microsecond == 0


def test_a_failed_start_task_shows_why() -> None:
    found = with_pod(agent=running(), start_task=exited(127, "CommandNotFound", message="no prepare"))
    assert found.state is NodeState.START_TASK_FAILED
    assert found.start_task is not None
    assert found.start_task.failure is not None
    assert found.start_task.failure.code is FailureCode.COMMAND_PROGRAM_NOT_FOUND


def test_an_unusable_node_lists_its_error() -> None:
    found = with_pod(agent=waiting("ErrImagePull", "denied"))
    assert found.state is NodeState.UNUSABLE
    assert "denied" in found.errors[0].message


def test_what_cannot_be_seen_any_more_keeps_its_last_value() -> None:
    scene = a_running_scene()
    scene.add(scene.deleted(scene.pools["farm"]), a_job(), a_task("t"))
    before = next(iter(scene.nodes.values())).status
    scene.remove_host("host-1")
    scene.plan()
    assert before.resources == {"cpu": "8", "memory": "16Gi"}
    assert before.host_name == "host-1"


def test_it_remembers_the_last_ten_tasks_newest_first_and_so_does_who_comes_after() -> None:
    scene = a_running_scene()
    scene.add(a_job(), *(a_task(f"t{number:02}", created=number) for number in range(12)))
    for number in range(12):
        scene.run(seconds=5)
        scene.ends(f"t{number:02}-1", exited(number))
    found = status(scene)
    assert [one.task_name for one in found.recent_tasks] == [f"t{number:02}" for number in range(11, 1, -1)]
    assert [(one.job_name, one.exit_code, one.result) for one in found.recent_tasks[:1]] == [("film", 11, "Failure")]
    young = World()
    (node,) = scene.nodes.values()
    young.observe_node(node)
    assert young.pool(KEY).nodes[node.metadata.name].tally.recent == (
        scene.pool_state().nodes[node.metadata.name].tally.recent
    )
