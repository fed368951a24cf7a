"""The sweeper's days: a look at all directories of tasks now and then, and at the operator's orders more often.

It goes on whatever goes wrong, and says on standard output what it has done and could not do.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click

from millpond.agent.beneath import RefusedPathError, open_root
from millpond.agent.sweep import evict, sweep
from millpond.lifecycle.disk import disk_is_full, makes_room
from millpond.lifecycle.retention import Moment

LOOK_SECONDS = 5.0
"""Between two looks at the orders and at the disk."""
SWEEP_SECONDS = 60.0
"""Between two sweeps at least."""
SHARE_OF_TIME = 0.02
"""A sweep that takes long is followed by a pause of which it is this share."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def moment() -> Moment:
    """Now, on this host."""
    return Moment(BOOT_ID.read_text("ascii").strip(), time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


class Keeper:
    """What is remembered between two looks. `orders` is the file in which the operator's orders appear; "": none do."""

    def __init__(self, root: str, orders: str, *, evicts: bool, now: Callable[[], Moment] = moment) -> None:
        self._root = root
        self._orders = orders
        self._evicts = evicts
        self._now = now
        self._seen: frozenset[str] = frozenset()
        self._due = float("-inf")
        """When the next sweep is due, by the host's running time."""

    def look(self) -> None:
        """Sweep if that is due or ordered, and make room if that is wanted and needed."""
        base = open_root(self._root)
        try:
            now, orders = self._now(), self._read_orders()
            if now.uptime >= self._due or orders != self._seen:
                self._seen = orders
                self._sweep(base, now)
            if self._evicts and disk_is_full(self._used_share(base)):
                self._say("evicted", evict(base, now, lambda: makes_room(self._used_share(base))))
        finally:
            os.close(base)

    def _sweep(self, base: int, now: Moment) -> None:
        try:
            self._say("swept", sweep(base, now, self._seen))
        finally:
            after = self._now().uptime
            self._due = after + max(SWEEP_SECONDS, (after - now.uptime) / SHARE_OF_TIME)

    def _read_orders(self) -> frozenset[str]:
        try:
            return frozenset(Path(self._orders).read_text("ascii", "replace").split()) if self._orders else frozenset()
        except OSError:
            return self._seen

    def _used_share(self, base: int) -> float:
        found = os.fstatvfs(base)
        used = found.f_blocks - found.f_bfree
        return used / (used + found.f_bavail) if used + found.f_bavail else 0.0

    def _say(self, what: str, many: int) -> None:
        if many:
            click.echo(f"{what} {many} task directories")


def keep(keeper: Keeper) -> None:
    """Look again and again for as long as the process lives, in a thread of its own."""
    threading.Thread(target=_go_on, args=(keeper,), name="keeper", daemon=True).start()


def _go_on(keeper: Keeper) -> None:
    while True:
        try:
            keeper.look()
        except (OSError, RefusedPathError) as error:
            click.echo(f"not all could be swept: {error}")
        time.sleep(LOOK_SECONDS)
