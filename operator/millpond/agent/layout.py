"""The node directory as Azure Batch lays it out, made before anything runs there; making it again changes nothing.

    shared/            every task reads and writes (mode 2770, of the group that all tasks have in common)
    applications/      packages, which only the user who installs them writes (mode 0755)
    startup/wd/        the start task's, which others read (mode 0755)
    workitems/         the tasks' directories, which the launcher makes; each belongs to its task's user and the agents'
                       group, by which the agent reads and deletes (mode 3777, of the agents' group)
    volatile/bin/      the launcher, read-only to tasks
    fsmounts/          mounts

Refuses to work through symbolic links, since a task may have left some.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass

from millpond.agent.beneath import make_directory, open_root

EACH_ITS_OWN = 0o3777
IN_COMMON = 0o2770
READABLE = 0o755
LAUNCHER = "launcher"


@dataclass(frozen=True)
class Owners:
    """Whose directories are: user and group of start tasks and of packages, the group of all tasks, that of agents."""

    start: tuple[int, int]
    packages: tuple[int, int]
    tasks: int
    agents: int


def lay_out(root: str, launcher: str, owners: Owners) -> None:
    """Make the layout in `root` (which exists), with the launcher copied from that path.

    RefusedPathError where something stands in the way; OSError where the system says no.
    """
    service = os.geteuid(), os.getegid()
    base = open_root(root)
    try:
        if os.fstat(base).st_uid == service[0]:
            os.fchmod(base, READABLE)  # that of a claim is the kubelet's, open to the group of all tasks
        os.close(make_directory(base, "shared", IN_COMMON, (service[0], owners.tasks)))
        os.close(make_directory(base, "workitems", EACH_ITS_OWN, (service[0], owners.agents)))
        os.close(make_directory(base, "fsmounts", READABLE, service))
        os.close(make_directory(base, "applications", READABLE, owners.packages))
        os.close(_nested(base, "startup", "wd", owners.start))
        programs = _nested(base, "volatile", "bin", service)
        try:
            _install(launcher, programs)
        finally:
            os.close(programs)
    finally:
        os.close(base)


def _nested(base: int, outer: str, inner: str, owner: tuple[int, int]) -> int:
    """A descriptor of a directory in a directory, both made readable to all."""
    descriptor = make_directory(base, outer, READABLE, owner)
    try:
        return make_directory(descriptor, inner, READABLE, owner)
    finally:
        os.close(descriptor)


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
