"""The model behind the operator's own door: `ApiServer` over the verbs, answering after a moment of (virtual) time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import EVERYTHING, PAGE, Page, Resource, Selection, WatchEvent
from millpond.cluster.errors import ApiError, Status, error_of

from support.model.failures import StatusError, not_found
from support.model.resources import BY_PLURAL
from support.model.store import Document
from support.model.verbs import Verbs
from support.model.watching import Watching

_encode = msgspec.json.encode


def as_error(failure: StatusError) -> ApiError:
    """The operator's word for an answer of the model."""
    return error_of(failure.status, Status(failure.message, failure.reason, failure.status), failure.retry_after)


def _meta(document: Document) -> Meta:
    return msgspec.convert(document["metadata"], Meta)


class ModelServer:
    """Implements `ApiServer`. `latency` is the time of an answer in seconds, `watch_seconds` the life of a watch."""

    def __init__(self, verbs: Verbs, latency: float = 0.002, watch_seconds: float = 300.0) -> None:
        self.verbs = verbs
        self.latency = latency
        self.watching = Watching(verbs, watch_seconds)

    async def get(self, resource: Resource, namespace: str | None, name: str, subresource: str = "") -> bytes:
        await asyncio.sleep(self.latency)
        read = self.verbs.scale if subresource == "scale" else self.verbs.get
        try:
            return _encode(read(resource.plural, namespace, name))
        except StatusError as failure:
            raise as_error(failure) from None

    async def resources(self, group: str, version: str) -> list[Resource]:
        await asyncio.sleep(self.latency)
        api_version = f"{group}/{version}" if group else version
        kinds = [kind for kind in BY_PLURAL.values() if kind.api_version == api_version]
        if not kinds:
            raise as_error(not_found("", ""))
        return [Resource(group, version, kind.plural, kind.kind, kind.namespaced) for kind in kinds]

    async def list_page(
        self,
        resource: Resource,
        namespace: str | None,
        selection: Selection = EVERYTHING,
        *,
        limit: int = PAGE,
        token: str = "",
    ) -> Page:
        await asyncio.sleep(self.latency)
        try:
            page, revision, following = self.verbs.list_page(
                resource.plural, namespace, selection.labels, selection.fields, limit, token
            )
        except StatusError as failure:
            raise as_error(failure) from None
        return Page([msgspec.Raw(_encode(document)) for document in page], str(revision), following)

    async def watch(
        self, resource: Resource, namespace: str | None, resource_version: str, selection: Selection = EVERYTHING
    ) -> AsyncIterator[WatchEvent]:
        await asyncio.sleep(self.latency)
        try:
            stream = self.watching.open(
                resource.plural, namespace, selection.labels, selection.fields, resource_version
            )
            async for kind, document in stream:
                yield WatchEvent(kind, msgspec.Raw(_encode(document)))
        except StatusError as failure:
            raise as_error(failure) from None

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
        await asyncio.sleep(self.latency)
        try:
            return _meta(self.verbs.create(resource.plural, namespace, _plain(document)))
        except StatusError as failure:
            raise as_error(failure) from None

    async def merge_patch(
        self, resource: Resource, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
    ) -> Meta:
        await asyncio.sleep(self.latency)
        try:
            return _meta(self.verbs.merge_patch(resource.plural, namespace, name, _plain(patch), subresource))
        except StatusError as failure:
            raise as_error(failure) from None

    async def json_patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        subresource: str = "",
    ) -> Meta:
        await asyncio.sleep(self.latency)
        try:
            return _meta(self.verbs.json_patch(resource.plural, namespace, name, _plain(operations), subresource))
        except StatusError as failure:
            raise as_error(failure) from None

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, *, uid: str = "", grace: int | None = None
    ) -> None:
        await asyncio.sleep(self.latency)
        try:
            self.verbs.delete(resource.plural, namespace, name, uid=uid, grace=grace)
        except StatusError as failure:
            raise as_error(failure) from None

    async def delete_collection(
        self, resource: Resource, namespace: str, selection: Selection, *, limit: int = PAGE
    ) -> int:
        await asyncio.sleep(self.latency)
        try:
            return self.verbs.delete_collection(resource.plural, namespace, selection.labels, selection.fields, limit)
        except StatusError as failure:
            raise as_error(failure) from None


def _plain(value: Any) -> Any:
    """The value after its way over the wire."""
    return msgspec.json.decode(_encode(value))
