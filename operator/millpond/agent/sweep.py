"""Deleting the directories of tasks: those whose retention has passed, and those that the operator orders.

A directory is moved aside whole, so that whoever takes its name next finds nothing of it, and then erased. What was
moved aside and not erased, since something came between, is erased by the next sweep. No symbolic link is followed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from heapq import nsmallest
from itertools import count, takewhile
from math import isfinite
from typing import NamedTuple

from millpond.agent.beneath import RefusedPathError, directory, exists, make_directory
from millpond.agent.erase import empty
from millpond.agent.workitems import (
    Keep,
    TaskDirectory,
    has_begun,
    hold_alone,
    idle_since,
    is_running,
    read_keep,
    task_directories,
)
from millpond.api.times import DEFAULT_RETENTION_SECONDS
from millpond.lifecycle.held import Held, order_for
from millpond.lifecycle.retention import AS_LONG_AS_ITS_OWNER, Moment, seconds_left

GRAVE = ("volatile", "erased")
AT_ONCE = 1000
"""Directories that are remembered at a time while the disk is full."""


class Idle(NamedTuple):
    """A directory in which nothing runs now; `left` in seconds, until it may go by its age."""

    left: float
    found: TaskDirectory
    keep: Keep
    begun: bool
    """Something ran there. Else it may still wait for that, as for an image."""


def sweep(base: int, now: Moment, orders: frozenset[str]) -> int:
    """Delete what is due or ordered beneath the node directory `base`; how many directories that was.

    OSError where the system says no; all else has been done then.
    """
    return _bury_all(base, (one for one in _idle(base, now) if one.left <= 0 or _is_ordered(one, orders)))


def evict(base: int, now: Moment, needs_room: Callable[[], bool]) -> int:
    """While room is needed, delete directories of ended tasks, those first that go first; how many that was."""
    total = 0
    while needs_room():
        ended = (one for one in _idle(base, now) if one.begun and isfinite(one.left))
        buried = _bury_all(base, takewhile(lambda _: needs_room(), nsmallest(AT_ONCE, ended)))
        total += buried
        if not buried:
            break
    return total


def _is_ordered(one: Idle, orders: frozenset[str]) -> bool:
    return order_for(Held(one.found.job, one.found.id, one.keep.owner, one.keep.uid)) in orders


def _idle(base: int, now: Moment) -> Iterator[Idle]:
    for found in task_directories(base):
        try:
            with directory(base, found.parts) as descriptor:
                if is_running(descriptor):
                    continue
                keep, begun, since = read_keep(descriptor), has_begun(descriptor), idle_since(descriptor, now)
        except RefusedPathError:
            continue
        retention = keep.retention
        if not begun and retention != AS_LONG_AS_ITS_OWNER:
            retention = max(retention, DEFAULT_RETENTION_SECONDS)
        yield Idle(seconds_left(retention, since, now), found, keep, begun)


def _bury_all(base: int, chosen: Iterable[Idle]) -> int:
    buried, trouble = 0, None
    grave = _grave(base)
    try:
        empty(grave)
        for one in chosen:
            try:
                if _bury(base, grave, one):
                    buried += 1
                    empty(grave)
                    _prune(base, one.found)
            except OSError as error:
                trouble = error
    finally:
        os.close(grave)
    if trouble is not None:
        raise trouble
    return buried


def _grave(base: int) -> int:
    """Where directories are moved to, with whatever an earlier sweep has left there."""
    with directory(base, GRAVE[:1]) as volatile:
        return make_directory(volatile, GRAVE[1], 0o700, (os.geteuid(), os.getegid()))


def _bury(base: int, grave: int, one: Idle) -> bool:
    """Move the directory aside, unless something else has its name meanwhile, or runs in it."""
    name = one.found.parts[-1]
    try:
        with directory(base, one.found.parts[:-1]) as parent, directory(parent, (name,)) as descriptor:
            if not hold_alone(descriptor) or read_keep(descriptor) != one.keep:
                return False
            free = next(text for text in map(str, count()) if not exists(text, grave))
            os.rename(name, free, src_dir_fd=parent, dst_dir_fd=grave)
    except RefusedPathError:
        return False
    return True


def _prune(base: int, found: TaskDirectory) -> None:
    """Remove the directories that led to it, if they lead to nothing else."""
    for parts in (found.parts[:-1], found.parts[:-2]):
        with suppress(RefusedPathError, OSError), directory(base, parts[:-1]) as parent:
            os.rmdir(parts[-1], dir_fd=parent)
