"""Faults between an operator and its API server, each request's fate decided by a test or by a seed.

One `Line` is the connection of one life of the operator. When the life ends by a crash the line is dead: nothing that
is still awaited on it is ever answered, and nothing more passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from random import Random
from typing import Any, NamedTuple, TypeVar

from millpond.api.views.meta import Meta
from millpond.cluster.api_server import EVERYTHING, PAGE, ApiServer, Page, Resource, Selection, WatchEvent
from millpond.cluster.errors import GoneError, TooManyRequestsError, UnavailableError

Answer = TypeVar("Answer")


class Request(NamedTuple):
    """A request as a fault chooser sees it. `write` counts the writes of all lives, from 1; 0 for a read."""

    verb: str
    plural: str
    name: str
    write: int


Chooser = Callable[[Request], str]
"""The fate of a request: "" (none), "refuse", "fail", "drop-before", "apply-then-drop", "delay", "too-many",
"crash-before", "crash-after"; for a line of a watch: "cut", "gone", "swallow", "duplicate", "delay"."""


def no_faults(_: Request) -> str:
    return ""


class Counter:
    """Numbers the writes of all lives of the operator, and remembers them."""

    def __init__(self) -> None:
        self.writes: list[Request] = []

    def request(self, verb: str, plural: str, name: str) -> Request:
        is_write = verb not in ("get", "list", "watch") and plural not in ("leases", "events")
        request = Request(verb, plural, name, len(self.writes) + 1 if is_write else 0)
        if is_write:
            self.writes.append(request)
        return request


class Line:
    """Implements `ApiServer` over another one. `crashed` is set when a crash was chosen."""

    def __init__(self, api: ApiServer, choose: Chooser, counter: Counter) -> None:
        self._api = api
        self._choose = choose
        self._counter = counter
        self.crashed = asyncio.Event()

    async def _silence(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def _crash(self) -> None:
        self.crashed.set()
        await self._silence()

    async def _pass(self, verb: str, resource: Resource, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        if self.crashed.is_set():
            await self._silence()
        fate = self._choose(self._counter.request(verb, resource.plural, name))
        await self._before(fate)
        try:
            answer = await call()
        finally:
            if fate == "crash-after":
                await self._crash()
        if fate == "apply-then-drop":
            raise UnavailableError("the connection broke before the answer came")
        if self.crashed.is_set():
            await self._silence()
        return answer

    async def _before(self, fate: str) -> None:
        match fate:
            case "crash-before":
                await self._crash()
            case "refuse":
                raise UnavailableError("connection refused")
            case "fail":
                raise UnavailableError("etcdserver: request timed out", 500, "InternalError")
            case "drop-before":
                await asyncio.sleep(10.0)
                raise UnavailableError("no answer in time")
            case "too-many":
                raise TooManyRequestsError("too many requests", retry_after=2.0)
            case "delay":
                await asyncio.sleep(3.0)

    async def get(self, resource: Resource, namespace: str | None, name: str, subresource: str = "") -> bytes:
        return await self._pass("get", resource, name, lambda: self._api.get(resource, namespace, name, subresource))

    async def resources(self, group: str, version: str) -> list[Resource]:
        every = Resource(group, version, "", "APIResourceList", namespaced=False)
        return await self._pass("get", every, "", lambda: self._api.resources(group, version))

    async def list_page(
        self,
        resource: Resource,
        namespace: str | None,
        selection: Selection = EVERYTHING,
        *,
        limit: int = PAGE,
        token: str = "",
    ) -> Page:
        return await self._pass(
            "list", resource, "", lambda: self._api.list_page(resource, namespace, selection, limit=limit, token=token)
        )

    async def watch(
        self, resource: Resource, namespace: str | None, resource_version: str, selection: Selection = EVERYTHING
    ) -> AsyncIterator[WatchEvent]:
        stream = self._api.watch(resource, namespace, resource_version, selection)
        async with aclosing(stream) as events:  # type: ignore[type-var]
            async for event in events:
                if self.crashed.is_set():
                    await self._silence()
                match self._choose(Request("watch", resource.plural, "", 0)):
                    case "cut":
                        raise UnavailableError("the watch broke")
                    case "gone":
                        raise GoneError("too old resource version", 410, "Expired")
                    case "swallow" if event.type != "BOOKMARK":
                        continue
                    case "duplicate" if event.type != "DELETED":
                        yield event
                    case "delay":
                        await asyncio.sleep(3.0)
                yield event

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
        name = str(document.get("metadata", {}).get("name", ""))
        return await self._pass("create", resource, name, lambda: self._api.create(resource, namespace, document))

    async def merge_patch(
        self, resource: Resource, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
    ) -> Meta:
        return await self._pass(
            "patch", resource, name, lambda: self._api.merge_patch(resource, namespace, name, patch, subresource)
        )

    async def json_patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        subresource: str = "",
    ) -> Meta:
        return await self._pass(
            "patch", resource, name, lambda: self._api.json_patch(resource, namespace, name, operations, subresource)
        )

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, *, uid: str = "", grace: int | None = None
    ) -> None:
        await self._pass(
            "delete", resource, name, lambda: self._api.delete(resource, namespace, name, uid=uid, grace=grace)
        )

    async def delete_collection(
        self, resource: Resource, namespace: str, selection: Selection, *, limit: int = PAGE
    ) -> int:
        return await self._pass(
            "deletecollection",
            resource,
            "",
            lambda: self._api.delete_collection(resource, namespace, selection, limit=limit),
        )


STORM = ("fail", "refuse", "drop-before", "apply-then-drop", "delay", "too-many")
WATCH_STORM = ("cut", "gone", "duplicate", "delay")


def storm(seed: int, share: float = 0.1, crashes: float = 0.002, *, swallow: bool = False) -> Chooser:
    """A share of all requests goes wrong, and now and then the operator dies."""
    random = Random(seed)

    def choose(request: Request) -> str:
        chance = random.random()
        if request.verb == "watch":
            choices = (*WATCH_STORM, "swallow") if swallow else WATCH_STORM
            return random.choice(choices) if chance < share / 4 else ""
        if request.write and chance < crashes:
            return random.choice(("crash-before", "crash-after"))
        return random.choice(STORM) if chance < share else ""

    return choose
