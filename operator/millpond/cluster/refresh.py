"""Reading an object anew after an action missed it, so that the next plan stands on what is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import msgspec
from pydantic import ValidationError

from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.api.views.task import TaskView
from millpond.cluster.api_server import COMPUTE_NODES, HOSTS, JOBS, PODS, POOLS, TASKS, ApiServer, Resource
from millpond.cluster.errors import ApiError, NotFoundError, UnavailableError
from millpond.control import actions as act
from millpond.control.pool_state import PoolKey
from millpond.control.world import World

Model = TypeVar("Model", Job, Pool, ComputeNode)

TRIES = 5

_task = msgspec.json.Decoder(TaskView).decode
_pod = msgspec.json.Decoder(PodView).decode
_host = msgspec.json.Decoder(HostView).decode


class Refresher:
    """Reads what an action was about and folds it."""

    def __init__(self, api: ApiServer, world: World) -> None:
        self._api = api
        self._world = world

    async def refresh(self, action: act.AnyAction) -> Iterable[PoolKey]:
        """Fold the object as it is now, or its absence. Without a readable answer things stay as they are."""
        try:
            match action:
                case act.WriteTask():
                    return await self._read_task(action.namespace, action.job, action.task, action.uid)
                case act.StartAttempt():
                    keys = set(await self._read_task(action.namespace, action.job, action.task, action.task_uid))
                    return keys | set(await self._read_pod(action.namespace, action.pool, action.pod, ""))
                case act.StartJobTask():
                    return await self._read_pod(action.namespace, action.pool, action.pod, "")
                case (
                    act.StopAttempt()
                    | act.DisplaceAttempt()
                    | act.ReleaseEvidence()
                    | act.DeleteNodePod()
                    | act.ShrinkNodePod()
                ):
                    return await self._read_pod(action.namespace, None, action.pod, action.uid)
                case act.ClaimHost() | act.ReleaseHost():
                    return await self._read_host(action.host)
                case _:
                    return await self._read_few(action)
        except (ApiError, msgspec.ValidationError, ValidationError):
            return ()

    async def _steady(self, resource: Resource, namespace: str | None, name: str) -> bytes:
        """The object, if nothing was told to be gone while it was read: that might have been this one."""
        for _ in range(TRIES):
            before = self._world.forgotten
            found = await self._api.get(resource, namespace, name)
            if self._world.forgotten == before:
                return found
        raise UnavailableError(f"{name} could not be read in peace")

    async def _read_task(self, namespace: str, job: str, name: str, uid: str) -> Iterable[PoolKey]:
        try:
            return self._world.observe_task(_task(await self._steady(TASKS, namespace, name)))
        except NotFoundError:
            return self._world.forget_task(namespace, job, name, uid)

    async def _read_pod(self, namespace: str, pool: str | None, name: str, uid: str) -> Iterable[PoolKey]:
        try:
            return self._world.observe_pod(_pod(await self._steady(PODS, namespace, name)))
        except NotFoundError:
            pools = [pool] if pool else list(self._world.namespace(namespace).pools)
            return [key for one in pools for key in self._world.forget_pod(namespace, one, name, uid)]

    async def _read_host(self, name: str) -> Iterable[PoolKey]:
        try:
            return self._world.observe_host(_host(await self._steady(HOSTS, None, name)))
        except NotFoundError:
            return self._world.forget_host(name)

    async def _read_few(self, action: act.AnyAction) -> Iterable[PoolKey]:
        space, world = action.namespace, self._world
        match action:
            case (
                act.HoldJob(job=name)
                | act.CreateManager(job=name)
                | act.CreatePool(job=name)
                | act.WriteJob(job=name)
                | act.ReleaseJob(job=name)
            ):
                return await self._one(self._steady(JOBS, space, name), Job, world.observe_job)
            case act.DeletePool(pool=name) | act.WritePool(pool=name) | act.SweepPods(pool=name):
                return await self._one(self._steady(POOLS, space, name), Pool, world.observe_pool)
            case (
                act.WriteNode(node=name)
                | act.CreateNode(node=name)
                | act.RemoveNode(node=name)
                | act.ReleaseNode(node=name)
                | act.CreateNodePod(node=name)
                | act.CreateEraser(node=name)
                | act.DeleteClaim(node=name)
            ):
                return await self._one(self._steady(COMPUTE_NODES, space, name), ComputeNode, world.observe_node)
        return ()

    async def _one(
        self, reading: Awaitable[bytes], kind: type[Model], observe: Callable[[Model], Iterable[PoolKey]]
    ) -> Iterable[PoolKey]:
        """Fold one of the few; the absence of one is told by its watch."""
        try:
            return observe(kind.model_validate(msgspec.json.decode(await reading)))
        except NotFoundError:
            return ()
