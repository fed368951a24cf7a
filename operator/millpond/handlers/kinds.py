"""Every trigger that comes through Kopf: the few kinds' events, and what drives each Pool. Judges nothing."""

from __future__ import annotations

from typing import Any, Protocol

import kopf

from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import GROUP, VERSION, Resource
from millpond.api.pool import Pool
from millpond.control.pool_state import PoolKey

AT_ONCE = 5.0
"""Seconds until Kopf forgets a daemon that does not end when it is cancelled. Ours only wait, so they end at once."""

KINDS: tuple[type[Resource], ...] = (Pool, Job, ComputeNode, JobSchedule)


class Ears(Protocol):
    """Who listens: folds what Kopf tells, and drives cycles."""

    def seen(self, kind: type[Resource], body: dict[str, Any]) -> None:
        """An object exists, as `body` says."""

    def gone(self, kind: type[Resource], body: dict[str, Any]) -> None:
        """An object was deleted; `body` is its last state."""

    async def drive(self, key: PoolKey) -> None:
        """Have a Pool's cycle run until the Pool is deleted and nothing of it is left; may be cancelled at any time."""


def register(registry: kopf.OperatorRegistry, ears: Ears) -> None:
    """Put all handlers into a registry of their own."""
    for kind in KINDS:
        _register_events(registry, kind, ears)

    @kopf.daemon(GROUP, VERSION, Pool.KIND.plural, registry=registry, id="drive-pool", cancellation_timeout=AT_ONCE)
    async def drive_pool(namespace: str | None, name: str | None, **_: Any) -> None:
        """One daemon for each Pool, until it is deleted."""
        await ears.drive(PoolKey(namespace or "", name or ""))

    @kopf.on.delete(GROUP, VERSION, Pool.KIND.plural, registry=registry, id="empty-pool")
    async def empty_pool(namespace: str | None, name: str | None, **_: Any) -> None:
        """Keeps the finalizer on a deleted Pool until nothing of it is left. The daemon cannot: Kopf starts none for a
        Pool that it first sees when it is being deleted, as after a restart, and looks at one that goes on only after a
        write of its own on the Pool, of which it makes none here."""
        await ears.drive(PoolKey(namespace or "", name or ""))


def _register_events(registry: kopf.OperatorRegistry, kind: type[Resource], ears: Ears) -> None:
    @kopf.on.event(GROUP, VERSION, kind.KIND.plural, registry=registry, id=f"observe-{kind.KIND.singular}")
    async def observe(type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - Kopf's name
        (ears.gone if type == "DELETED" else ears.seen)(kind, dict(body))
