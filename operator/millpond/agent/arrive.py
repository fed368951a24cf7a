"""Putting a file into place beneath a directory: whole under its name, or not at all.

It is written under a temporary name beside its place, and renamed when its length and checksum are right. Directories
on the way are made; no step follows a symbolic link. A link, or an earlier file, under the file's own name is replaced.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress

from millpond.agent.beneath import MissingFileError, Parts, RefusedPathError, open_directory
from millpond.lifecycle.disk import FULL

LOOK_EVERY = 64 << 20
"""Bytes of a file of unknown length after which the room is looked at again."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class ArrivalError(Exception):
    """A file that did not arrive; the message says why, without naming the file."""


class DirectoryError(ArrivalError):
    """Its directory cannot be made, or passes something that is none."""


class CreateError(ArrivalError):
    """It cannot be made in its directory, or not under its name."""


class WriteError(ArrivalError):
    """Its content cannot be written."""


class DiskFullError(ArrivalError):
    """There is no room for it."""


class ContentError(ArrivalError):
    """What came is not what was announced."""


class Room:
    """The room of the file system that holds a directory, of which the share `most_used` may be taken."""

    def __init__(self, base: int, most_used: float = FULL) -> None:
        self._base = base
        self._most_used = most_used

    def check(self, wanted: int) -> None:
        """Raise DiskFullError unless there is room for so many bytes more."""
        found = os.fstatvfs(self._base)
        # As `df` has it: what only root may use counts neither as used nor as free.
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        total = used + found.f_bavail * found.f_frsize
        if used + wanted > total * self._most_used:
            raise DiskFullError(
                f"{wanted} bytes more would fill the node's disk to {self._most_used:.0%} or beyond: free space on it"
            )


def arrive(base: int, parts: Parts, pieces: Iterable[memoryview], mode: int, room: Room, size: int, md5: bytes) -> int:
    """Put the pieces into the file `parts` beneath `base`; how many bytes they were.

    `size` is -1 and `md5` is b"" where they are not known. Raises ArrivalError, and what the pieces raise.
    """
    if size > 0:
        room.check(size)
    directory = _directory(base, parts[:-1])
    temporary = f".millpond-{hashlib.sha256(os.fsencode(parts[-1])).hexdigest()[:16]}.part"
    try:
        descriptor = _create(directory, temporary)
        try:
            try:
                length, digest = _fill(descriptor, pieces, room if size < 0 else None, with_digest=bool(md5))
                _judge(length, size, digest, md5)
                os.fchmod(descriptor, mode)
            finally:
                os.close(descriptor)
            _rename(directory, temporary, parts[-1])
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=directory)
            raise
    finally:
        os.close(directory)
    return length


def _directory(base: int, parts: Parts) -> int:
    """A descriptor of the directory, made as far as it is missing; the umask decides who may enter."""
    try:
        return open_directory(base, parts)
    except MissingFileError:
        pass
    except RefusedPathError as refusal:
        raise DirectoryError(str(refusal)) from None
    outer = _directory(base, parts[:-1])
    try:
        with suppress(FileExistsError):
            os.mkdir(parts[-1], 0o777, dir_fd=outer)
        return open_directory(outer, parts[-1:])
    except RefusedPathError as refusal:
        raise DirectoryError(str(refusal)) from None
    except OSError as error:
        raise _full_or(error, DirectoryError(f"the directory cannot be made: {_why(error)}")) from None
    finally:
        os.close(outer)


def _create(directory: int, name: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)
        return os.open(name, flags, 0o600, dir_fd=directory)
    except OSError as error:
        raise _full_or(error, CreateError(f"the file cannot be made: {_why(error)}")) from None


def _fill(descriptor: int, pieces: Iterable[memoryview], room: Room | None, *, with_digest: bool) -> tuple[int, bytes]:
    digest = hashlib.md5(usedforsecurity=False) if with_digest else None
    length = looked = 0
    for piece in pieces:
        if digest is not None:
            digest.update(piece)
        if room is not None and length + len(piece) > looked:
            room.check(len(piece))
            looked = length + LOOK_EVERY
        left = piece
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except OSError as error:
                raise _full_or(error, WriteError(f"it cannot be written: {_why(error)}")) from None
        length += len(piece)
    return length, digest.digest() if digest is not None else b""


def _judge(length: int, size: int, digest: bytes, md5: bytes) -> None:
    if size >= 0 and length != size:
        raise ContentError(f"{size} bytes were announced and {length} came")
    if digest != md5:
        raise ContentError("its checksum (MD5) is not the one that the store names")


def _rename(directory: int, temporary: str, name: str) -> None:
    try:
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError as error:
        what = "a directory has its name" if error.errno == errno.EISDIR else _why(error)
        raise _full_or(error, CreateError(f"it cannot be given its name: {what}")) from None


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _full_or(error: OSError, otherwise: ArrivalError) -> ArrivalError:
    if error.errno in _FULL:
        return DiskFullError(f"the node's disk is full ({_why(error)}): free space on it")
    return otherwise
