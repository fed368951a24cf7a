"""Unpacking an archive into a directory of its own: the whole of it under its name, or nothing there.

It is unpacked under a temporary name beside its place, and renamed when all is written. What an unpacking that was
killed has left is removed by the next one. Whoever calls it sees to it that nobody else does, or writes there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from millpond.agent.beneath import Parts, directory, exists, open_directory
from millpond.agent.erase import empty
from millpond.packages.archive import Contents, File, judge, read

READABLE, EXECUTABLE = 0o644, 0o755
"""Modes of files; directories have the second. What else an archive says of modes is not heard."""


def unpack(archive: BinaryIO, base: int, name: str, check_room: Callable[[int], None]) -> Contents:
    """Unpack into the directory `name` in the open directory `base`, where nothing is called so.

    `check_room` raises when there is no room for so many bytes. Raises ArchiveError and OSError.
    """
    contents = judge(archive)
    check_room(contents.size)
    temporary = f".{name}.part"
    remove(base, temporary)
    os.mkdir(temporary, 0o700, dir_fd=base)
    try:
        with directory(base, (temporary,)) as inside:
            _fill(archive, contents, inside)
            os.fchmod(inside, EXECUTABLE)
        os.rename(temporary, name, src_dir_fd=base, dst_dir_fd=base)
    except BaseException:
        with suppress(OSError):
            remove(base, temporary)
        raise
    return contents


def remove(base: int, name: str) -> None:
    """Remove the directory of that name with all that is in it, if it is there."""
    if not exists(name, base):
        return
    with directory(base, (name,)) as inside:
        empty(inside)
    os.rmdir(name, dir_fd=base)


def _fill(archive: BinaryIO, contents: Contents, base: int) -> None:
    made: set[Parts] = {()}
    for parts in contents.directories:
        _make(base, parts, made)
    last: Parts = ()
    parent = os.dup(base)
    try:
        for file in contents.files:
            if file.parts[:-1] != last:
                last = file.parts[:-1]
                _make(base, last, made)
                os.close(parent)
                parent = open_directory(base, last)
            _write(archive, file, parent)
    finally:
        os.close(parent)


def _make(base: int, parts: Parts, made: set[Parts]) -> None:
    """Make the directory and those on the way to it, once each."""
    for depth in range(1, len(parts) + 1):
        if parts[:depth] in made:
            continue
        with directory(base, parts[: depth - 1]) as outer:
            os.mkdir(parts[depth - 1], 0o700, dir_fd=outer)
            with directory(outer, parts[depth - 1 : depth]) as inner:
                os.fchmod(inner, EXECUTABLE)
        made.add(parts[:depth])


def _write(archive: BinaryIO, file: File, parent: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(file.parts[-1], flags, 0o600, dir_fd=parent)
    with os.fdopen(descriptor, "wb", buffering=0) as target:
        for piece in read(archive, file):
            left = memoryview(piece)
            while left:
                left = left[target.write(left) :]
        os.fchmod(target.fileno(), EXECUTABLE if file.executable else READABLE)
        # What is there under its final name stays whole also when the host loses its power.
        os.fsync(target.fileno())
