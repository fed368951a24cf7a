"""Leadership by a Lease: who may write, and until when it is safe to believe it.

Time is the event loop's own and never the wall clock, so that a step of the clock cannot make two leaders; a Lease of
somebody else is over when it was not renewed for its duration *as seen here*. Knows nothing of what leaders do.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from typing import Any

import msgspec

from millpond import metrics
from millpond.api.views.meta import Meta, View
from millpond.cluster.api_server import LEASES, ApiServer
from millpond.cluster.errors import ApiError, LeadershipLostError, NotFoundError, StaleError

logger = logging.getLogger(__name__)


class LeaseTimes(msgspec.Struct, frozen=True):
    """In seconds; `retry` < `renew_deadline` < `duration`."""

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0


class _LeaseSpec(View, frozen=True):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class _Lease(View, frozen=True):
    metadata: Meta
    spec: _LeaseSpec = _LeaseSpec()


_decode = msgspec.json.Decoder(_Lease).decode


class LeaderLease:
    """One candidate for the Lease `name`: `await acquire()`, then `await hold()` beside the work, then `release()`."""

    def __init__(
        self, api: ApiServer, namespace: str, name: str, identity: str, times: LeaseTimes | None = None
    ) -> None:
        self._api = api
        self._namespace = namespace
        self._name = name
        self.identity = identity
        self._times = times or LeaseTimes()
        self._version = ""
        self._transitions = 0
        self._seen: tuple[str, str | None, str | None] | None = None
        """Version, holder and renewal of the Lease as last read; a change of it restarts the wait."""
        self._seen_at = 0.0
        self._renewed_at: float | None = None
        """When the request that last renewed it was *sent*; None when not the leader."""

    def held_safely(self) -> bool:
        """True while nobody else can be leading: last renewed less than the renew deadline ago."""
        if self._renewed_at is None:
            return False
        return asyncio.get_running_loop().time() < self._renewed_at + self._times.renew_deadline

    def fence(self) -> float:
        """Seconds for which a write sent now may go on: then somebody else may lead.

        Raises LeadershipLostError where nothing may be written.
        """
        if self._renewed_at is None or not self.held_safely():
            raise LeadershipLostError(f"{self.identity} does not safely hold the lease {self._namespace}/{self._name}")
        return self._renewed_at + self._times.duration - asyncio.get_running_loop().time()

    async def acquire(self) -> None:
        """Return when leading."""
        while True:
            try:
                async with asyncio.timeout(self._times.renew_deadline):
                    if await self._try():
                        logger.info("%s leads", self.identity)
                        metrics.leading(True)
                        return
            except (ApiError, TimeoutError) as error:
                logger.warning("Cannot take the lease: %s", error or "no answer in time")
            await asyncio.sleep(self._times.retry * random.uniform(1.0, 1.2))  # noqa: S311

    async def hold(self) -> None:
        """Renew for as long as that works; raises LeadershipLostError when it no longer does."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._times.retry)
            if self._renewed_at is None:
                raise LeadershipLostError(f"{self.identity} does not lead")
            try:
                async with asyncio.timeout_at(self._patience(self._renewed_at)):
                    await self._try()
            except StaleError as error:
                logger.warning("Someone else wrote the lease: %s", error)
            except (ApiError, TimeoutError) as error:
                logger.warning("The lease was not renewed: %s", error or "no answer in time")
            if self._renewed_at is None or loop.time() >= self._renewed_at + self._times.renew_deadline:
                self._lose()
                raise LeadershipLostError(f"{self.identity} no longer holds the lease {self._namespace}/{self._name}")

    def _patience(self, renewed_at: float) -> float:
        """Until when to wait for an answer: a connection that hangs must leave time for another attempt."""
        now, deadline = asyncio.get_running_loop().time(), self._times.renew_deadline
        return min(now + deadline / 3, renewed_at + deadline)

    async def release(self) -> None:
        """Give the Lease up, so that the next leader need not wait. To be called when nothing is written any more."""
        if self._renewed_at is None:
            return
        version = self._version
        self._lose()
        patch = self._patch(version, {"holderIdentity": "", "leaseDurationSeconds": 1})
        try:
            async with asyncio.timeout(self._times.retry):
                await self._api.merge_patch(LEASES, self._namespace, self._name, patch)
        except (ApiError, TimeoutError) as error:
            logger.info("The lease was not given up, it will run out: %s", error)

    def _lose(self) -> None:
        self._renewed_at, self._version, self._seen = None, "", None
        metrics.leading(False)

    async def _try(self) -> bool:
        """Take or renew the Lease if it is free or ours; whether it is ours now."""
        now = asyncio.get_running_loop().time()
        if self._renewed_at is not None and self._version:
            try:
                await self._renew(now, self._version)
            except StaleError:
                # Somebody wrote: look whose it is before the next attempt.
                self._version = ""
            else:
                return True
        try:
            lease = _decode(await self._api.get(LEASES, self._namespace, self._name))
        except NotFoundError:
            await self._create(now)
            return True
        self._observe(lease, now)
        holder = lease.spec.holder_identity
        if holder and holder != self.identity and now < self._seen_at + (lease.spec.lease_duration_seconds or 0):
            self._renewed_at = None
            return False
        self._transitions = (lease.spec.lease_transitions or 0) + (holder != self.identity)
        version = lease.metadata.resource_version
        await (self._renew(now, version) if holder == self.identity else self._take(now, version))
        return True

    def _observe(self, lease: _Lease, now: float) -> None:
        seen = (lease.metadata.resource_version, lease.spec.holder_identity, lease.spec.renew_time)
        if seen != self._seen:
            self._seen, self._seen_at = seen, now

    async def _create(self, now: float) -> None:
        document = {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": self._mine(),
        }
        meta = await self._api.create(LEASES, self._namespace, document)
        self._version, self._renewed_at = meta.resource_version, now

    async def _take(self, now: float, version: str) -> None:
        patch = self._patch(version, self._mine())
        meta = await self._api.merge_patch(LEASES, self._namespace, self._name, patch)
        self._version, self._renewed_at = meta.resource_version, now

    async def _renew(self, now: float, version: str) -> None:
        patch = self._patch(
            version,
            {"holderIdentity": self.identity, "leaseDurationSeconds": self._seconds, "renewTime": _micro_time()},
        )
        meta = await self._api.merge_patch(LEASES, self._namespace, self._name, patch)
        self._version, self._renewed_at = meta.resource_version, now

    @property
    def _seconds(self) -> int:
        return max(1, round(self._times.duration))

    def _mine(self) -> dict[str, Any]:
        at = _micro_time()
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": self._seconds,
            "acquireTime": at,
            "renewTime": at,
            "leaseTransitions": self._transitions,
        }

    @staticmethod
    def _patch(version: str, spec: dict[str, Any]) -> dict[str, Any]:
        return {"metadata": {"resourceVersion": version}, "spec": spec}


def _micro_time() -> str:
    """Now, as `metav1.MicroTime` is written. For people: nothing is decided by it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
