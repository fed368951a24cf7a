"""Where all that is seen goes: informers for the many, Kopf for the few, one list of the few to begin with.

Kopf tells nothing of an object that vanished while its watch was broken, so the few are listed anew from time to time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any

import msgspec
from pydantic import ValidationError

from millpond import metrics
from millpond.api import labels
from millpond.api.computenode import ComputeNode
from millpond.api.departing import departing
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import Resource as Kind
from millpond.api.pool import Pool
from millpond.api.schema import first_fault
from millpond.api.views.host import HostView
from millpond.api.views.meta import Meta
from millpond.api.views.pod import PodView
from millpond.api.views.task import TaskView
from millpond.cluster.api_server import (
    COMPUTE_NODES,
    HOSTS,
    JOB_SCHEDULES,
    JOBS,
    PODS,
    POOLS,
    TASKS,
    ApiServer,
    Resource,
    Selection,
)
from millpond.cluster.cycle import Cycles
from millpond.cluster.errors import ApiError
from millpond.cluster.informer import Gone, Informer, Listener
from millpond.cluster.schedules import ScheduleKeeper
from millpond.cluster.set_aside import SetAside, Unreadable
from millpond.control.pool_state import PoolKey
from millpond.control.world import World
from millpond.settings import Settings

log = logging.getLogger(__name__)

FEW: dict[type[Kind], Resource] = {
    Pool: POOLS,
    Job: JOBS,
    ComputeNode: COMPUTE_NODES,
    JobSchedule: JOB_SCHEDULES,
}

SILENCES = 3
"""How many times the silence that ends a watch an informer may hear nothing before something is wrong with it."""


class Listening:
    """Folds what is told into the world and wakes the cycles concerned."""

    def __init__(
        self,
        api: ApiServer,
        world: World,
        cycles: Cycles,
        schedules: ScheduleKeeper,
        aside: SetAside,
        settings: Settings,
    ) -> None:
        self._api = api
        self._world = world
        self._cycles = cycles
        self._schedules = schedules
        self._aside = aside
        self._longest_silence = SILENCES * settings.watch_silence
        self._space = settings.watch_namespace or None
        self._resync = settings.resync
        self._few: dict[type[Kind], dict[tuple[str, str], Kind]] = {kind: {} for kind in FEW}
        self._listed = asyncio.Event()
        wake = cycles.wake
        tasks = Listener[TaskView](
            lambda view: wake(world.observe_task(view)),
            lambda gone: wake(world.forget_task(gone.namespace, gone.group, gone.name, gone.uid)),
            partial(self._invalid, TASKS),
            lambda view: view.spec.job_name,
        )
        pods = Listener[PodView](
            lambda view: wake(world.observe_pod(view)),
            lambda gone: wake(world.forget_pod(gone.namespace, gone.group, gone.name, gone.uid)),
            partial(self._invalid, PODS),
            lambda view: view.metadata.labels.get(labels.POOL, ""),
        )
        hosts = Listener[HostView](
            lambda view: wake(world.observe_host(view)), self._host_gone, partial(self._invalid, HOSTS)
        )
        ours = Selection(labels=labels.ROLE)
        self._informers: list[Informer[Any]] = [
            Informer(api, HOSTS, HostView, hosts, resync=self._resync),
            Informer(api, TASKS, TaskView, tasks, namespace=self._space, resync=self._resync),
            Informer(api, PODS, PodView, pods, namespace=self._space, selection=ours, resync=self._resync),
        ]

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """What gathers and listens; each runs for ever."""
        return [self._aside.run(), self._list_the_few(), *(informer.run() for informer in self._informers)]

    async def gathered(self) -> None:
        """Return when everything has been listed once."""
        await self._listed.wait()
        for informer in self._informers:
            await informer.synced.wait()

    def silence(self) -> str:
        """Which collection has been silent for too long, and for how long; "" while all are heard."""
        for informer in self._informers:
            seconds = informer.silence()
            if seconds > self._longest_silence:
                return f"nothing was heard of {informer.plural} for {seconds:.0f} s"
        return ""

    def _host_gone(self, gone: Gone) -> None:
        self._cycles.wake(self._world.forget_host(gone.name))

    def _invalid(self, resource: Resource, meta: Meta, why: str) -> None:
        self._world.unreadable.setdefault(meta.namespace, set()).add(meta.name)
        self._aside.put(
            Unreadable(resource, meta.namespace, meta.name, meta.uid, meta.resource_version, why),
        )

    # What Kopf tells

    def seen(self, kind: type[Kind], body: dict[str, Any]) -> None:
        """An object exists, as `body` says."""
        try:
            model = kind.model_validate(body)
        except ValidationError as error:
            metrics.object_invalid(kind.KIND.plural)
            # A finalizer of ours holds it: it cannot go unless it is folded.
            leaving = departing(kind, body)
            if leaving is None:
                self._invalid(FEW[kind], msgspec.convert(body["metadata"], Meta), first_fault(error))
                return
            model = leaving
        self._few[kind][model.key] = model
        self._fold(model)

    def gone(self, kind: type[Kind], body: dict[str, Any]) -> None:
        """An object was deleted."""
        meta = body.get("metadata", {})
        self._forget(kind, (meta.get("namespace", ""), meta.get("name", "")), meta.get("uid", ""))

    async def drive(self, key: PoolKey) -> None:
        """Have a Pool's cycle run until the Pool is deleted and nothing of it is left."""
        await self._cycles.drive(key)

    def _fold(self, model: Kind) -> None:
        match model:
            case Pool():
                self._cycles.wake(self._world.observe_pool(model))
                self._schedules.observe_pool(model)
            case Job():
                self._cycles.wake(self._world.observe_job(model))
                self._schedules.observe_job(model)
            case ComputeNode():
                self._cycles.wake(self._world.observe_node(model))
            case JobSchedule():
                self._schedules.observe(model)

    def _forget(self, kind: type[Kind], key: tuple[str, str], uid: str) -> None:
        model = self._few[kind].get(key)
        if model is None or model.metadata.uid != uid:
            return
        del self._few[kind][key]
        space, name = key
        match model:
            case Pool():
                self._cycles.wake(self._world.forget_pool(space, name))
                self._schedules.forget_pool(model)
            case Job():
                self._cycles.wake(self._world.forget_job(space, name))
                self._schedules.forget_job(model)
            case ComputeNode():
                self._cycles.wake(self._world.forget_node(space, model.spec.pool_name, name))
            case JobSchedule():
                self._schedules.forget(space, name)

    # What lists tell

    async def _list_the_few(self) -> None:
        """List the few at once and then from time to time, and forget what is no longer there."""
        while True:
            try:
                for kind, resource in FEW.items():
                    await self._list_kind(kind, resource)
                self._listed.set()
                await asyncio.sleep(self._resync)
            except ApiError as error:
                log.warning("cannot list: %s", error)
                await asyncio.sleep(1.0)

    async def _list_kind(self, kind: type[Kind], resource: Resource) -> None:
        before = {key: model.metadata.uid for key, model in self._few[kind].items()}
        found: set[tuple[str, str]] = set()
        token = ""
        while True:
            page = await self._api.list_page(resource, self._space, token=token)
            for raw in page.items:
                body = msgspec.json.decode(raw)
                found.add((body["metadata"].get("namespace", ""), body["metadata"]["name"]))
                self.seen(kind, body)
            token = page.next
            if not token:
                break
        for key, uid in before.items():
            if key not in found:
                self._forget(kind, key, uid)
