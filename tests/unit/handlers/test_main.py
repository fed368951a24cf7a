"""What ends the operator, and with which exit code. The whole process is tried in tests/component."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest
from millpond.cluster.errors import LeadershipLostError
from millpond.cluster.measurements import Measurements
from millpond.handlers import main
from millpond.handlers.health import Health
from millpond.handlers.listening import Listening
from millpond.settings import Settings
from support.builders import EPOCH
from support.model.server import ModelServer
from support.model.verbs import Verbs
from support.virtual_time import in_virtual_time


class Lease:
    """Held for so many seconds."""

    identity = "one"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def hold(self) -> None:
        await asyncio.sleep(self.seconds)
        raise LeadershipLostError("another one leads")


class Stage:
    """A leader on a model API server, with nobody in Kopf's place."""

    def __init__(self, latency: float) -> None:
        self.server: Any = ModelServer(Verbs(lambda: EPOCH + asyncio.get_running_loop().time()), latency)
        self.health = Health()
        self.stop = asyncio.Event()
        self.listens = asyncio.Event()
        self.hears_until = asyncio.Event()

    async def listen(self, ears: Listening, settings: Settings, stop: asyncio.Event) -> None:
        self.listens.set()
        await self.hears_until.wait()

    def lead(self, lease: Lease) -> asyncio.Task[int]:
        holder: Any = lease
        return asyncio.create_task(main._lead(Settings(), self.server, holder, self.health, self.stop))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Stage:
    made = Stage(getattr(request, "param", 0.01))
    monkeypatch.setattr(main, "listen", made.listen)
    return made


@in_virtual_time
async def test_told_to_stop_it_ends_well(stage: Stage) -> None:
    leading = stage.lead(Lease(1000))
    await stage.listens.wait()
    assert stage.health._leading
    stage.stop.set()
    assert await leading == 0
    assert stage.health._stopping


@in_virtual_time
async def test_nodes_are_measured_from_the_moment_it_judges(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[bool] = []

    async def round_(self: Measurements, session: object) -> None:
        rounds.append(stage.health._leading)

    monkeypatch.setattr(Measurements, "round", round_)
    leading = stage.lead(Lease(1000))
    await asyncio.sleep(50)
    assert rounds == [True, True]
    stage.stop.set()
    assert await leading == 0


@in_virtual_time
async def test_leadership_that_is_lost_ends_it_badly(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    assert await stage.lead(Lease(50)) == 1
    assert stage.health._stopping
    (record,) = [one for one in caplog.records if one.name == main.__name__]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LeadershipLostError)


@in_virtual_time
async def test_a_part_that_ends_by_itself_ends_it_badly(stage: Stage) -> None:
    leading = stage.lead(Lease(1000))
    await stage.listens.wait()
    stage.hears_until.set()
    assert await leading == 1


@pytest.mark.parametrize("stage", [100.0], indirect=True)
@in_virtual_time
async def test_before_everything_is_gathered_nobody_listens_and_the_end_is_as_good(stage: Stage) -> None:
    leading = stage.lead(Lease(1000))
    await asyncio.sleep(10)
    assert not stage.listens.is_set()
    assert not stage.health._leading
    stage.stop.set()
    assert await leading == 0


@pytest.mark.parametrize("stage", [100.0], indirect=True)
@in_virtual_time
async def test_leadership_lost_while_gathering_ends_it_badly(stage: Stage) -> None:
    assert await stage.lead(Lease(20)) == 1
    assert not stage.listens.is_set()


@in_virtual_time
async def test_silence_of_the_server_is_what_liveness_complains_of(stage: Stage) -> None:
    stage.lead(Lease(10_000))
    await stage.listens.wait()
    assert stage.health.complaint() == ""
    stage.server.latency = 3600
    stage.server.watching.cut()
    await asyncio.sleep(400)
    assert stage.health.complaint().startswith("nothing was heard of ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_ask_to_stop(number: signal.Signals) -> None:
    async def live() -> None:
        stop = asyncio.Event()
        main.obey_signals(stop)
        os.kill(os.getpid(), number)
        async with asyncio.timeout(10):
            await stop.wait()

    asyncio.run(live())


@in_virtual_time
async def test_the_first_to_end_decides_and_its_error_is_told() -> None:
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("cancelled")

    async def broken() -> None:
        raise ValueError("no such lease")

    with pytest.raises(ValueError, match="no such lease"):
        await main._first(slow(), broken())
    await asyncio.sleep(0)
    assert ended in ([], ["cancelled"])


def test_settings_that_do_not_fit_end_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLPOND_RESYNC", "soon")
    with pytest.raises(SystemExit, match="MILLPOND_RESYNC is 'soon'"):
        main.run()
