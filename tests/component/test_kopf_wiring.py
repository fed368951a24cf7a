"""Kopf as it is set up here, on a real API server: what reaches the ears, and what it writes on objects."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from millpond.api import naming
from millpond.api.kind import Resource
from millpond.control.pool_state import PoolKey
from millpond.handlers.main import listen
from millpond.settings import Settings
from support.apiserver import ApiServer

FINALIZER = "millpond.dev/pool"
PATIENCE = 30.0

SPECS: dict[str, dict[str, Any]] = {
    "Pool": {"targetDedicatedNodes": 0, "nodeTemplate": {"image": "debian:12"}},
    "Job": {"poolName": "farm"},
    "ComputeNode": {"poolName": "farm", "nodeClass": "Dedicated"},
    "JobSchedule": {
        "schedule": {"recurrenceIntervalSeconds": 3600},
        "jobTemplate": {"spec": {"poolName": "farm"}},
    },
}


class Notebook:
    """Ears that write down what they hear; a Pool is driven until it is let go."""

    def __init__(self) -> None:
        self.seen_: list[tuple[str, str]] = []
        self.gone_: list[tuple[str, str]] = []
        self.driven: list[PoolKey] = []
        self.left: list[PoolKey] = []
        self.empty = asyncio.Event()
        self._news = asyncio.Event()

    def seen(self, kind: type[Resource], body: dict[str, Any]) -> None:
        self.seen_.append((kind.KIND.name, body["metadata"]["name"]))
        self._news.set()

    def gone(self, kind: type[Resource], body: dict[str, Any]) -> None:
        self.gone_.append((kind.KIND.name, body["metadata"]["name"]))
        self._news.set()

    async def drive(self, key: PoolKey) -> None:
        self.driven.append(key)
        self._news.set()
        await self.empty.wait()
        self.left.append(key)
        self._news.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()


class Space:
    """A namespace of one's own."""

    def __init__(self, server: ApiServer, name: str) -> None:
        self.server = server
        self.name = name

    async def apply(self, kind: str, name: str, **more: Any) -> None:
        document = {"apiVersion": "millpond.dev/v1alpha1", "kind": kind, "metadata": {"name": name}}
        await self._kubectl("apply", "-f", "-", document=document | {"spec": SPECS[kind] | more})

    async def delete(self, kind: str, name: str) -> None:
        await self._kubectl("delete", f"{kind}.millpond.dev", name, "--wait=false")

    async def _kubectl(self, *arguments: str, document: Any = None) -> str:
        return await asyncio.to_thread(self.server.done, *arguments, "-n", self.name, document=document)

    async def meta(self, kind: str, name: str) -> dict[str, Any] | None:
        """The object's metadata, None when it is gone."""
        plural = f"{kind.lower()}s"
        path = f"/apis/millpond.dev/v1alpha1/namespaces/{self.name}/{plural}/{name}"
        code, document = await asyncio.to_thread(self.server.request, "GET", path)
        return document["metadata"] if code == 200 else None

    async def until(self, kind: str, name: str, condition: Callable[[dict[str, Any] | None], object]) -> None:
        """Wait for the object to be so."""
        async with asyncio.timeout(PATIENCE):
            # Each look is a request in a thread, which is pause enough.
            while not condition(await self.meta(kind, name)):
                pass

    async def patches(self) -> int:
        """PATCH requests for Millpond's objects that the API server has answered in its life."""
        text = await asyncio.to_thread(self.server.done, "get", "--raw", "/metrics")
        lines = [line for line in text.splitlines() if line.startswith("apiserver_request_total{")]
        ours = [line for line in lines if 'group="millpond.dev"' in line and re.search(r'verb="(PATCH|PUT)"', line)]
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in ours)


@pytest.fixture
async def space(server: ApiServer, request: pytest.FixtureRequest) -> Space:
    name = f"ears-{naming.digest(request.node.name)}"
    await asyncio.to_thread(server.done, "create", "namespace", name)
    return Space(server, name)


