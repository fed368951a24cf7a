"""An informer: a collection, listed once and then watched, told to callbacks object by object as slim views.

It keeps the name, uid and version of each object and nothing else, so that a new list can be compared with what was
told: what vanished while no watch was open is told as gone. Decides nothing about what objects mean.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from collections.abc import Callable
from contextlib import aclosing
from typing import Generic, Protocol, TypeVar

import msgspec

from millpond import metrics
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import EVERYTHING, ApiServer, Resource, Selection, WatchEvent
from millpond.cluster.errors import ApiError, GoneError, UnavailableError

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


class HasMeta(Protocol):
    """A view of an object with metadata."""

    @property
    def metadata(self) -> Meta: ...


View = TypeVar("View", bound=HasMeta)


class Gone(msgspec.Struct, frozen=True, gc=False):
    """An object that is no more. `group` is what the informer's `group_of` said of it last, "" if it never decoded."""

    namespace: str
    name: str
    uid: str
    group: str


class Listener(Generic[View]):
    """Where an informer tells what it learns. Callbacks are quick and do not await."""

    def __init__(
        self,
        seen: Callable[[View], object],
        gone: Callable[[Gone], object],
        invalid: Callable[[Meta, str], object],
        group_of: Callable[[View], str] = lambda view: "",  # noqa: ARG005
    ) -> None:
        self.seen = seen
        self.gone = gone
        self.invalid = invalid
        """An object that does not decode, and why. Its neighbours are told as ever."""
        self.group_of = group_of
        """What of an object will be needed to find it when it is gone, as the job of a task."""


class _Known(msgspec.Struct, gc=False):
    uid: str
    version: str
    group: str
    round: int


class _Envelope(msgspec.Struct, gc=False):
    metadata: Meta


class _Position(msgspec.Struct, rename="camel", frozen=True):
    resource_version: str = ""


class _Bookmark(msgspec.Struct):
    """An object with a version and nothing else, not even a name."""

    metadata: _Position = _Position()


_decode_meta = msgspec.json.Decoder(_Envelope).decode
_decode_bookmark = msgspec.json.Decoder(_Bookmark).decode


