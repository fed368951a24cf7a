"""Cycles: for each pool, wait for news or the planned time, let a burst gather, plan, perform, and again.

One cycle belongs to a namespace and a pool name, and has exactly one driver, from the first news of it until nothing of
it is left: also where Jobs name a Pool that does not exist, and for Tasks that name no Job (their pool is ""). What
keeps a Pool until it is empty (`drive`) only waits here, and may be cancelled at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from millpond import metrics
from millpond.cluster.actuator import Actuator
from millpond.cluster.refresh import Refresher
from millpond.control.actions import AnyAction, SupplyHosts, WriteTask
from millpond.control.limits import Limits
from millpond.control.outcomes import Done, Missed, Outcome
from millpond.control.plan import plan
from millpond.control.pool_state import PoolKey, PoolState
from millpond.control.settle import settle
from millpond.control.world import World

log = logging.getLogger(__name__)

LONGEST_SLEEP = 60.0
ERROR_PAUSE = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Bounds, in seconds, of the pause before a cycle whose actions missed plans again."""


class Cycles:
    """All cycles of the operator, over one world."""

    def __init__(
        self,
        world: World,
        actuator: Actuator,
        refresher: Refresher,
        limits: Limits,
        now: Callable[[], float],
        gather: float,
    ) -> None:
        self._world = world
        self._actuator = actuator
        self._refresher = refresher
        self._limits = limits
        self._now = now
        self._gather = gather
        self._news: dict[PoolKey, asyncio.Event] = {}
        self._turned: dict[PoolKey, asyncio.Event] = {}
        self._drivers: dict[PoolKey, asyncio.Task[None]] = {}
        self._started = asyncio.Event()
        self._pauses: dict[PoolKey, float] = {}

    def start(self) -> None:
        """The world is complete: judgement may begin."""
        self._started.set()
        for space, namespace in self._world.namespaces.items():
            self.wake(PoolKey(space, pool) for pool in list(namespace.pools))

    def stop(self) -> None:
        """End all drivers, wherever they are."""
        for task in self._drivers.values():
            task.cancel()

    def wake(self, keys: Iterable[PoolKey]) -> None:
        """There is news for these cycles."""
        for key in keys:
            self._event(key).set()
            if self._started.is_set() and key not in self._drivers:
                self._drivers[key] = asyncio.create_task(self._drive(key), name=f"cycle {key}")

    async def drive(self, key: PoolKey) -> None:
        """Have the Pool's cycle turn until the Pool is deleted, or being deleted, and nothing of it is left."""
        await self._started.wait()
        self.wake([key])
        while not self._world.released(key):
            await self._turned.setdefault(key, asyncio.Event()).wait()

    async def _drive(self, key: PoolKey) -> None:
        """Turn after turn, while there is anything of the pool."""
        try:
            while True:
                wake_at = await self._judge(key)
                if (waiting := self._turned.pop(key, None)) is not None:
                    waiting.set()
                if self._world.vacant(key):
                    return
                await self._rest(key, wake_at)
        finally:
            del self._drivers[key]

    def _event(self, key: PoolKey) -> asyncio.Event:
        return self._news.setdefault(key, asyncio.Event())

    async def _judge(self, key: PoolKey) -> float | None:
        """Judge and perform once; when to look again."""
        self._event(key).clear()
        try:
            return await self.step(key)
        except Exception:
            # One pool's trouble is its own: the others go on, and this one is judged anew, all of it, in a while.
            metrics.cycle_failed()
            log.exception("cycle failed", extra={"pool": str(key)})
            mark_all(self._world.pool(key))
            await asyncio.sleep(ERROR_PAUSE)
            return self._now()

    async def _rest(self, key: PoolKey, wake_at: float | None) -> None:
        """Sleep until there is news or something is due; news is given a moment to gather."""
        rest = LONGEST_SLEEP if wake_at is None else min(LONGEST_SLEEP, max(0.0, wake_at - self._now()))
        try:
            async with asyncio.timeout(rest):
                await self._event(key).wait()
        except TimeoutError:
            return
        await asyncio.sleep(self._gather)

    async def step(self, key: PoolKey) -> float | None:
        """Plan and perform once; the time to look again."""
        pool, loop = self._world.pool(key), asyncio.get_running_loop()
        began = loop.time()
        planned = plan(pool, self._now(), self._limits)
        metrics.planned(loop.time() - began)
        if not planned.actions:
            return planned.wake_at
        missed: list[Missed] = []
        stale: list[AnyAction] = []

        def report(action: AnyAction, outcome: Outcome) -> None:
            try:
                settle(pool, action, outcome, self._now())
            except Exception:
                # The outcomes of its neighbours are folded all the same, and everything is judged anew.
                metrics.cycle_failed()
                log.exception("an outcome was not folded", extra={"action": type(action).__name__, "pool": str(key)})
                mark_all(pool)
            if not isinstance(outcome, Done) or isinstance(action, SupplyHosts):
                # Of what is performed in the background this is the only news.
                self.wake([key, *self._owner(action)])
            if isinstance(outcome, Missed):
                missed.append(outcome)
                if outcome.again_in == 0:
                    stale.append(action)

        began = loop.time()
        await self._actuator.perform(planned.actions, report)
        # What was merely not answered, or is to wait, is not read: nobody says that it is not as assumed.
        for keys in await asyncio.gather(*(self._refresher.refresh(action) for action in stale)):
            self.wake(keys)
        metrics.performed(loop.time() - began)
        await asyncio.sleep(self._pause(key, missed=bool(missed)))
        return self._now()

    def _owner(self, action: AnyAction) -> Iterable[PoolKey]:
        """The pool of the task's job, which has its unsent writes: another one, when the job has changed its pool."""
        if isinstance(action, WriteTask):
            yield PoolKey(action.namespace, self._world.namespace(action.namespace).job(action.job).pool.name)

    def _pause(self, key: PoolKey, *, missed: bool) -> float:
        """Seconds until the next turn: none, unless turns go wrong in a row."""
        if not missed:
            self._pauses.pop(key, None)
            return 0.0
        pause = self._pauses[key] = min(LONGEST_PAUSE, self._pauses.get(key, FIRST_PAUSE / 2) * 2)
        return pause


def mark_all(pool: PoolState) -> None:
    """A plan that broke off has taken marks that it did not serve: judge everything again."""
    for subject in ("pool", "size", "samples", "autoscale"):
        pool.mark(subject, pool.name)
    pool.mark("supply", pool.name)
    for node in pool.nodes:
        pool.mark("node", node)
    for attempt in pool.attempts:
        pool.mark("attempt", attempt)
    for job in pool.jobs.values():
        pool.mark("job", job.name)
        for task in job.tasks:
            pool.mark("task", f"{job.name}/{task}")
