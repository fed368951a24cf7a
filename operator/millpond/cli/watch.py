"""`millpond job watch`: three watches folded into one progress, shown as it changes until its end."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import click
import msgspec

from millpond.cli.access import Cluster
from millpond.cli.columns import Document, at
from millpond.cli.objects import get_document, list_all
from millpond.cli.progress import Progress
from millpond.cluster.api_server import JOBS, POOLS, TASKS, Resource, Selection
from millpond.cluster.errors import ApiError, GoneError, UnavailableError

REDRAW_SECONDS = 0.25
PLAIN_SECONDS = 1.0
LAST_NEWS_SECONDS = 3.0
"""How long the end waits for the last news of tasks, which comes by another stream than the job's."""


class View(Protocol):
    """What shows a progress."""

    def show(self, progress: Progress, elapsed: float) -> None: ...

    def close(self, progress: Progress, elapsed: float) -> None: ...


async def watch_job(cluster: Cluster, name: str, *, until_complete: bool) -> int:
    """Show the job's progress until its end; the exit code."""
    job = await get_document(cluster, "job", name)
    progress, changed = Progress(name, job), asyncio.Event()
    view, pause = _view()
    watching: list[asyncio.Future[None]] = [asyncio.ensure_future(one) for one in _watches(cluster, progress, changed)]
    began = time.monotonic()
    try:
        code = await _show(progress, changed, watching, view, pause, until_complete=until_complete)
    finally:
        for one in watching:
            one.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        view.close(progress, time.monotonic() - began)
    failed = " --result Failure -o wide" if code else ""
    click.echo(f"Next: millpond task list --job {name}{failed}", err=True)
    return code


def _view() -> tuple[View, float]:
    if not sys.stdout.isatty():
        from millpond.cli.plain import PlainView  # noqa: PLC0415 - only without a terminal

        return PlainView(click.echo), PLAIN_SECONDS
    from millpond.cli.live import LiveView  # noqa: PLC0415 - only with a terminal

    return LiveView(), REDRAW_SECONDS


async def _show(
    progress: Progress,
    changed: asyncio.Event,
    watching: list[asyncio.Future[None]],
    view: View,
    pause: float,
    *,
    until_complete: bool,
) -> int:
    began, ending = time.monotonic(), 0.0
    while True:
        for one in watching:
            if one.done():
                one.result()
        code = progress.verdict(until_complete=until_complete)
        now = time.monotonic()
        if code is not None:
            ending = ending or now
            if progress.told or now - ending >= LAST_NEWS_SECONDS:
                return code
        view.show(progress, now - began)
        await asyncio.sleep(pause)
        if pause >= PLAIN_SECONDS and code is None:
            await changed.wait()
        changed.clear()


def _watches(cluster: Cluster, progress: Progress, changed: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
    def job(found: list[Document]) -> None:
        progress.job = found[0] if found else None

    def pool(found: list[Document]) -> None:
        progress.pool = found[0] if found else None

    def drop_task(gone: Document) -> None:
        progress.drop(gone["metadata"]["name"])

    pool_name = at(progress.job, "spec", "poolName") or ""
    return [
        _follow(
            cluster, JOBS, f"metadata.name={progress.name}", job, lambda one: job([one]), lambda _: job([]), changed
        ),
        _follow(
            cluster, POOLS, f"metadata.name={pool_name}", pool, lambda one: pool([one]), lambda _: pool([]), changed
        ),
        _follow(cluster, TASKS, f"spec.jobName={progress.name}", progress.replace, progress.put, drop_task, changed),
    ]


async def _follow(
    cluster: Cluster,
    resource: Resource,
    fields: str,
    replace: Callable[[list[Document]], None],
    put: Callable[[Document], None],
    drop: Callable[[Document], None],
    changed: asyncio.Event,
) -> None:
    """List, then watch, and again from the list when the watch is lost. Its own end, by an error, is news too."""
    namespace, chosen = cluster.one_namespace, Selection(fields=fields)
    try:
        while True:
            items, version = await list_all(cluster.api, resource, namespace, chosen)
            replace([msgspec.json.decode(item) for item in items])
            changed.set()
            try:
                while True:
                    async for event in cluster.api.watch(resource, namespace, version, chosen):
                        document = msgspec.json.decode(event.object)
                        version = document["metadata"]["resourceVersion"]
                        _apply(event.type, document, put, drop)
                        changed.set()
            except (GoneError, UnavailableError) as error:
                await _breathe(error)
    finally:
        changed.set()


def _apply(kind: str, document: Document, put: Callable[[Document], None], drop: Callable[[Document], None]) -> None:
    if kind in ("ADDED", "MODIFIED"):
        put(document)
    elif kind == "DELETED":
        drop(document)


async def _breathe(error: ApiError) -> None:
    """A server that has just lost a watch is not asked again at once."""
    if isinstance(error, UnavailableError):
        await asyncio.sleep(1.0)
