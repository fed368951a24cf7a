"""What reading and keeping samples came to; an answer that concerns another Pool of the name changes nothing."""

from __future__ import annotations

import pytest
from millpond.control.actions import KeepSamples, LoadSamples
from millpond.control.outcomes import Done, Missed, Outcome, Refused
from millpond.control.settle import settle
from millpond.scaling.kept_samples import KeptSamples
from support.builders import EPOCH, POOL, SPACE
from support.formulas import a_formula_pool, some_rows
from support.scene import Scene

KEPT = KeptSamples(some_rows(int(EPOCH) - 300, 5), {0: 7}, "spoilt")


def load(uid: str = "uid-farm") -> LoadSamples:
    return LoadSamples(namespace=SPACE, pool=POOL, uid=uid)


def keep(uid: str = "uid-farm") -> KeepSamples:
    return KeepSamples(namespace=SPACE, pool=POOL, uid=uid, sealed={3600: b"12345"}, dropped=(0,), current=b"")


def a_scene() -> Scene:
    """Asked for, and not answered yet."""
    scene = Scene()
    scene.add(a_formula_pool())
    scene.plan()
    return scene


def test_what_was_read_is_there_and_both_are_judged_anew() -> None:
    scene = a_scene()
    pool = scene.pool_state()
    settle(pool, load(), Done(samples=KEPT), scene.now)
    assert pool.samples is not None
    assert (len(pool.samples.rows), pool.samples.sealed, pool.samples.trouble) == (5, {0: 7}, "spoilt")
    assert pool.samples.loaded
    assert pool.dirty["samples"] == pool.dirty["autoscale"] == {POOL}


def test_what_is_sealed_and_dropped_is_known() -> None:
    scene = a_scene()
    pool = scene.pool_state()
    settle(pool, load(), Done(samples=KEPT), scene.now)
    settle(pool, keep(), Done(), scene.now)
    assert pool.samples is not None
    assert (pool.samples.sealed, pool.samples.trouble) == ({3600: 5}, "")


@pytest.mark.parametrize("outcome", [Missed("no answer", again_in=7), Refused("Forbidden", "no")])
def test_what_is_not_sealed_is_not_known_as_such(outcome: Outcome) -> None:
    scene = a_scene()
    pool = scene.pool_state()
    settle(pool, load(), Done(samples=KEPT), scene.now)
    settle(pool, keep(), outcome, scene.now)
    assert pool.samples is not None
    assert pool.samples.sealed == {0: 7}


def test_reading_is_tried_again_when_it_may_be() -> None:
    scene = a_scene()
    pool = scene.pool_state()
    settle(pool, load(), Missed("no answer", again_in=7), scene.now)
    assert scene.plan().actions == [] or "LoadSamples" not in repr(scene.plan().actions)
    scene.now += 7
    assert load() in scene.plan().actions


@pytest.mark.parametrize("outcome", [Done(samples=KEPT), Done(), Missed("no"), Refused("No", "no")])
def test_an_answer_for_another_pool_of_the_name_changes_nothing(outcome: Outcome) -> None:
    scene = a_scene()
    pool = scene.pool_state()
    settle(pool, load("other"), outcome, scene.now)
    settle(pool, keep("other"), outcome, scene.now)
    assert pool.samples is not None
    assert (pool.samples.loaded, pool.samples.sealed, pool.samples.trouble) == (False, {}, "")
