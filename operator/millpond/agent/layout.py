"""The node directory as Azure Batch lays it out, made before anything runs there; making it again changes nothing.

    shared/            every task may add files, none may take another's (mode 1777)
    startup/wd/        the start task's
    workitems/         the tasks' directories, which the launcher makes (mode 1777)
    volatile/bin/      the launcher, read-only to tasks
    fsmounts/          mounts

Refuses to work through symbolic links, since a task may have left some.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from millpond.agent.beneath import make_directory, open_root

OPEN_TO_ALL = 0o1777
READABLE = 0o755
LAUNCHER = "launcher"
CHUNK = 1 << 20


def lay_out(root: str, launcher: str, user: int) -> None:
    """Make the layout in `root` (which exists), with the launcher copied from that path; `user` runs start tasks.

    RefusedPathError where something stands in the way; OSError where the system says no.
    """
    base = open_root(root)
    try:
        os.fchmod(base, READABLE)
        for name in ("shared", "workitems"):
            os.close(make_directory(base, name, OPEN_TO_ALL))
        os.close(make_directory(base, "fsmounts", READABLE))
        startup = make_directory(base, "startup", READABLE, owner=user)
        try:
            os.close(make_directory(startup, "wd", READABLE, owner=user))
        finally:
            os.close(startup)
        volatile = make_directory(base, "volatile", READABLE)
        try:
            programs = make_directory(volatile, "bin", READABLE)
        finally:
            os.close(volatile)
        try:
            _install(launcher, programs)
        finally:
            os.close(programs)
    finally:
        os.close(base)


def _install(launcher: str, programs: int) -> None:
    """Put the launcher in place whole: a task that starts meanwhile finds the old one or the new one."""
    with open(launcher, "rb") as source:
        wanted = source.read()
    if _same(programs, wanted):
        return
    temporary = f".{LAUNCHER}.{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=programs)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o700, dir_fd=programs)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(wanted)
            os.fchmod(target.fileno(), READABLE)
            target.flush()
            os.fsync(target.fileno())
        os.rename(temporary, LAUNCHER, src_dir_fd=programs, dst_dir_fd=programs)
    except BaseException:
        os.unlink(temporary, dir_fd=programs)
        raise


def _same(programs: int, wanted: bytes) -> bool:
    try:
        descriptor = os.open(LAUNCHER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=programs)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as present:
        found = os.fstat(present.fileno())
        return stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == READABLE and present.read() == wanted
