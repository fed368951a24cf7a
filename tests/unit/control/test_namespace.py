"""Jobs find their pool, whoever is seen first, and take their counts along."""

from __future__ import annotations

from millpond.control.actions import WriteTask
from millpond.control.namespace import NOWHERE as NOWHERE_POOL
from millpond.control.task_patch import TaskStatusPatch
from support.builders import POOL, SPACE, a_job, a_task, a_task_pod, exited, running
from support.scene import NOWHERE, Scene, a_running_scene


def test_a_job_that_nobody_defined_belongs_nowhere() -> None:
    scene = Scene()
    scene.add(a_task("t"))
    job = scene.task("t").job
    assert (job.pool.name, job.model) == (NOWHERE_POOL, None)
    assert scene.pool_state(NOWHERE).jobs == {"film": job}


def test_a_job_moves_to_its_pool_with_its_draws_and_unsent_verdicts() -> None:
    scene = Scene()
    scene.add(a_task("t", status={"state": "Running", "attempt": 3}), a_task_pod("t", running(), attempt=3))
    nowhere = scene.pool_state(NOWHERE)
    unsent = WriteTask(namespace=SPACE, task="t", job="film", uid="uid-t", version="1", status=TaskStatusPatch())
    nowhere.unsent["film/t"] = unsent, 0.0
    assert nowhere.begun == 3
    scene.add(a_job())
    pool = scene.pool_state()
    assert (nowhere.begun, nowhere.jobs, nowhere.unsent) == (0, {}, {})
    assert (pool.begun, list(pool.jobs), pool.unsent) == (3, ["film"], {"film/t": (unsent, 0.0)})
    assert scene.task("t").job.pool is pool


def test_counts_that_wait_to_be_told_wait_for_no_deadline_of_the_former_pool() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run()
    scene.ends("t-1", exited(0))
    scene.step()
    job = scene.task("t").job
    assert job.summary_scheduled
    scene.add(scene.edit(scene.jobs["film"], pool_name="other"))
    assert not job.summary_scheduled


def test_a_job_that_goes_and_comes_back_finds_its_tasks() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"))
    scene.world.forget_job(SPACE, "film")
    assert scene.task("t").job.pool.name == NOWHERE_POOL
    scene.add(a_job(version=9))
    assert scene.task("t").job.pool.name == POOL
    assert scene.pool_state().order.next("None", 0, ()) is not None


def test_nothing_is_kept_of_a_job_that_nobody_speaks_of() -> None:
    scene = Scene()
    scene.add(a_task("t"))
    scene.remove_task("t")
    scene.run()
    assert scene.world.namespace(SPACE).jobs == {}
