"""Cycles: when they turn, and that none harms another. What a turn decides is `control/plan`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from millpond.cluster import cycle
from millpond.cluster.cycle import Cycles
from millpond.control import actions as act
from millpond.control.actions import AnyAction
from millpond.control.limits import Limits
from millpond.control.outcomes import Done, Missed, Outcome
from millpond.control.plan import Plan
from millpond.control.pool_state import PoolKey, PoolState
from millpond.control.world import World
from support.builders import EPOCH, POOL, SPACE, a_job, a_pool, a_task

pytestmark = pytest.mark.looptime

KEY = PoolKey(SPACE, POOL)
ACTION = act.SweepPods(namespace=SPACE, pool=POOL)


def _now() -> float:
    return EPOCH + asyncio.get_running_loop().time()


class Performer:
    """Answers every action by the outcome it is set to."""

    def __init__(self) -> None:
        self.outcome: Outcome = Done()
        self.performed: list[AnyAction] = []

    async def perform(self, actions: Sequence[AnyAction], report: Callable[[AnyAction, Outcome], None]) -> None:
        await asyncio.sleep(0.01)
        for action in actions:
            self.performed.append(action)
            report(action, self.outcome)


class Reader:
    """Remembers what it was asked to read again."""

    def __init__(self) -> None:
        self.read: list[AnyAction] = []

    async def refresh(self, action: AnyAction) -> Iterable[PoolKey]:
        self.read.append(action)
        return ()


class Turns:
    """Stands for `control/plan`: remembers when each pool was judged, and says what it is told to."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}
        self.answer: Callable[[PoolState, float], Plan] = lambda pool, now: Plan([])

    def __call__(self, pool: PoolState, now: float, limits: Limits) -> Plan:
        self.times.setdefault(pool.name, []).append(now - EPOCH)
        for subject in pool.dirty:
            pool.taken(subject)
        return self.answer(pool, now)

    def of(self, pool: str = POOL) -> list[float]:
        return self.times.get(pool, [])


class Stage:
    """All that a cycle needs."""

    def __init__(self) -> None:
        self.world, self.performer, self.reader, self.turns = World(), Performer(), Reader(), Turns()
        performer: Any = self.performer
        reader: Any = self.reader
        self.cycles = Cycles(self.world, performer, reader, Limits(), _now, 0.02)

    @contextmanager
    def driving(self, key: PoolKey = KEY) -> Iterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.cycles.drive(key))
        try:
            yield task
        finally:
            task.cancel()
            self.cycles.stop()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage()
    monkeypatch.setattr(cycle, "plan", made.turns)
    return made


async def test_nothing_is_judged_before_the_world_is_complete(stage: Stage) -> None:
    stage.cycles.wake(stage.world.observe_pool(a_pool()))
    with stage.driving():
        await asyncio.sleep(100)
        assert stage.turns.of() == []
        stage.cycles.start()
        await asyncio.sleep(1)
        assert stage.turns.of()


async def test_burst_of_news_is_one_turn(stage: Stage) -> None:
    stage.world.observe_pool(a_pool())
    stage.cycles.start()
    with stage.driving():
        await asyncio.sleep(1)
        stage.turns.times.clear()
        for _ in range(10):
            stage.cycles.wake([KEY])
            await asyncio.sleep(0.001)
        await asyncio.sleep(5)
        assert len(stage.turns.of()) == 1


async def test_turns_at_the_planned_time(stage: Stage) -> None:
    stage.world.observe_pool(a_pool())
    stage.turns.answer = lambda pool, now: Plan([], EPOCH + 30 if now < EPOCH + 30 else None)
    stage.cycles.start()
    with stage.driving():
        await asyncio.sleep(40)
        assert stage.turns.of()[-1] == pytest.approx(30, abs=0.1)


async def test_pool_that_does_not_exist_and_job_that_does_not_are_judged_too(stage: Stage) -> None:
    stage.cycles.start()
    stage.cycles.wake(stage.world.observe_job(a_job(pool="later")))
    stage.cycles.wake(stage.world.observe_task(a_task("one", job="none")))
    await asyncio.sleep(1)
    assert stage.turns.of("later")
    assert stage.turns.of("")
    stage.turns.times.clear()
    stage.cycles.wake(stage.world.observe_pool(a_pool("later")))
    with stage.driving(PoolKey(SPACE, "later")):
        await asyncio.sleep(1)
        assert stage.turns.of("later")
    stage.cycles.stop()


async def test_drive_ends_when_nothing_of_the_pool_is_left(stage: Stage) -> None:
    stage.cycles.wake(stage.world.observe_pool(a_pool()))
    stage.cycles.start()
    with stage.driving() as driving:
        await asyncio.sleep(1)
        assert not driving.done()
        stage.cycles.wake(stage.world.observe_pool(a_pool(version=2, deleted=True)))
        await asyncio.sleep(1)
        assert driving.done()


async def test_pool_is_judged_whether_or_not_a_daemon_waits_for_it(stage: Stage) -> None:
    stage.cycles.start()
    with stage.driving() as driving:
        await asyncio.sleep(1)
        assert driving.done(), "there is nothing of a Pool that cannot be read"
        stage.turns.times.clear()
        stage.cycles.wake(stage.world.observe_pool(a_pool()))
        await asyncio.sleep(1)
        assert stage.turns.of()


