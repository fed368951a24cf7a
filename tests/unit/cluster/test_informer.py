"""The informer: whatever the server does, every object is told, and what vanished is told as gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from millpond.api.views.task import TaskView
from millpond.cluster.api_server import EVERYTHING, PAGE, TASKS, Page, Resource, Selection, WatchEvent
from millpond.cluster.errors import GoneError, UnavailableError
from millpond.cluster.informer import Gone, Informer, Listener

pytestmark = pytest.mark.looptime


def task(name: str, version: int, uid: str = "", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "a", "uid": uid or f"uid-{name}", "resourceVersion": str(version)}
    return {"metadata": metadata, "spec": {"jobName": "job", **spec}}


class ScriptedServer:
    """Lists what is in `objects`; a watch yields what is put into `events`: an event, an error, or None for its end."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        self.objects = list(objects)
        self.version = 100
        self.events: asyncio.Queue[tuple[str, dict[str, Any]] | Exception | None] = asyncio.Queue()
        self.list_errors: list[Exception] = []
        self.lists = 0
        self.watched_from: list[str] = []

    async def list_page(
        self, resource: Resource, namespace: str | None, selection: Selection = EVERYTHING,
        *, limit: int = PAGE, token: str = "",
    ) -> Page:  # fmt: skip
        if self.list_errors:
            raise self.list_errors.pop(0)
        start = int(token or 0)
        self.lists += not token
        items = [msgspec.Raw(msgspec.json.encode(item)) for item in self.objects[start : start + 2]]
        following = str(start + 2) if start + 2 < len(self.objects) else ""
        return Page(items, str(self.version), following)

    async def watch(
        self, resource: Resource, namespace: str | None, resource_version: str, selection: Selection = EVERYTHING
    ) -> AsyncGenerator[WatchEvent, None]:
        self.watched_from.append(resource_version)
        while True:
            event = await self.events.get()
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            kind, document = event
            yield WatchEvent(kind, msgspec.Raw(msgspec.json.encode(document)))


class Told:
    """What an informer has told, in order."""

    def __init__(self) -> None:
        self.log: list[tuple[str, ...]] = []
        self.fail_on = ""
        self.listener = Listener[TaskView](self.seen, self.gone, self.invalid, lambda view: view.spec.job_name)

    def seen(self, view: TaskView) -> None:
        self.log.append(("seen", view.metadata.name, view.metadata.resource_version))
        if view.metadata.name == self.fail_on:
            raise KeyError("a fault of the fold")

    def gone(self, gone: Gone) -> None:
        self.log.append(("gone", gone.name, gone.uid, gone.group))

    def invalid(self, meta: Any, why: str) -> None:
        self.log.append(("invalid", meta.name))

    def taken(self) -> list[tuple[str, ...]]:
        taken, self.log[:] = list(self.log), []
        return taken


@asynccontextmanager
async def informing(server: Any, told: Told, resync: float = 1e6) -> AsyncIterator[Informer[TaskView]]:
    informer = Informer(server, TASKS, TaskView, told.listener, resync=resync)
    running = asyncio.create_task(informer.run())
    try:
        await informer.synced.wait()
        yield informer
    finally:
        running.cancel()


async def _settle(seconds: float = 5) -> None:
    await asyncio.sleep(seconds)


async def test_all_pages_are_told_before_it_is_synced() -> None:
    server, told = ScriptedServer(*(task(f"t{n}", n + 1) for n in range(5))), Told()
    async with informing(server, told) as informer:
        assert [entry[1] for entry in told.taken()] == ["t0", "t1", "t2", "t3", "t4"]
        assert len(informer) == 5


async def test_events_are_told_and_bookmarks_move_the_version() -> None:
    server, told = ScriptedServer(task("one", 1)), Told()
    async with informing(server, told) as informer:
        told.taken()
        server.events.put_nowait(("ADDED", task("two", 101)))
        server.events.put_nowait(("MODIFIED", task("one", 102)))
        server.events.put_nowait(("DELETED", task("two", 103)))
        server.events.put_nowait(("BOOKMARK", {"metadata": {"resourceVersion": "150"}}))
        server.events.put_nowait(None)
        await _settle()
        assert told.taken() == [("seen", "two", "101"), ("seen", "one", "102"), ("gone", "two", "uid-two", "job")]
        assert server.watched_from == ["100", "150"]
        assert server.lists == 1
        assert len(informer) == 1


