"""One life of the real operator over any API server, with a small feeder in Kopf's place. Ends when it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress

import msgspec
from millpond.api import labels
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import Resource as Kind
from millpond.api.pool import Pool
from millpond.cluster.actuator import Actuator
from millpond.cluster.api_server import COMPUTE_NODES, JOB_SCHEDULES, JOBS, POOLS, ApiServer, Resource
from millpond.cluster.cycle import Cycles
from millpond.cluster.documents import Documents
from millpond.cluster.errors import ApiError, NotFoundError
from millpond.cluster.events import EventRecorder
from millpond.cluster.refresh import Refresher
from millpond.cluster.schedules import ScheduleKeeper
from millpond.cluster.set_aside import SetAside
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.handlers.listening import Listening
from millpond.settings import Settings

from support.model.store import Document

FED: tuple[tuple[type[Kind], Resource], ...] = (
    (Pool, POOLS),
    (Job, JOBS),
    (ComputeNode, COMPUTE_NODES),
    (JobSchedule, JOB_SCHEDULES),
)


class OperatorLife:
    """The operator's parts, put together as `handlers/main` does."""

    def __init__(self, api: ApiServer, settings: Settings, now: Callable[[], float]) -> None:
        self.api = api
        self.world = World()
        self._events = EventRecorder(api, "model")
        actuator = Actuator(api, Documents(api, self.world), self._events, settings)
        refresher = Refresher(api, self.world)
        self.cycles = Cycles(self.world, actuator, refresher, settings.limits(), now, settings.gather)
        self._schedules = ScheduleKeeper(api, now)
        aside = SetAside(api, self._events, now)
        self.listening = Listening(api, self.world, self.cycles, self._schedules, aside, settings)
        self._drivers: dict[PoolKey, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Live until cancelled, or until a part fails."""
        try:
            await self._live()
        finally:
            self.cycles.stop()

    async def _live(self) -> None:
        async with asyncio.TaskGroup() as group:
            for part in (self._events.run(), *self.listening.parts()):
                group.create_task(part)
            await self.listening.gathered()
            self.cycles.start()
            group.create_task(self._schedules.run())
            for kind, resource in FED:
                group.create_task(self._feed(kind, resource, group))

    async def _feed(self, kind: type[Kind], resource: Resource, group: asyncio.TaskGroup) -> None:
        """List and watch one of the few kinds, and tell of it, as Kopf would."""
        while True:
            with suppress(ApiError):
                page = await self.api.list_page(resource, None)
                for raw in page.items:
                    self._seen(kind, msgspec.json.decode(raw), group)
                version = page.resource_version
                async with aclosing(self.api.watch(resource, None, version)) as events:  # type: ignore[type-var]
                    async for event in events:
                        body = msgspec.json.decode(event.object)
                        if event.type == "DELETED":
                            self.listening.gone(kind, body)
                        elif event.type != "BOOKMARK":
                            self._seen(kind, body, group)
            await asyncio.sleep(0.1)

    def _seen(self, kind: type[Kind], body: Document, group: asyncio.TaskGroup) -> None:
        meta = body["metadata"]
        deleting = "deletionTimestamp" in meta
        if kind is not Pool:
            self.listening.seen(kind, body)
            return
        ours = labels.POOL_FINALIZER in meta.get("finalizers", ())
        self.listening.seen(kind, body)
        key = PoolKey(meta["namespace"], meta["name"])
        if key not in self._drivers and (ours or not deleting):
            driver = group.create_task(self._drive(key, ours=ours))
            self._drivers[key] = driver
            driver.add_done_callback(lambda _: self._drivers.pop(key, None))

    async def _drive(self, key: PoolKey, *, ours: bool) -> None:
        """A Pool's daemon: its finalizer first, then its cycle, then the finalizer off."""
        if not ours and not await self._finalize(key, [labels.POOL_FINALIZER]):
            return
        await self.listening.drive(key)
        await self._finalize(key, None)

    async def _finalize(self, key: PoolKey, finalizers: list[str] | None) -> bool:
        while True:
            try:
                patch = {"metadata": {"finalizers": finalizers}}
                await self.api.merge_patch(POOLS, key.namespace, key.pool, patch)
            except NotFoundError:
                return False
            except ApiError:
                await asyncio.sleep(1.0)
            else:
                return True