async def test_daemon_that_is_cancelled_stops_nothing(stage: Stage) -> None:
    stage.world.observe_pool(a_pool())
    stage.cycles.start()
    with stage.driving() as first, stage.driving() as second:
        await asyncio.sleep(1)
        first.cancel()
        await asyncio.sleep(1)
        assert first.cancelled()
        assert not second.done()
        stage.turns.times.clear()
        stage.cycles.wake([KEY])
        await asyncio.sleep(1)
        assert len(stage.turns.of()) == 1
        stage.cycles.wake(stage.world.observe_pool(a_pool(version=2, deleted=True)))
        await asyncio.sleep(1)
        assert second.done()


async def test_cycle_of_which_nothing_is_left_turns_no_more(stage: Stage) -> None:
    stage.cycles.start()
    stage.cycles.wake(stage.world.observe_pool(a_pool()))
    await asyncio.sleep(1)
    stage.cycles.wake(stage.world.forget_pool(SPACE, POOL))
    await asyncio.sleep(1)
    stage.turns.times.clear()
    await asyncio.sleep(1000)
    assert stage.turns.of() == []
    stage.cycles.wake(stage.world.observe_pool(a_pool(version=3)))
    await asyncio.sleep(1)
    assert stage.turns.of()
    stage.cycles.stop()


async def test_fault_in_one_pool_is_its_own_and_everything_of_it_is_judged_again(stage: Stage) -> None:
    for name in (POOL, "other"):
        stage.world.observe_pool(a_pool(name))
    stage.world.observe_job(a_job())
    stage.world.observe_task(a_task("one"))
    marked: list[set[str]] = []

    def fail_at_first(pool: PoolState, now: float) -> Plan:
        if pool.name == POOL and len(stage.turns.of()) == 1:
            raise RuntimeError("a fault")
        return Plan([])

    taken = stage.turns.__call__

    def judge(pool: PoolState, now: float, limits: Limits) -> Plan:
        if pool.name == POOL:
            marked.append({name for subject in ("task", "job") for name in pool.dirty[subject]})
            marked[-1] |= {subject for subject in ("samples", "autoscale") if pool.dirty[subject]}
        return taken(pool, now, limits)

    stage.turns.answer = fail_at_first
    cycle.plan = judge  # type: ignore[assignment] - the fixture puts the real one back
    stage.cycles.start()
    with stage.driving(), stage.driving(PoolKey(SPACE, "other")):
        await asyncio.sleep(0.5)
        assert len(stage.turns.of()) == 1
        before = len(stage.turns.of("other"))
        stage.cycles.wake([PoolKey(SPACE, "other")])
        await asyncio.sleep(0.5)
        assert len(stage.turns.of("other")) == before + 1
        await asyncio.sleep(10)
        assert len(stage.turns.of()) > 1
        assert marked[1] >= {"film", "film/one", "samples", "autoscale"}


async def test_what_is_stale_is_read_and_what_was_not_answered_is_not(stage: Stage) -> None:
    stage.world.observe_pool(a_pool())
    stage.cycles.start()
    stage.turns.answer = lambda pool, now: Plan([ACTION] if len(stage.turns.of()) == 1 else [])
    for outcome, read in ((Missed("conflict"), [ACTION]), (Missed("down", 1), [])):
        stage.performer.outcome = outcome
        stage.turns.times.clear()
        stage.reader.read.clear()
        with stage.driving():
            await asyncio.sleep(1)
        assert stage.reader.read == read


async def test_turns_that_go_wrong_in_a_row_come_ever_more_slowly(stage: Stage) -> None:
    stage.world.observe_pool(a_pool())
    stage.cycles.start()
    stage.turns.answer = lambda pool, now: Plan([ACTION])
    stage.performer.outcome = Missed("conflict")
    with stage.driving():
        await asyncio.sleep(120)
        wrong = len(stage.turns.of())
        assert 20 < wrong < 40
        stage.performer.outcome = Done()
        await asyncio.sleep(10)
        assert len(stage.turns.of()) - wrong > 100


async def test_what_went_wrong_in_the_background_is_judged_again_at_once(stage: Stage) -> None:
    stage.world.observe_pool(a_pool())
    stage.cycles.start()
    reports: list[Callable[[AnyAction, Outcome], None]] = []

    async def perform_later(actions: Sequence[AnyAction], report: Callable[[AnyAction, Outcome], None]) -> None:
        reports.append(report)

    stage.performer.perform = perform_later  # type: ignore[method-assign]
    stage.turns.answer = lambda pool, now: Plan([ACTION] if len(stage.turns.of()) == 1 else [])
    with stage.driving():
        await asyncio.sleep(1)
        before = len(stage.turns.of())
        reports[0](ACTION, Missed("down", 1))
        await asyncio.sleep(1)
        assert len(stage.turns.of()) == before + 1


async def test_an_outcome_that_cannot_be_folded_keeps_no_other_from_being_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded: list[AnyAction] = []
    odd = act.SweepPods(namespace="odd", pool=POOL)

    def fold(pool: PoolState, action: AnyAction, outcome: Outcome, now: float) -> None:
        if action is odd:
            raise KeyError("ours")
        folded.append(action)

    monkeypatch.setattr(cycle, "settle", fold)
    stage.world.observe_pool(a_pool())
    stage.turns.answer = lambda pool, now: Plan([odd, ACTION])
    await stage.cycles.step(KEY)
    assert folded == [ACTION]
    assert stage.world.pool(KEY).dirty["size"], "everything is judged anew"