async def test_broken_watch_is_resumed_from_where_it_was() -> None:
    server, told = ScriptedServer(), Told()
    async with informing(server, told):
        server.events.put_nowait(("ADDED", task("one", 101)))
        server.events.put_nowait(UnavailableError("reset"))
        server.events.put_nowait(("ADDED", task("two", 102)))
        await _settle()
        assert [entry[1] for entry in told.taken()] == ["one", "two"]
        assert server.watched_from == ["100", "101"]


async def test_history_that_is_gone_is_listed_again_and_compared() -> None:
    server, told = ScriptedServer(task("kept", 1), task("lost", 2), task("changed", 3), task("remade", 4)), Told()
    async with informing(server, told) as informer:
        told.taken()
        server.objects = [task("kept", 1), task("changed", 30), task("remade", 40, uid="another"), task("new", 41)]
        server.version = 200
        server.events.put_nowait(GoneError("too old"))
        await _settle()
        assert sorted(told.taken()) == [
            ("gone", "lost", "uid-lost", "job"),
            ("gone", "remade", "uid-remade", "job"),
            ("seen", "changed", "30"),
            ("seen", "new", "41"),
            ("seen", "remade", "40"),
        ]
        assert server.watched_from == ["100", "200"]
        assert len(informer) == 4


async def test_what_no_watch_told_is_found_by_the_slow_resync() -> None:
    server, told = ScriptedServer(task("one", 1)), Told()
    async with informing(server, told, resync=600):
        told.taken()
        server.objects = []
        await _settle(500)
        assert told.taken() == []
        await _settle(200)
        assert told.taken() == [("gone", "one", "uid-one", "job")]


async def test_object_that_does_not_decode_is_kept_aside_and_its_neighbours_are_told() -> None:
    server, told = ScriptedServer(task("one", 1, requiredSlots="many"), task("two", 2)), Told()
    async with informing(server, told) as informer:
        assert told.taken() == [("invalid", "one"), ("seen", "two", "2")]
        server.events.put_nowait(("MODIFIED", task("one", 101)))
        server.events.put_nowait(("MODIFIED", task("two", 102, requiredSlots="many")))
        server.events.put_nowait(("DELETED", task("two", 103, requiredSlots="many")))
        await _settle()
        assert told.taken() == [("seen", "one", "101"), ("invalid", "two"), ("gone", "two", "uid-two", "job")]
        assert len(informer) == 1


async def test_fault_of_a_listener_does_not_stop_the_others() -> None:
    server, told = ScriptedServer(task("one", 1), task("two", 2)), Told()
    told.fail_on = "one"
    async with informing(server, told):
        assert [entry[:2] for entry in told.taken()] == [("seen", "one"), ("invalid", "one"), ("seen", "two")]


async def test_list_that_fails_is_tried_again_with_pauses() -> None:
    server, told = ScriptedServer(task("one", 1)), Told()
    server.list_errors = [UnavailableError("down")] * 5
    async with informing(server, told):
        assert 10 < asyncio.get_running_loop().time() < 25
        assert [entry[1] for entry in told.taken()] == ["one"]


async def test_watch_that_ends_at_once_is_not_opened_in_a_tight_loop() -> None:
    server, told = ScriptedServer(), Told()
    for _ in range(1000):
        server.events.put_nowait(None)
    async with informing(server, told):
        await _settle(600)
        assert len(server.watched_from) < 60


async def test_silence_is_broken_by_whatever_the_server_says() -> None:
    server, told = ScriptedServer(task("one", 1)), Told()
    async with informing(server, told) as informer:
        assert informer.silence() < 1
        for said in (("ADDED", task("two", 101)), ("BOOKMARK", {"metadata": {"resourceVersion": "150"}}), None):
            await asyncio.sleep(100)
            assert informer.silence() == pytest.approx(100, abs=10)
            server.events.put_nowait(said)
            await asyncio.sleep(1)
            assert informer.silence() < 2
        server.events.put_nowait(UnavailableError("reset"))
        await asyncio.sleep(100)
        assert informer.silence() == pytest.approx(101, abs=10), "a connection that breaks says nothing"


async def test_what_could_not_be_folded_is_told_to_be_invalid() -> None:
    server, told = ScriptedServer(task("bad", 1), task("good", 2)), Told()
    told.fail_on = "bad"
    async with informing(server, told):
        assert told.taken() == [("seen", "bad", "1"), ("invalid", "bad"), ("seen", "good", "2")]
