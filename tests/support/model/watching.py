"""Watches: changes from a revision on, as a selector sees them, with bookmarks and an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain

from support.model.resources import BY_PLURAL
from support.model.selectors import Predicate
from support.model.store import Change, Document
from support.model.verbs import Verbs

BOOKMARK_SECONDS = 60.0
Line = tuple[str, Document]


class Watching:
    """Opens watches on a store. `cut` ends all that are open, as a restart of the server would."""

    def __init__(self, verbs: Verbs, seconds: float) -> None:
        self._verbs = verbs
        self._seconds = seconds
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._generation = 0
        verbs.store.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        for event in self._waiting.get(change.plural, ()):
            event.set()

    def cut(self) -> None:
        """End every open watch without a word."""
        self._generation += 1
        for event in chain.from_iterable(self._waiting.values()):
            event.set()

    def open(
        self, plural: str, namespace: str | None, labels: str, fields: str, resource_version: str
    ) -> AsyncIterator[Line]:
        """The changes after `resource_version`; "" and "0" begin with everything there is."""
        matches = self._verbs.matcher(plural, namespace, labels, fields)
        first = [] if resource_version not in ("", "0") else self._verbs.list(plural, namespace, labels, fields)
        position = int(resource_version or 0) if resource_version not in ("", "0") else self._verbs.store.revision
        self._verbs.store.since(position)
        return self._follow(plural, matches, first, position)

    async def _follow(
        self, plural: str, matches: Predicate, first: list[Document], position: int
    ) -> AsyncIterator[Line]:
        news, generation = asyncio.Event(), self._generation
        loop = asyncio.get_running_loop()
        end, bookmark = loop.time() + self._seconds, loop.time() + BOOKMARK_SECONDS
        waiting = self._waiting.setdefault(plural, set())
        waiting.add(news)
        try:
            for document in first:
                yield "ADDED", document
            while self._generation == generation and loop.time() < end:
                news.clear()
                for change in list(self._verbs.store.since(position)):
                    position = change.revision
                    for line in as_seen(change, plural, matches):
                        yield line
                    if self._generation != generation:
                        return
                if loop.time() >= bookmark:
                    bookmark = loop.time() + BOOKMARK_SECONDS
                    yield "BOOKMARK", self._bookmark(plural, position)
                await _set_or_late(news, min(end, bookmark) - loop.time())
        finally:
            waiting.discard(news)

    def _bookmark(self, plural: str, position: int) -> Document:
        kind = BY_PLURAL[plural]
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"resourceVersion": str(position)}}


async def _set_or_late(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    except TimeoutError:
        return


def as_seen(change: Change, plural: str, matches: Callable[[Document], bool]) -> Iterator[Line]:
    """A change through a selector: an object that no longer matches was deleted for this watcher, and the reverse."""
    if change.plural != plural:
        return
    before = change.before is not None and matches(change.before)
    after = change.type != "DELETED" and matches(change.after)
    if before and after:
        yield "MODIFIED", change.after
    elif after:
        yield "ADDED", change.after
    elif before:
        yield "DELETED", change.after
