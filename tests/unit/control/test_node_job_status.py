"""What a ComputeNode says of the jobs that are prepared on it."""

from __future__ import annotations

from millpond.api.jobtasks import NodeJob
from millpond.api.reasons import CommandState, TaskResult
from millpond.control.node_job_status import LONGEST_MESSAGE, describe_jobs, failed_preparations, time_of
from support.builders import a_job, a_job_pod, exited, running
from support.scene import Scene, a_running_scene

PREP = {"commandLine": "prepare"}


def said(scene: Scene) -> tuple[NodeJob, ...]:
    (node,) = scene.pool_state().nodes.values()
    assert node.model is not None
    return describe_jobs(scene.pool_state(), node, node.model.status.jobs)


def a_scene(state: dict[str, object]) -> Scene:
    scene = a_running_scene()
    (node,) = scene.nodes
    scene.add(a_job(jobPreparationTask=PREP))
    of = scene.pool_state().nodes[node]
    scene.add(a_job_pod("film-aaaaaaaa-prep", state, node=of.name, created=3))
    scene.run(seconds=30)
    return scene


def test_a_run_under_way_and_its_end() -> None:
    (entry,) = said(a_scene(running(5)))
    assert entry.preparation is not None
    assert entry.preparation.state is CommandState.RUNNING
    assert entry.preparation.start_time == time_of("2026-01-01T00:00:05Z")
    (entry,) = said(a_scene(exited(4, retries=1, message="x")))
    assert entry.preparation is not None
    told = entry.preparation
    assert (told.state, told.result) == (CommandState.COMPLETED, TaskResult.FAILURE)
    assert (told.exit_code, told.retry_count) == (4, 1)
    assert told.failure is not None
    assert len(told.failure.message) <= LONGEST_MESSAGE


def test_what_was_said_stays_while_the_job_is_there() -> None:
    scene = a_scene(exited(0))
    before = said(scene)
    scene.remove_pod("film-aaaaaaaa-prep")
    scene.run()
    assert said(scene) == before
    scene.remove_job("film")
    assert said(scene) == ()


def test_a_job_of_the_same_name_made_later_starts_with_a_clean_page() -> None:
    scene = a_scene(exited(0))
    scene.remove_pod("film-aaaaaaaa-prep")
    scene.run()
    scene.remove_job("film")
    scene.add(a_job(jobPreparationTask=PREP, uid="new", created=1000))
    assert said(scene) == ()


def test_a_failure_is_an_event_once() -> None:
    failed, well = said(a_scene(exited(4))), said(a_scene(exited(0)))
    (event,) = failed_preparations((), failed)
    assert (event.reason, event.type) == ("JobPreparationTaskFailed", "Warning")
    assert "film" in event.message
    assert failed_preparations(failed, failed) == ()
    assert failed_preparations((), well) == ()
