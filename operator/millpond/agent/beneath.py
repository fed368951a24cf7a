"""Opening files beneath a directory, whatever a task may have put there: no step follows a symbolic link or leaves.

Paths are walked component by component from an open directory, so that nothing can be swapped between a check and its
use. Decides which paths are refused; does not know what the files are for.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MAX_PATH = 4096
MAX_COMPONENT = 255
MAX_DEPTH = 128

Parts = tuple[str, ...]


class RefusedPathError(Exception):
    """A path that is not opened, and why; the message ends with what to do."""


def parts_of(path: str) -> Parts:
    """The components of a relative path. Empty ones and `.` mean nothing; `..` and a leading `/` are refused."""
    if path.startswith("/"):
        raise RefusedPathError(f"{path!r} is absolute: name files relative to the directory that is listed")
    if "\0" in path:
        raise RefusedPathError(f"{path!r} contains a NUL character: no file is called so")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise RefusedPathError(f"{path!r} leads out of the directory by '..': name files inside it")
    if len(os.fsencode(path)) > MAX_PATH or any(len(os.fsencode(part)) > MAX_COMPONENT for part in parts):
        raise RefusedPathError(f"{path[:60]!r}… is too long for a path: no file is called so")
    if len(parts) > MAX_DEPTH:
        raise RefusedPathError(f"{path[:60]!r}… is more than {MAX_DEPTH} directories deep: name a shorter path")
    return parts


def open_root(root: str) -> int:
    """A descriptor of the directory beneath which all else is opened. Only the last part of its path is distrusted."""
    try:
        return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise _explained(root, error) from error


def open_directory(base: int, parts: Parts) -> int:
    """A descriptor of the directory `parts` beneath `base`; the caller closes it."""
    current = os.dup(base)
    try:
        for part in parts:
            inner = _open(part, os.O_RDONLY | os.O_DIRECTORY, current, parts)
            os.close(current)
            current = inner
    except BaseException:
        os.close(current)
        raise
    return current


def open_file(base: int, parts: Parts) -> int:
    """A descriptor of the regular file `parts` beneath `base`, for reading; the caller closes it."""
    if not parts:
        raise RefusedPathError("the path is empty: name a file")
    with directory(base, parts[:-1]) as parent:
        # O_NONBLOCK: opening a FIFO must not wait for its writer.
        descriptor = _open(parts[-1], os.O_RDONLY | os.O_NONBLOCK, parent, parts)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise RefusedPathError(f"{'/'.join(parts)!r} is {what}: name a file")
    return descriptor


@contextmanager
def directory(base: int, parts: Parts) -> Iterator[int]:
    """`open_directory`, closed at the end."""
    descriptor = open_directory(base, parts)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make_directory(base: int, name: str, mode: int, owner: tuple[int, int]) -> int:
    """Make the directory `name` in `base` unless it is there, give it mode and owner (user, group), and open it."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=base)
    descriptor = _open(name, os.O_RDONLY | os.O_DIRECTORY, base, (name,))
    try:
        found = os.fstat(descriptor)
        if (found.st_uid, found.st_gid) != owner:
            os.fchown(descriptor, *owner)
        if stat.S_IMODE(found.st_mode) != mode:
            os.fchmod(descriptor, mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def exists(name: str, parent: int) -> bool:
    """True when the open directory has something of that name, be it a link."""
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except OSError:
        return False
    return True


def _open(name: str, flags: int, parent: int, parts: Parts) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP) and _is_link(name, parent):
            path = "/".join(parts)
            message = f"{path!r} passes the symbolic link {name!r}; links are not followed: name the link's target"
            raise RefusedPathError(message) from error
        raise _explained("/".join(parts), error) from error


def _is_link(name: str, parent: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


class MissingFileError(RefusedPathError):
    """There is no such file (yet)."""


class NoDirectoryError(RefusedPathError):
    """A path goes on beneath a file."""


class RangeError(RefusedPathError):
    """The file has no such part."""


def missing(path: str) -> MissingFileError:
    """What to say of a path at which nothing is."""
    return MissingFileError(f"there is no file {path!r}: list the files to see what is there")


def _explained(path: str, error: OSError) -> RefusedPathError:
    match error.errno:
        case errno.ENOENT:
            return missing(path)
        case errno.ENOTDIR:
            return NoDirectoryError(f"{path!r} is no directory, or passes a file as if it were one")
        case errno.EACCES | errno.EPERM:
            return RefusedPathError(f"{path!r} cannot be read: its owner, the task's user, has closed it to others")
        case _:
            return RefusedPathError(f"{path!r} cannot be opened: {os.strerror(error.errno or 0)}")
