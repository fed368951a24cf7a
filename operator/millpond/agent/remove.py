"""Deleting files of tasks that have ended, and of the directory that all tasks share; no symbolic link is followed."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack

from millpond.agent.beneath import Parts, RefusedPathError, directory, missing, open_directory
from millpond.agent.erase import empty, is_directory
from millpond.agent.workitems import ENDED, KEEP, RECORD, SESSION, WORKITEMS, hold_alone

SHARED = "shared"
OWN = (KEEP, ENDED, RECORD)
"""What tells when a task's directory goes."""


def remove(base: int, parts: Parts, *, recursive: bool) -> None:
    """Delete the file or directory beneath the node directory `base`; one that is not empty only with `recursive`.

    RefusedPathError where that is not allowed, or a task runs there; OSError where the system says no.
    """
    with ExitStack() as held:
        if parts[:1] == (WORKITEMS,) and len(parts) > 4 and parts[2] == SESSION:
            task = open_directory(base, parts[:4])
            held.callback(os.close, task)
            if not hold_alone(task):
                raise RefusedPathError(f"a task runs in {'/'.join(parts[:4])!r}: wait for its end, or end it")
            if len(parts) == 5 and parts[4] in OWN:
                raise RefusedPathError(f"{parts[4]!r} tells how long the directory stays: delete the Task instead")
        elif parts[:1] != (SHARED,) or len(parts) < 2:
            raise RefusedPathError(
                f"{'/'.join(parts)!r} is not deleted: only files in {SHARED!r} are, and those of a task's directory"
            )
        parent = held.enter_context(directory(base, parts[:-1]))
        _remove(parent, parts, recursive=recursive)


def _remove(parent: int, parts: Parts, *, recursive: bool) -> None:
    name, path = parts[-1], "/".join(parts)
    try:
        if not is_directory(name, parent):
            os.unlink(name, dir_fd=parent)
            return
    except FileNotFoundError:
        raise missing(path) from None
    try:
        os.rmdir(name, dir_fd=parent)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        if not recursive:
            raise RefusedPathError(f"{path!r} is a directory with files in it: delete it with --recursive") from None
        with directory(parent, (name,)) as inner:
            empty(inner)
        os.rmdir(name, dir_fd=parent)