class Informer(Generic[View]):
    """Runs until cancelled; `synced` is set when the first list has been told in full."""

    def __init__(
        self,
        api: ApiServer,
        resource: Resource,
        view: type[View],
        listener: Listener[View],
        *,
        namespace: str | None = None,
        selection: Selection = EVERYTHING,
        resync: float = 900.0,
    ) -> None:
        self._api = api
        self._resource = resource
        self._decode = msgspec.json.Decoder(view).decode
        self._listener = listener
        self._namespace = namespace
        self._selection = selection
        self._resync = resync
        self._known: dict[str, dict[str, _Known]] = {}
        self._round = 0
        self._heard_at: float | None = None
        self.synced = asyncio.Event()

    @property
    def plural(self) -> str:
        """What the collection is called."""
        return self._resource.plural

    def silence(self) -> float:
        """Seconds since the API server last said anything: page, event, bookmark or goodbye. 0 before `run`."""
        return 0.0 if self._heard_at is None else asyncio.get_running_loop().time() - self._heard_at

    def _heard(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """List, watch, and again, for ever."""
        self._heard()
        pause = FIRST_PAUSE
        while True:
            try:
                version = await self._list()
                pause = FIRST_PAUSE
                await self._follow(version)
            except GoneError:
                metrics.watch_ended(self._resource.plural, "gone")
                logger.info("Version of %s no longer kept: listing again", self._resource.plural)
            except ApiError as error:
                metrics.watch_ended(self._resource.plural, "error")
                logger.warning("Cannot list %s: %s", self._resource.plural, error)
                await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311
                pause = min(pause * 2, LONGEST_PAUSE)

    def __len__(self) -> int:
        """How many objects are known."""
        return sum(len(names) for names in self._known.values())

    # Lists

    async def _list(self) -> str:
        """Tell a full list and what it no longer has; the version to watch from."""
        self._round += 1
        token = ""
        while True:
            page = await self._api.list_page(self._resource, self._namespace, self._selection, token=token)
            self._heard()
            for item in page.items:
                self._take(item)
            # A page takes some milliseconds: let others run between two.
            await asyncio.sleep(0)
            token = page.next
            if not token:
                break
        self._forget_unlisted()
        metrics.listed(self._resource.plural)
        self.synced.set()
        return page.resource_version

    def _forget_unlisted(self) -> None:
        for namespace, names in list(self._known.items()):
            for name in [name for name, known in names.items() if known.round != self._round]:
                self._drop(namespace, name)

    # Watches

    async def _follow(self, version: str) -> None:
        """Watch from `version` on, over breaks, until it is time for the next full list."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._resync * random.uniform(0.9, 1.1)  # noqa: S311
        pause = FIRST_PAUSE
        while loop.time() < until:
            opened, before = loop.time(), version
            try:
                async with asyncio.timeout_at(until):
                    watch = self._api.watch(self._resource, self._namespace, version, self._selection)
                    async with aclosing(watch) as events:
                        async for event in events:
                            version = self._hear(event) or version
                self._heard()
                metrics.watch_ended(self._resource.plural, "closed")
            except TimeoutError:
                metrics.watch_ended(self._resource.plural, "resync")
                return
            except UnavailableError as error:
                metrics.watch_ended(self._resource.plural, "error")
                logger.info("%s", error)
            if version != before or loop.time() - opened > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            else:
                # A server that ends every watch at once is not to be asked in a tight loop.
                await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311
                pause = min(pause * 2, LONGEST_PAUSE)

    def _hear(self, event: WatchEvent) -> str:
        """Take one event; the version that the watch has come to, "" if it does not say."""
        self._heard()
        metrics.watch_told(self._resource.plural, event.type)
        if event.type in ("ADDED", "MODIFIED"):
            return self._take(event.object)
        if event.type == "BOOKMARK":
            return _decode_bookmark(event.object).metadata.resource_version
        meta = _meta_of(event.object)
        if event.type == "DELETED" and meta is not None:
            self._drop(meta.namespace, meta.name)
        return meta.resource_version if meta is not None else ""

    # Objects

    def _take(self, raw: msgspec.Raw) -> str:
        """Tell an object if it is news; its version, "" if even that does not decode."""
        try:
            view = self._decode(raw)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return self._set_aside(raw, str(error))
        meta = view.metadata
        known = self._known.get(meta.namespace, {}).get(meta.name)
        if known is not None and known.uid == meta.uid and known.version == meta.resource_version:
            known.round = self._round
            return meta.resource_version
        self._note(meta, known, self._listener.group_of(view))
        if not self._tell(self._listener.seen, view):
            self._tell(self._listener.invalid, meta, "it could not be taken in, by a fault of the operator")
        return meta.resource_version

    def _set_aside(self, raw: msgspec.Raw, why: str) -> str:
        meta = _meta_of(raw)
        metrics.object_invalid(self._resource.plural)
        if meta is None:
            logger.error("A %s has no readable metadata: %s", self._resource.kind, why)
            return ""
        known = self._known.get(meta.namespace, {}).get(meta.name)
        if known is None or known.uid != meta.uid or known.version != meta.resource_version:
            self._note(meta, known, known.group if known else "")
            self._tell(self._listener.invalid, meta, why)
        else:
            known.round = self._round
        return meta.resource_version

    def _note(self, meta: Meta, known: _Known | None, group: str) -> None:
        if known is not None and known.uid != meta.uid:
            # The old one was deleted and a namesake made while nobody watched.
            self._drop(meta.namespace, meta.name)
            known = None
        if known is None:
            names = self._known.setdefault(sys.intern(meta.namespace), {})
            names[meta.name] = _Known(meta.uid, meta.resource_version, sys.intern(group), self._round)
        else:
            known.version, known.group, known.round = meta.resource_version, sys.intern(group), self._round

    def _drop(self, namespace: str, name: str) -> None:
        names = self._known.get(namespace, {})
        known = names.pop(name, None)
        if not names:
            self._known.pop(namespace, None)
        if known is not None:
            self._tell(self._listener.gone, Gone(namespace, name, known.uid, known.group))

    def _tell(self, callback: Callable[..., object], *facts: object) -> bool:
        """Call back; False where that failed."""
        try:
            callback(*facts)
        except Exception:
            logger.exception("A %s could not be folded: its neighbours go on", self._resource.kind)
            return False
        return True


def _meta_of(raw: msgspec.Raw) -> Meta | None:
    try:
        return _decode_meta(raw).metadata
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
