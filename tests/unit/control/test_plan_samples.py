"""Samples of pools with a formula: each 30 s, kept, and read again by the next life before anything else."""

from __future__ import annotations

from math import nan

import pytest
from millpond.api.job import DesiredState
from millpond.control.actions import Announce, KeepSamples, LoadSamples
from millpond.control.outcomes import Missed, Refused
from millpond.control.plan_samples import measure_pool
from millpond.control.world import World
from millpond.scaling.kept_samples import KeptSamples
from millpond.scaling.measurement import Measurement
from millpond.scaling.sample_blocks import read_block
from support.builders import EPOCH, a_host, a_job, a_pool, a_task, exited
from support.formulas import a_formula_pool, some_rows
from support.scene import Scene, a_running_scene, of

HOUR = 3600
CONSTANT = "$TargetDedicatedNodes = 0;"


def a_sampled_scene() -> Scene:
    scene = Scene()
    scene.add(a_formula_pool(CONSTANT))
    return scene


def test_a_pool_without_a_formula_costs_nothing() -> None:
    scene = a_running_scene()
    scene.run(seconds=300)
    assert of(LoadSamples, scene.done) + of(KeepSamples, scene.done) == []
    assert scene.pool_state().samples is None


def test_a_sample_is_taken_at_once_and_then_each_30_s() -> None:
    scene = a_sampled_scene()
    scene.run(seconds=300)
    rows = read_block(of(KeepSamples, scene.done)[-1].current)
    assert [time - int(EPOCH) for time in rows.times] == list(range(0, 301, 30))
    assert len(of(LoadSamples, scene.done)) == 1
    assert len(of(KeepSamples, scene.done)) == 11


def test_plans_in_between_take_none() -> None:
    scene = a_sampled_scene()
    scene.run()
    for _ in range(10):
        scene.now += 2
        scene.add(scene.edit(scene.pools["farm"], display_name="x"))
        scene.run()
    assert len(of(KeepSamples, scene.done)) == 1


def test_an_hour_is_sealed_when_it_is_over_and_dropped_when_a_day_has_passed() -> None:
    scene, first = a_sampled_scene(), int(EPOCH)
    scene.kept = KeptSamples(some_rows(first - 30, 1), {first - hour * HOUR: 100 for hour in range(1, 24)})
    scene.run(seconds=2 * HOUR)
    sealing = [a for a in of(KeepSamples, scene.done) if a.sealed]
    assert [list(a.sealed) for a in sealing] == [[first], [first + HOUR]]
    assert all(len(read_block(block)) == 120 for a in sealing for block in a.sealed.values())
    assert [a.dropped for a in sealing] == [(), (first - 23 * HOUR,)]


def test_an_hour_that_could_not_be_sealed_is_sealed_with_the_next_sample() -> None:
    scene = a_sampled_scene()
    scene.run(seconds=HOUR - 1)
    scene.fail(KeepSamples, Missed("no answer", again_in=1))
    scene.run(seconds=1)
    assert not [a for a in of(KeepSamples, scene.done) if a.sealed]
    scene.run(seconds=30)
    (sealing,) = [a for a in of(KeepSamples, scene.done) if a.sealed]
    assert list(sealing.sealed) == [int(EPOCH)]
    assert [time - int(EPOCH) for time in read_block(sealing.current).times] == [HOUR, HOUR + 30]


def test_what_an_earlier_life_kept_is_there_before_the_first_sample_and_evaluation() -> None:
    scene = Scene()
    scene.add(a_formula_pool("n = $ActiveTasks.Count(); $TargetDedicatedNodes = 0"))
    scene.kept = KeptSamples(some_rows(int(EPOCH) - 1000, 20), {0: 5})
    scene.run()
    run = scene.pools["farm"].status.auto_scale_run
    assert run is not None
    assert run.results.endswith(";n=21")


def test_without_them_nothing_is_sampled_or_evaluated() -> None:
    scene = a_sampled_scene()
    scene.fail(LoadSamples, Missed("no answer", again_in=5))
    scene.run(seconds=4)
    assert of(KeepSamples, scene.done) == []
    assert scene.pools["farm"].status.auto_scale_run is None
    scene.run(seconds=2)
    assert len(of(KeepSamples, scene.done)) == 1
    assert scene.pools["farm"].status.auto_scale_run is not None


def test_a_young_sample_of_an_earlier_life_is_not_followed_too_soon() -> None:
    scene = a_sampled_scene()
    scene.run(seconds=100)
    scene.kept = KeptSamples(some_rows(int(EPOCH), 4), {})
    scene.world = World()
    scene.add(scene.pools["farm"])
    scene.done.clear()
    scene.run(seconds=19)
    assert of(KeepSamples, scene.done) == []
    scene.run(seconds=1)
    assert len(of(KeepSamples, scene.done)) == 1


def test_reading_that_is_forbidden_is_told_and_samples_begin_anew() -> None:
    scene = a_sampled_scene()
    scene.fail(LoadSamples, Refused("Forbidden", "configmaps is forbidden"))
    scene.run(seconds=100)
    (said,) = [event for a in of(Announce, scene.done) for event in a.events]
    assert (said.reason, said.message, said.type) == ("SamplesNotKept", "configmaps is forbidden", "Warning")
    assert scene.pools["farm"].status.auto_scale_run is not None


def test_keeping_that_is_refused_is_told_once_and_again_after_it_was_well() -> None:
    scene = a_sampled_scene()
    scene.run()
    for outcome in (Refused("No", "no"), Refused("No", "no"), None, Refused("No", "no")):
        if outcome is not None:
            scene.fail(KeepSamples, outcome)
        scene.run(seconds=30)
    assert len(of(Announce, scene.done)) == 2


