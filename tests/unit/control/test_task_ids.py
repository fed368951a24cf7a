"""Ids of tasks: the later one of two that share an id does not run, says so, and runs when the other is gone."""

from __future__ import annotations

import pytest
from millpond.control.actions import StartAttempt
from support.builders import a_job, a_task
from support.scene import Scene, a_running_scene, of


def told(scene: Scene, task: str) -> tuple[str, str] | None:
    """Reason and message of the task's condition Scheduled."""
    found = [c for c in scene.tasks[task].status.conditions if c.type == "Scheduled"]
    return (found[0].reason, found[0].message) if found else None


def started(scene: Scene) -> list[str]:
    return sorted(a.task for a in of(StartAttempt, scene.run(seconds=5)))


@pytest.mark.parametrize(
    ("first", "second", "runs"),
    [
        ({"id": "frame"}, {"id": "frame"}, ["a"]),
        ({"id": "Frame"}, {"id": "fRAME"}, ["a"]),
        ({"id": "b"}, {}, ["a"]),
        ({"id": "B"}, {}, ["a"]),
        ({}, {"id": "A"}, ["a"]),
        ({"id": "b"}, {"id": "a"}, ["a", "b"]),
        ({"id": "x"}, {"id": "y"}, ["a", "b"]),
        ({}, {}, ["a", "b"]),
    ],
)
def test_the_older_of_two_has_the_id(first: dict[str, str], second: dict[str, str], runs: list[str]) -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_task("b", created=2, **second), a_task("a", created=1, **first))
    assert started(scene) == runs
    for name in {"a", "b"} - set(runs):
        reason, message = told(scene, name) or ("", "")
        assert reason == "TaskExists"
        assert "Another task of job film has the id" in message


def test_the_later_one_runs_when_the_other_is_gone() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_task("a", created=1, id="x"), a_task("b", created=2, id="X"), a_task("c", created=3, id="x"))
    assert started(scene) == ["a"]
    scene.remove_task("a")
    scene.remove_pod("a-1")
    assert started(scene) == ["b"]
    assert (told(scene, "b") or ("",))[0] == "Waiting"
    assert (told(scene, "c") or ("",))[0] == "TaskExists"


def test_who_has_begun_keeps_the_id() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_task("b", created=1, id="x"))
    assert started(scene) == ["b"]
    scene.add(a_task("a", created=1, id="X"))
    assert started(scene) == []
    assert (told(scene, "a") or ("",))[0] == "TaskExists"


def test_ids_of_other_jobs_do_not_matter() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_job("other"), a_task("a", id="x"), a_task("b", job="other", id="x"))
    assert started(scene) == ["a", "b"]


def test_plain_ids_cost_nothing() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job(), a_task("a"), a_task("b", id="b"))
    assert scene.task("a").job.given_ids == {}
