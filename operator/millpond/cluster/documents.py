"""The documents that manifests are made from: the fold's own models for the few kinds, a fresh read for a Task."""

from __future__ import annotations

import msgspec

from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.task import Task
from millpond.cluster.api_server import JOBS, POOLS, TASKS, ApiServer
from millpond.control.pool_state import PoolKey
from millpond.control.world import World


class Documents:
    """Pools and Jobs as the world knows them (read anew where it does not), Tasks always as they are now."""

    def __init__(self, api: ApiServer, world: World) -> None:
        self._api = api
        self._world = world

    async def pool(self, namespace: str, name: str) -> Pool:
        """The Pool. NotFoundError when there is none."""
        known = self._world.pool(PoolKey(namespace, name)).model
        return known or Pool.model_validate(msgspec.json.decode(await self._api.get(POOLS, namespace, name)))

    async def job(self, namespace: str, name: str) -> Job:
        """The Job. NotFoundError when there is none."""
        known = self._world.namespace(namespace).job(name).model
        return known or Job.model_validate(msgspec.json.decode(await self._api.get(JOBS, namespace, name)))

    async def task(self, namespace: str, name: str) -> Task:
        """The Task, command and all. NotFoundError when it was deleted."""
        return Task.model_validate(msgspec.json.decode(await self._api.get(TASKS, namespace, name)))
