"""The pool as a whole: sweeping, and a status that is written when it says something."""

from __future__ import annotations

from millpond.control.actions import SweepPods, WritePool
from millpond.control.outcomes import Missed, Refused
from support.builders import a_host, a_job, a_pool, a_task, exited
from support.scene import Scene, a_running_scene, of


def test_counted_pods_are_swept_many_at_a_time() -> None:
    scene = a_running_scene(slots=8, sweep=2)
    scene.add(a_job(), *(a_task(f"t{n:02}") for n in range(40)))
    scene.run()
    for _ in range(10):
        for name in sorted(p for p in scene.pods if p.startswith("t") and not scene.pods[p].terminal)[:4]:
            scene.ends(name, exited(0))
        scene.run(seconds=0.4)
    assert len(of(SweepPods, scene.done)) <= 4
    scene.run(seconds=10)
    assert all(scene.pods[p].metadata.finalizers for p in scene.pods if p.startswith("t"))


def test_a_sweep_that_failed_is_made_again() -> None:
    scene = a_running_scene(sweep=2)
    scene.add(a_job(), a_task("t"))
    scene.run()
    scene.ends("t-1", exited(0))
    scene.fail(SweepPods, Missed("no answer", again_in=5))
    scene.run(seconds=30)
    assert "t-1" not in scene.pods


def test_counts_wait_for_a_summary() -> None:
    scene = a_running_scene(slots=4, summary=2)
    scene.add(a_job(), *(a_task(f"t{n:02}") for n in range(20)))
    scene.run(seconds=10)
    before = len(of(WritePool, scene.done))
    for n in range(20):
        scene.ends(f"t{n:02}-1", exited(0))
        scene.run(seconds=0.2)
    assert len(of(WritePool, scene.done)) - before <= 3
    scene.run(seconds=10)
    assert scene.pools["farm"].status.task_slot_counts.used == 0


def test_a_resize_that_takes_too_long_is_told_once_and_goes_on() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool(nodes=2, resizeTimeoutSeconds=300))
    scene.run(seconds=310)
    errors = [event for a in of(WritePool, scene.done) for event in a.events]
    assert [(e.reason, e.type) for e in errors] == [("AllocationTimedOut", "Warning")]
    assert [e.code for e in scene.pools["farm"].status.resize_errors] == ["AllocationTimedOut"]
    scene.run(seconds=3600)
    assert len([event for a in of(WritePool, scene.done) for event in a.events]) == 1


def test_a_status_that_was_refused_is_written_again() -> None:
    scene = Scene()
    scene.fail(WritePool, Refused("Invalid", "no"))
    scene.add(a_pool(nodes=0))
    assert of(WritePool, scene.run(seconds=29)) == []
    assert len(of(WritePool, scene.run(seconds=600))) == 1
