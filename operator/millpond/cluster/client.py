"""The API server over HTTP: how requests are sent, bounded, fenced and made again. The only place that retries.

Every request may be made again when no answer came: reads are harmless, creates carry their own name (the caller meets
AlreadyExistsError), patches carry a resourceVersion or a test, or say the same twice, and deletes carry a uid.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from millpond import metrics
from millpond.api import labels
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import EVERYTHING, LEASES, PAGE, Page, Resource, Selection, WatchEvent
from millpond.cluster.errors import (
    ApiError,
    Status,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    error_of,
)
from millpond.cluster.kubeconfig import Connection
from millpond.cluster.watch_lines import read_events

JSON = "application/json"
METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
METADATA_LIST = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"
TRIES = 5
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
LONGEST_RETRY_AFTER = 30.0
WATCH_SECONDS = (240, 360)
"""How long the server is asked to keep a watch open: drawn, so that watches do not end together."""


class _ListMeta(msgspec.Struct, rename="camel", frozen=True):
    resource_version: str = ""
    token: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None  # the server writes null for none where it was asked for metadata only
    metadata: _ListMeta = _ListMeta()


class _ApiResource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool


class _ApiResources(msgspec.Struct):
    resources: list[_ApiResource]


class _Written(msgspec.Struct):
    metadata: Meta


_decode_list = msgspec.json.Decoder(_List).decode
_decode_resources = msgspec.json.Decoder(_ApiResources).decode
_decode_written = msgspec.json.Decoder(_Written).decode
_decode_status = msgspec.json.Decoder(Status).decode


def _open() -> float:
    """The fence of a process that needs none."""
    return math.inf


class Client:
    """`ApiServer` over HTTP. To be used as an async context manager, inside the loop that makes the requests.

    `fence` is called before every write, each time it is made: it raises where nothing may be written, and says for how
    many seconds the write may go on. Leases are written without it, and without waiting in the queue, since the fence
    itself stands on one.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        fence: Callable[[], float] = _open,
        timeout: float = 10.0,
        concurrency: int = 64,
        watch_silence: float = 90.0,
    ) -> None:
        self._connection = connection
        self._fence = fence
        self._timeout = timeout
        self._watch_silence = watch_silence
        self._slots = asyncio.Semaphore(concurrency)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        tls = self._connection.tls
        connector = aiohttp.TCPConnector(limit=0, ssl=tls if tls is not None else True)
        self._session = aiohttp.ClientSession(
            connector=connector, read_bufsize=2**20, headers={"User-Agent": "millpond"}, auto_decompress=True
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    # The door

    async def get(self, resource: Resource, namespace: str | None, name: str, subresource: str = "") -> bytes:
        return await self._request("GET", resource, resource.path(namespace, name, subresource))

    async def resources(self, group: str, version: str) -> list[Resource]:
        every = Resource(group, version, "", "APIResourceList", namespaced=False)
        found = _decode_resources(await self._request("GET", every, every.path(None))).resources
        return [Resource(group, version, item.name, item.kind, item.namespaced) for item in found]

    async def list_page(
        self,
        resource: Resource,
        namespace: str | None,
        selection: Selection = EVERYTHING,
        *,
        limit: int = PAGE,
        token: str = "",
    ) -> Page:
        query = _query(selection, limit=str(limit), **({"continue": token} if token else {}))
        found = _decode_list(await self._request("GET", resource, resource.path(namespace), query=query))
        return Page(found.items or [], found.metadata.resource_version, found.metadata.token)

    async def watch(
        self, resource: Resource, namespace: str | None, resource_version: str, selection: Selection = EVERYTHING
    ) -> AsyncGenerator[WatchEvent, None]:
        query = _query(
            selection,
            watch="1",
            allowWatchBookmarks="true",
            resourceVersion=resource_version,
            timeoutSeconds=str(random.randint(*WATCH_SECONDS)),  # noqa: S311
        )
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout, sock_read=self._watch_silence)
        path = resource.path(namespace)
        try:
            async with self._http.get(
                self._connection.server + path,
                params=query,
                headers=self._headers(JSON),
                timeout=limits,
                server_hostname=self._connection.server_name,
            ) as answer:
                if answer.status != 200:
                    raise self._refusal(answer, await answer.read())
                async for event in read_events(answer.content.iter_any()):
                    yield event
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"The watch of {resource.plural} broke: {_describe(error)}") from error

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
        return await self._write("POST", resource, resource.path(namespace), document, JSON)

    async def merge_patch(
        self, resource: Resource, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
    ) -> Meta:
        path = resource.path(namespace, name, subresource)
        return await self._write("PATCH", resource, path, patch, "application/merge-patch+json")

    async def json_patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        subresource: str = "",
    ) -> Meta:
        path = resource.path(namespace, name, subresource)
        return await self._write("PATCH", resource, path, operations, "application/json-patch+json")

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, *, uid: str = "", grace: int | None = None
    ) -> None:
        options: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        await self._request("DELETE", resource, resource.path(namespace, name), body=options, accept=METADATA)

    async def delete_collection(
        self, resource: Resource, namespace: str, selection: Selection, *, limit: int = PAGE
    ) -> int:
        query = _query(selection, limit=str(limit), propagationPolicy="Background")
        path = resource.path(namespace)
        answer = await self._request("DELETE", resource, path, query=query, accept=METADATA_LIST)
        return len(_decode_list(answer).items or ())

    # How requests are made

    async def _write(self, method: str, resource: Resource, path: str, body: Any, content: str) -> Meta:
        query = {"fieldManager": labels.FIELD_MANAGER}
        answer = await self._request(method, resource, path, query=query, body=body, content=content, accept=METADATA)
        return _decode_written(answer).metadata

    async def _request(
        self,
        method: str,
        resource: Resource,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: Any = None,
        content: str = JSON,
        accept: str = JSON,
    ) -> bytes:
        data = msgspec.json.encode(body) if body is not None else None
        call = _Call(method, resource, path, query or {}, data, content, accept)
        if resource == LEASES:
            return await self._persist(call, fenced=False)
        async with self._slots:
            return await self._persist(call, fenced=method != "GET")

    async def _persist(self, call: _Call, *, fenced: bool) -> bytes:
        """Make the request until there is an answer, or for as often as is reasonable."""
        pause = FIRST_PAUSE
        for left in range(TRIES - 1, -1, -1):
            patience = min(self._timeout, self._fence()) if fenced else self._timeout
            try:
                return await self._once(call, patience)
            except UnavailableError as error:
                if left == 0:
                    raise
                wait = pause * random.uniform(0.5, 1.5)  # noqa: S311
                if isinstance(error, TooManyRequestsError):
                    wait = max(wait, min(error.retry_after, LONGEST_RETRY_AFTER))
                metrics.request_retried(call.method, call.resource.plural)
                await asyncio.sleep(wait)
                pause = min(pause * 2, LONGEST_PAUSE)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _once(self, call: _Call, patience: float) -> bytes:
        clock = asyncio.get_running_loop().time
        began, code = clock(), 0
        try:
            async with self._http.request(
                call.method,
                self._connection.server + call.path,
                params=call.query,
                data=call.data,
                headers=self._headers(call.accept) | {"Content-Type": call.content},
                timeout=aiohttp.ClientTimeout(total=patience),
                server_hostname=self._connection.server_name,
            ) as answer:
                content, code = await answer.read(), answer.status
                if code >= 300:
                    raise self._refusal(answer, content)
                return content
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = f"{call.method} {call.path}: no answer from the API server: {_describe(error)}"
            raise UnavailableError(text) from error
        finally:
            metrics.request_answered(call.method, call.resource.plural, code, clock() - began)

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open: use it inside `async with`")
        return self._session

    def _headers(self, accept: str) -> dict[str, str]:
        return {"Accept": accept} | self._connection.credentials.headers()

    def _refusal(self, answer: aiohttp.ClientResponse, content: bytes) -> ApiError:
        try:
            status = _decode_status(content)
        except (msgspec.DecodeError, msgspec.ValidationError):
            status = Status(content[:300].decode(errors="replace"))
        error = error_of(answer.status, status, _seconds(answer.headers.get("Retry-After")))
        if isinstance(error, UnauthorizedError):
            self._connection.credentials.doubt()
        return error


class _Call(msgspec.Struct, frozen=True):
    """One request, ready to be sent as often as needed."""

    method: str
    resource: Resource
    path: str
    query: dict[str, str]
    data: bytes | None
    content: str
    accept: str


def _query(selection: Selection, **rest: str) -> dict[str, str]:
    selected = {"labelSelector": selection.labels, "fieldSelector": selection.fields}
    return {name: value for name, value in selected.items() if value} | rest


def _seconds(text: str | None) -> float | None:
    """A Retry-After in seconds; its other form, a date, is not used by API servers."""
    return float(text) if text and text.isdigit() else None


def _describe(error: BaseException) -> str:
    return str(error) or type(error).__name__
