"""When a task starts, out of the state of its pool."""

from __future__ import annotations

import pytest
from millpond.control.explanation import facts_of
from millpond.control.forecast import forecast, recent_run_times
from millpond.scheduling.estimate import MOST_KNOWN, Estimate
from millpond.scheduling.explain import explain
from support.builders import a_job, a_task, at
from support.scene import Scene, a_running_scene


def ended(name: str, start: float, seconds: float, job: str = "film") -> object:
    status = {"state": "Completed", "result": "Success", "attempt": 1, "startTime": at(start)}
    return a_task(name, job=job, status=status | {"endTime": at(start + seconds)})


def start_of(scene: Scene, name: str) -> Estimate:
    task = scene.task(name)
    facts = facts_of(task, scene.tasks[name], scene.now)
    found = forecast(task, facts, explain(facts), scene.tasks, scene.now)
    assert found is not None
    return found


def a_full_pool(seconds: float = 60) -> Scene:
    """One slot; a task has run on it for 15 s, and eight ran before for so long each."""
    scene = a_running_scene()
    scene.add(a_job(), *(ended(f"past-{n}", n, seconds) for n in range(8)), a_task("runs"))  # type: ignore[arg-type]
    scene.run(seconds=1)
    scene.starts("runs-1")
    scene.run(seconds=15)
    return scene


@pytest.mark.parametrize(
    ("job", "seconds"),
    [({}, (105.0, 105.0)), ({"priority": -1}, (105.0, 105.0)), ({"priority": 1}, (165.0, 165.0))],
)
def test_the_queue_before_the_task(job: dict[str, int], seconds: tuple[float, float]) -> None:
    scene = a_full_pool()
    scene.add(a_task("first", created=1), a_task("t", created=2))
    if job:
        scene.add(a_job("other", **job), a_task("theirs", job="other"))  # type: ignore[arg-type]
    assert start_of(scene, "t") == Estimate(*seconds)


def test_jobs_of_the_same_priority_widen_the_range() -> None:
    scene = a_full_pool()
    scene.add(a_task("t", created=2), a_job("other"), *(a_task(f"u{n}", job="other", created=1) for n in range(9)))
    assert start_of(scene, "t") == Estimate(45.0, 45.0 + 2 * 60)


def test_what_cannot_be_told() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("runs"), a_task("t", created=1))
    scene.run(seconds=5)
    assert "only 0 of the pool's tasks" in start_of(scene, "t").unknown
    scene = a_full_pool()
    scene.add(a_task("wide", slots=9), a_task("own", resources={"requests": {"cpu": "1"}}))
    facts = facts_of(scene.task("wide"), scene.tasks["wide"], scene.now)
    assert forecast(scene.task("wide"), facts, explain(facts), scene.tasks, scene.now) is None
    assert "resources" in start_of(scene, "own").unknown.lower()
    scene = a_full_pool()
    scene.add(a_job("led", jobManagerTask={"id": "m", "commandLine": "true"}))
    scene.run()
    assert "empty node" in start_of(scene, "led-m").unknown


def test_only_the_last_to_end_are_looked_at() -> None:
    scene = a_running_scene()
    scene.add(a_job(), *(ended(f"t{n}", n, n) for n in range(MOST_KNOWN + 20)))  # type: ignore[arg-type]
    times = recent_run_times(scene.pool_state(), scene.tasks)
    assert times == tuple(float(n) for n in range(MOST_KNOWN + 19, 19, -1))
