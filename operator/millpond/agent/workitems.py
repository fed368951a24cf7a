"""The directories of tasks on a node: which there are, whose they are, and whether what ran in them has ended.

What a directory says of itself may be its task's word, since that can write there: it decides when that directory goes,
and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from millpond.agent.beneath import Parts, RefusedPathError, directory, exists, open_file
from millpond.api.times import DEFAULT_RETENTION_SECONDS
from millpond.lifecycle.held import Held
from millpond.lifecycle.retention import AS_LONG_AS_ITS_OWNER, Moment

WORKITEMS = "workitems"
SESSION = "job-1"
KEEP, ENDED, RECORD, BEGUN = "keep.json", "ended.json", "exit.json", "stdout.txt"
"""Whose it is; when its end was found; the launcher's record of the end; what a run makes first."""
LONGEST = 4096
"""Bytes that are read of these files."""
LONGEST_RETENTION = 2**31 - 1


class TaskDirectory(NamedTuple):
    """The directory of a task, or of a job's preparation or release task, by the ids that make its path."""

    job: str
    id: str

    @property
    def parts(self) -> Parts:
        return (WORKITEMS, self.job, SESSION, self.id)


class Keep(NamedTuple):
    """Name and uid of the object that the directory belongs to, "" where that is not known; seconds it is kept."""

    owner: str = ""
    uid: str = ""
    retention: int = DEFAULT_RETENTION_SECONDS


def task_directories(base: int) -> Iterator[TaskDirectory]:
    """All of them beneath the node directory `base`, in order; what cannot be entered is passed over."""
    for job in _names(base, (WORKITEMS,)):
        for task_id in _names(base, (WORKITEMS, job, SESSION)):
            yield TaskDirectory(job, task_id)


def held(base: int) -> Iterator[Held]:
    """All of them with their owners, where those are known."""
    for found in task_directories(base):
        with suppress(RefusedPathError), directory(base, found.parts) as descriptor:
            keep = read_keep(descriptor)
            yield Held(found.job, found.id, keep.owner, keep.uid)


def _names(base: int, parts: Parts) -> list[str]:
    with suppress(RefusedPathError, OSError), directory(base, parts) as descriptor, os.scandir(descriptor) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    return []


def read_keep(descriptor: int) -> Keep:
    """What the run left of whose the open directory is. What makes no sense is as good as nothing."""
    said = _read(descriptor, KEEP)
    owner, uid, retention = said.get("owner"), said.get("uid"), said.get("retentionSeconds")
    if not isinstance(retention, int) or not AS_LONG_AS_ITS_OWNER <= retention <= LONGEST_RETENTION:
        retention = DEFAULT_RETENTION_SECONDS
    return Keep(owner if isinstance(owner, str) else "", uid if isinstance(uid, str) else "", retention)


def is_running(descriptor: int) -> bool:
    """True while a run shares the open directory, see `operator/launcher/keep.go`."""
    if not hold_alone(descriptor):
        return True
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def hold_alone(descriptor: int) -> bool:
    """Have the open directory for oneself until it is closed; False where a run shares it.

    On a file system without locks everybody has it: what tells an end there is what the run has left.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return exists(RECORD, descriptor)
    return True


def has_begun(descriptor: int) -> bool:
    """True when a run has begun in the open directory, or has ended before its command began."""
    return exists(RECORD, descriptor) or exists(BEGUN, descriptor)


def idle_since(descriptor: int, now: Moment) -> Moment:
    """When it was first found that nothing runs any more in the open directory, in which nothing runs.

    Found now, that is written down. Where there is no room for the note, the time counts from when there is.
    """
    said = _read(descriptor, ENDED)
    boot, uptime, time = said.get("boot"), said.get("uptime"), said.get("time")
    if isinstance(boot, str) and isinstance(uptime, int | float) and isinstance(time, int | float):
        return Moment(boot, uptime, time)
    _note(descriptor, now)
    return now


def _note(descriptor: int, now: Moment) -> None:
    temporary = f".{ENDED}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(OSError):
        os.unlink(temporary, dir_fd=descriptor)
    try:
        with os.fdopen(os.open(temporary, flags, 0o644, dir_fd=descriptor), "w", encoding="ascii") as file:
            json.dump(now._asdict(), file)
        os.rename(temporary, ENDED, src_dir_fd=descriptor, dst_dir_fd=descriptor)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=descriptor)


def _read(descriptor: int, name: str) -> dict[str, Any]:
    try:
        file = open_file(descriptor, (name,))
    except RefusedPathError:
        return {}
    try:
        said = json.loads(os.pread(file, LONGEST, 0))
    except (OSError, ValueError, RecursionError):
        return {}
    finally:
        os.close(file)
    return said if isinstance(said, dict) else {}
