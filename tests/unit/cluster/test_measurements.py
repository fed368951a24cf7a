"""Agents are asked, a bounded number at a time, and the world hears what follows from what they say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web
from millpond.cluster import agents
from millpond.cluster.measurements import Measurements
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.scaling.measurement import Measurement
from millpond.scaling.reading import Reading, write_reading
from support.answering import answering
from support.builders import EPOCH, a_node_pod, running
from support.scene import KEY

HERE = "127.0.0.1"


class Stage:
    """Nodes of a pool whose agents all answer alike, and one who asks them."""

    def __init__(self) -> None:
        self.now = EPOCH
        self.world = World()
        self.woken: list[PoolKey] = []
        self.answer: Callable[[], web.StreamResponse] = web.Response
        self.delay = 0.0
        self.speaks = asyncio.Event()
        self.speaks.set()
        self.asked = self.at_once = self.most_at_once = 0

    def serves(self, port: int, session: aiohttp.ClientSession) -> None:
        self.measurements = Measurements(self.world, self.woken.extend, lambda: self.now, port)
        self.session = session

    async def told(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.delay)
        await self.speaks.wait()
        self.at_once -= 1
        return self.answer()

    def says(self, **reading: float) -> None:
        self.answer = lambda: web.Response(text=write_reading(Reading(**reading)))

    def node(self, name: str, uid: str = "") -> None:
        self.world.observe_pod(a_node_pod(name, agent=running(), uid=uid, podIP=HERE))

    async def round(self, after: float = 30.0) -> Measurement | None:
        """A round later; what is known of node `a` then."""
        self.now += after
        await self.measurements.round(self.session)
        return self.world.pool(KEY).node("a").measurement


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    async with answering(HERE, made.told) as (port, session):
        made.serves(port, session)
        yield made


async def test_what_counters_rose_by_is_told_from_the_second_reading_on(stage: Stage) -> None:
    stage.node("a")
    stage.says(cpu_busy_seconds=10, cpu_seconds=100, disk_reads=5)
    first = await stage.round()
    stage.says(cpu_busy_seconds=25, cpu_seconds=160, disk_reads=9)
    second = await stage.round(after=60.0)
    assert first == Measurement(EPOCH + 30)
    assert second == Measurement(EPOCH + 90, cpu_fraction=0.25, disk_read_operations=2.0)


async def test_another_pod_of_the_node_begins_anew(stage: Stage) -> None:
    stage.says(cpu_busy_seconds=10, cpu_seconds=100)
    stage.node("a", uid="one")
    await stage.round()
    stage.says(cpu_busy_seconds=25, cpu_seconds=160)
    stage.world.forget_pod(KEY.namespace, KEY.pool, "a", "one")
    stage.node("a", uid="two")
    assert await stage.round() == Measurement(EPOCH + 60)


BAD = {
    "an error": lambda: web.Response(status=500),
    "no numbers": lambda: web.Response(text="millpond_node_disk_reads_total many\n"),
    "far too much": lambda: web.Response(text="#" * 70_000),
    "somewhere else": lambda: web.Response(status=302, headers={"Location": "/metrics"}),
    "compressed rubbish": lambda: web.Response(body=b"rubbish", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
async def test_a_bad_answer_is_none(stage: Stage, answer: Callable[[], web.StreamResponse]) -> None:
    stage.node("a")
    stage.answer = answer
    assert await stage.round() is None
    assert stage.asked == 1
    stage.says(disk_reads=1)
    assert await stage.round() is not None


async def test_one_that_keeps_silent_costs_the_others_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "AT_ONCE", 3)
    for number in range(7):
        stage.node(f"n-{number}")
    stage.delay = 0.01
    await stage.round()
    assert (stage.asked, stage.most_at_once) == (7, 3)
    stage.node("a")
    stage.speaks.clear()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.1)) as impatient:
        stage.session = impatient
        assert await stage.round() is None
    stage.speaks.set()


async def test_a_disk_that_fills_and_empties_wakes_the_pool(stage: Stage) -> None:
    stage.node("a")
    for used, woken in ((50.0, []), (95.0, [KEY]), (96.0, []), (80.0, [KEY])):
        stage.woken.clear()
        stage.says(disk_used_bytes=used, disk_available_bytes=100.0 - used)
        await stage.round()
        assert stage.woken == woken


@pytest.mark.looptime
async def test_a_round_in_each_period_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third one takes longer than a period, and the fourth follows at once."""
    clock = asyncio.get_running_loop().time
    begun: list[float] = []

    async def take(self: Measurements, session: aiohttp.ClientSession) -> None:
        begun.append(clock())
        await asyncio.sleep(50.0 if len(begun) == 3 else 1.0)

    monkeypatch.setattr(Measurements, "round", take)
    start = clock()
    running_ = asyncio.create_task(Measurements(World(), lambda keys: None, lambda: 0.0).run())
    await asyncio.sleep(150.0)
    running_.cancel()
    assert [round(moment - start) for moment in begun] == [0, 30, 60, 110, 140]