@asynccontextmanager
async def operator(space: Space) -> AsyncIterator[Notebook]:
    """Kopf, listening to the namespace."""
    ears = Notebook()
    settings = Settings(kubeconfig=str(space.server.kubeconfig), watch_namespace=space.name)
    running = asyncio.create_task(listen(ears, settings, asyncio.Event()))
    try:
        yield ears
    finally:
        # As when the process is killed: drivers have no time to say goodbye.
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def has_finalizer(meta: dict[str, Any] | None) -> bool:
    return meta is not None and meta.get("finalizers") == [FINALIZER]


async def test_events_of_the_four_kinds_reach_the_ears_and_only_pools_are_held(space: Space) -> None:
    await space.apply("Job", "before")
    async with operator(space) as ears:
        await ears.until(lambda: ("Job", "before") in ears.seen_)
        for kind in SPECS:
            await space.apply(kind, "farm")
        await ears.until(lambda: {(kind, "farm") for kind in SPECS} <= set(ears.seen_))
        await space.until("Pool", "farm", has_finalizer)
        for kind in ("Job", "ComputeNode", "JobSchedule"):
            meta = await space.meta(kind, "farm")
            assert meta is not None
            assert "finalizers" not in meta
            await space.delete(kind, "farm")
        await ears.until(lambda: {(kind, "farm") for kind in SPECS if kind != "Pool"} <= set(ears.gone_))
        assert ears.driven == [PoolKey(space.name, "farm")]


async def test_a_deleted_pool_stays_until_nothing_of_it_is_left(space: Space) -> None:
    async with operator(space) as ears:
        await space.apply("Pool", "farm")
        await space.until("Pool", "farm", has_finalizer)
        await space.delete("Pool", "farm")
        await ears.until(lambda: len(ears.driven) == 2)
        meta = await space.meta("Pool", "farm")
        assert has_finalizer(meta)
        assert meta is not None
        assert meta["deletionTimestamp"]
        ears.empty.set()
        await space.until("Pool", "farm", lambda meta: meta is None)
        await ears.until(lambda: ("Pool", "farm") in ears.gone_)


async def test_a_pool_that_was_being_deleted_when_the_operator_started_stays_too(space: Space) -> None:
    async with operator(space):
        await space.apply("Pool", "farm")
        await space.until("Pool", "farm", has_finalizer)
    await space.delete("Pool", "farm")
    async with operator(space) as ears:
        await ears.until(lambda: ears.driven)
        assert ("Pool", "farm") in ears.seen_
        assert has_finalizer(await space.meta("Pool", "farm"))
        ears.empty.set()
        await space.until("Pool", "farm", lambda meta: meta is None)
        assert ears.driven == [PoolKey(space.name, "farm")]


async def test_a_pool_is_driven_again_after_a_restart(space: Space) -> None:
    for _ in range(2):
        async with operator(space) as ears:
            await space.apply("Pool", "farm")
            await ears.until(lambda ears=ears: ears.driven)


async def test_a_pool_made_again_under_its_name_is_driven_again(space: Space) -> None:
    async with operator(space) as ears:
        ears.empty.set()
        await space.apply("Pool", "farm")
        await space.until("Pool", "farm", has_finalizer)
        await space.delete("Pool", "farm")
        await space.until("Pool", "farm", lambda meta: meta is None)
        ears.driven.clear()
        await space.apply("Pool", "farm")
        await ears.until(lambda: ears.driven)


async def test_kopf_writes_one_finalizer_and_nothing_else(space: Space) -> None:
    before = await space.patches()
    applied = 0
    async with operator(space) as ears:
        for number in range(3):
            for kind in SPECS:
                await space.apply(kind, f"one-{number}")
                applied += 1
        for number in range(3):
            await space.until("Pool", f"one-{number}", has_finalizer)
        for priority in (1, 2, 3):
            await space.apply("Job", "one-0", priority=priority)
            applied += 1
        ears.seen_.clear()
        await space.apply("Pool", "one-0", targetDedicatedNodes=1)
        applied += 1
        await ears.until(lambda: ("Pool", "one-0") in ears.seen_)
        for kind in SPECS:
            meta = await space.meta(kind, "one-0")
            assert meta is not None
            names = set(meta.get("annotations", {}))
            assert names <= {"kubectl.kubernetes.io/last-applied-configuration"}
        ours = await space.patches() - before
    # kubectl patches what it applies again: three times a Job and once a Pool.
    assert ours == 3 + 4
