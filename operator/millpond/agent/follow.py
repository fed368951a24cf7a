"""Following a file that a task still writes: to its end, and no longer than the reader listens.

The task's end is the launcher's record beside the file: when that is there, everything has been written.
"""

from __future__ import annotations

import os
import select
from typing import BinaryIO

from millpond.agent.beneath import MissingFileError, Parts, open_file
from millpond.agent.files import copy_from

RECORD = ("exit.json",)
POLL_SECONDS = 0.2


def follow_file(base: int, parts: Parts, offset: int, out: BinaryIO, listener: int) -> None:
    """Write the file from `offset` on as it grows. `base` is the task's directory; the file may not be there yet.

    Ends when the task's record is there and the file is read, or when `listener` (a descriptor) comes to its end. A
    file that is replaced or cut, as by a retry, is read anew from its start.
    """
    descriptor: int | None = None
    listening = True
    try:
        while True:
            ended = _exists(base, RECORD)
            descriptor, offset = _current(base, parts, descriptor, offset)
            if descriptor is not None:
                offset = copy_from(descriptor, offset, out)
            if ended or not listening:
                return
            listening = not _hung_up(listener)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _current(base: int, parts: Parts, descriptor: int | None, offset: int) -> tuple[int | None, int]:
    """The file that has the name now, and where to read on in it."""
    try:
        latest = open_file(base, parts)
    except MissingFileError:
        return descriptor, offset
    new = os.fstat(latest)
    if descriptor is None:
        return latest, min(offset, new.st_size)
    old = os.fstat(descriptor)
    os.close(descriptor)
    same = (old.st_dev, old.st_ino) == (new.st_dev, new.st_ino)
    return latest, offset if same and new.st_size >= offset else 0


def _exists(base: int, parts: Parts) -> bool:
    try:
        os.close(open_file(base, parts))
    except MissingFileError:
        return False
    return True


def _hung_up(listener: int) -> bool:
    """Wait a moment; True when the reader has gone."""
    ready, _, _ = select.select([listener], [], [], POLL_SECONDS)
    return bool(ready) and os.read(listener, 4096) == b""