def test_samples_that_cannot_be_read_are_told() -> None:
    scene = a_sampled_scene()
    scene.kept = KeptSamples(some_rows(int(EPOCH) - 100, 2), {}, "dropped: 7")
    scene.run(seconds=60)
    assert [event.message for a in of(Announce, scene.done) for event in a.events] == ["dropped: 7"]


def test_without_a_formula_any_more_they_are_forgotten_and_with_one_again_read_again() -> None:
    scene = a_sampled_scene()
    scene.run(seconds=60)
    formula = scene.pools["farm"].spec.auto_scale
    scene.add(scene.edit(scene.pools["farm"], auto_scale=None))
    scene.run(seconds=300)
    assert scene.pool_state().samples is None
    scene.add(scene.edit(scene.pools["farm"], auto_scale=formula))
    scene.run()
    assert len(of(LoadSamples, scene.done)) == 2


def test_a_pool_of_the_same_name_begins_anew() -> None:
    scene = a_sampled_scene()
    scene.run(seconds=60)
    again = a_formula_pool(CONSTANT, version=5000)
    scene.world.forget_pool("studio", "farm")
    scene.add(again.model_copy(update={"metadata": again.metadata.model_copy(update={"uid": "other"})}))
    scene.run()
    assert [a.uid for a in of(LoadSamples, scene.done)] == ["uid-farm", "other"]
    record = scene.pool_state().samples
    assert record is not None
    assert len(record.rows) == 1


def test_a_pool_that_is_deleted_takes_none() -> None:
    scene = a_sampled_scene()
    scene.run()
    scene.add(scene.deleted(scene.pools["farm"]))
    scene.run(seconds=100)
    assert len(of(KeepSamples, scene.done)) == 1


# What is measured.


def measured(scene: Scene, *names: str) -> list[float]:
    values = measure_pool(scene.pool_state(), scene.now)
    return [values.get(f"${name}", nan) for name in names]


TASKS = ("ActiveTasks", "RunningTasks", "PendingTasks", "SucceededTasks", "FailedTasks")


def test_tasks_are_counted_by_what_they_do() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(), *(a_task(f"t{n}", created=n) for n in range(5)))
    assert measured(scene, *TASKS) == [5, 0, 5, 0, 0]
    scene.run(seconds=1)
    assert measured(scene, *TASKS) == [3, 2, 5, 0, 0]
    scene.starts("t0-1")
    scene.run(seconds=1)
    assert measured(scene, *TASKS) == [3, 2, 5, 0, 0]
    scene.ends("t0-1", exited(0))
    scene.ends("t1-1", exited(1))
    scene.run(seconds=1)
    assert measured(scene, *TASKS) == [1, 2, 3, 1, 1]


def test_tasks_that_wait_for_others_are_not_active() -> None:
    scene = a_running_scene()
    scene.add(a_job(usesTaskDependencies=True), a_task("a"), a_task("b", created=1, dependsOn={"taskIds": ["a"]}))
    assert measured(scene, *TASKS) == [1, 0, 1, 0, 0]
    scene.run(seconds=1)
    scene.ends("a-1", exited(0))
    scene.run(seconds=1)
    assert measured(scene, *TASKS) == [0, 1, 1, 1, 0]


def test_nor_are_those_of_jobs_that_start_none() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=0), a_job(), a_task("a"), a_job("off", desiredState="Disabled"), a_task("b", job="off"))
    scene.run(seconds=60)
    assert measured(scene, "ActiveTasks") == [1]
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=60)
    assert measured(scene, "ActiveTasks") == [0]


def test_nor_are_those_that_no_node_of_the_pool_can_ever_run() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(), a_task("wide", slots=3))
    scene.run(seconds=10)
    assert measured(scene, "ActiveTasks") == [0]


def test_what_agents_measured_is_combined_and_stale_measurements_are_left_out() -> None:
    scene = a_running_scene(hosts=2)
    for node, cpu, ago in zip(scene.pool_state().nodes.values(), (0.5, 0.9), (10, 500), strict=True):
        node.measurement = Measurement(at=scene.now - ago, cpu_fraction=cpu, disk_read_bytes=100.0)
    assert measured(scene, "CPUPercent", "DiskReadBytes", "SampleNodeCount") == [0.5, 100.0, 1]
    assert measured(scene, "CurrentDedicatedNodes", "UsableNodeCount", "PreemptedNodeCount") == [2, 2, 0]
    assert "$MemoryBytes" not in measure_pool(scene.pool_state(), scene.now)


def test_an_outage_is_a_hole() -> None:
    scene = Scene()
    scene.add(a_host(), a_formula_pool("p = $ActiveTasks.GetSamplePercent(10 * TimeInterval_Minute)"))
    scene.run(seconds=600)
    record = scene.pool_state().samples
    assert record is not None
    scene.kept = KeptSamples(record.rows, {})
    scene.world = World()
    scene.now += 300
    scene.add(scene.pools["farm"])
    scene.run()
    run = scene.pools["farm"].status.auto_scale_run
    assert run is not None
    # Half of the ten minutes, and the one taken now.
    assert run.results.endswith("p=55")


@pytest.mark.parametrize("seconds", [0.4, 0.9])
def test_times_are_whole_seconds(seconds: float) -> None:
    scene = a_sampled_scene()
    scene.now += seconds
    scene.run(seconds=61)
    record = scene.pool_state().samples
    assert record is not None
    assert [time - int(EPOCH) for time in record.rows.times] == [0, 30, 60]
