"""The Pools that schedules have for all their jobs: made with the first one, deleted with the schedule's end.

A deleted schedule leaves its Pool to its owner reference, and its jobs, which are deleted before, need it until then.
"""

from __future__ import annotations

from millpond.api import labels
from millpond.api.jobschedule import JobSchedule
from millpond.api.pool import Pool
from millpond.cluster.api_server import ApiServer
from millpond.cluster.auto_pools import delete_pool, make_pool
from millpond.cluster.errors import InvalidError
from millpond.control.outcomes import Refused
from millpond.control.schedule_facts import shared_pool


class SchedulePools:
    """Knows the Pools that were made for anybody; each deed may be repeated, and may raise an `ApiError`."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._made: dict[tuple[str, str], Pool] = {}
        """By namespace and name."""

    def observe(self, pool: Pool) -> str:
        """A pool exists: the uid of what it was made for, "" for nothing."""
        uid = pool.metadata.labels.get(labels.MADE_FOR, "")
        if uid:
            self._made[pool.key] = pool
        else:
            self._made.pop(pool.key, None)
        return uid

    def forget(self, pool: Pool) -> str:
        """A pool is gone: the uid of what it was made for, "" for nothing."""
        return pool.metadata.labels[labels.MADE_FOR] if self._made.pop(pool.key, None) is not None else ""

    async def keep(self, schedule: JobSchedule) -> None:
        """Have the schedule's Pool, if it is to have one. InvalidError where the API server refuses it."""
        name, wanted = shared_pool(schedule), schedule.spec.job_template.spec.auto_pool
        if name is None or wanted is None or (schedule.metadata.namespace, name) in self._made:
            return
        outcome = await make_pool(self._api, schedule, wanted, name)
        if isinstance(outcome, Refused):
            raise InvalidError(f"Its pool was refused: {outcome.message}")

    async def delete(self, schedule: JobSchedule) -> None:
        """Delete what the schedule owns; what it was to keep, it does not own."""
        for pool in list(self._made.values()):
            meta = pool.metadata
            owned = any(owner.uid == schedule.metadata.uid for owner in meta.owner_references)
            if owned and meta.deletion_timestamp is None:
                await delete_pool(self._api, meta.namespace, meta.name, meta.uid)
