"""The files of a directory beneath the node directory: listed, described, read in part, packed. Nothing is written."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import BinaryIO

from millpond.agent.beneath import MAX_DEPTH, Parts, RangeError, RefusedPathError, directory, exists, missing, open_file
from millpond.agent.pattern import matcher

MAX_ENTRIES = 200_000
CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory; `size` in bytes, `modified` in seconds since the epoch, `mode` its permission bits."""

    parts: Parts
    size: int
    modified: float
    is_directory: bool
    mode: int

    @property
    def path(self) -> str:
        return "/".join(self.parts)


def list_files(base: int, patterns: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Regular files and directories that the patterns mean, in order of their paths; links and devices do not count.

    Directories that cannot be read are shown and not entered. RefusedPathError above MAX_ENTRIES entries.
    """
    wanted, seen = matcher(patterns), 0
    pending: list[Entry] = []
    _push(pending, base, ())
    while pending:
        entry = pending.pop()
        seen += 1
        if seen > MAX_ENTRIES:
            raise RefusedPathError(f"there are more than {MAX_ENTRIES} files: name a directory further down")
        if entry.is_directory and len(entry.parts) < MAX_DEPTH:
            _push(pending, base, entry.parts)
        if wanted(entry.path):
            yield entry


def _push(pending: list[Entry], base: int, parts: Parts) -> None:
    """Put what is in a directory on the stack, so that the first by name is taken first."""
    try:
        with directory(base, parts) as descriptor:
            names = sorted(os.listdir(descriptor), reverse=True)
            for name in names:
                entry = _entry(descriptor, name, parts)
                if entry is not None:
                    pending.append(entry)
    except RefusedPathError:
        if not parts:
            raise


def _entry(parent: int, name: str, parts: Parts) -> Entry | None:
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except OSError:
        return None
    is_directory = stat.S_ISDIR(found.st_mode)
    if not is_directory and not stat.S_ISREG(found.st_mode):
        return None
    size = 0 if is_directory else found.st_size
    return Entry((*parts, name), size, found.st_mtime, is_directory, stat.S_IMODE(found.st_mode))


def describe(base: int, parts: Parts) -> Entry:
    """The file or directory of that name. MissingFileError where there is none; no link has properties of its own."""
    if not parts:
        raise RefusedPathError("the path is empty: name a file or a directory")
    with directory(base, parts[:-1]) as parent:
        entry = _entry(parent, parts[-1], parts[:-1])
        if entry is not None:
            return entry
        if exists(parts[-1], parent):
            raise RefusedPathError(f"{'/'.join(parts)!r} is neither a file nor a directory: it has no content")
    raise missing("/".join(parts))


def copy_file(base: int, parts: Parts, offset: int, out: BinaryIO, length: int | None = None) -> int:
    """Write the file's content from `offset` to `out`, `length` bytes at most; the offset where it ended.

    RangeError where the file ends before the offset.
    """
    descriptor = open_file(base, parts)
    try:
        size = os.fstat(descriptor).st_size
        if offset > size:
            raise RangeError(f"{'/'.join(parts)!r} has {size} bytes: nothing begins at {offset}")
        return copy_from(descriptor, offset, out, length)
    finally:
        os.close(descriptor)


def copy_from(descriptor: int, offset: int, out: BinaryIO, length: int | None = None) -> int:
    """Write what is there from `offset` to the end now, or `length` bytes of it."""
    end = inf if length is None else offset + length
    while chunk := os.pread(descriptor, int(min(CHUNK, end - offset)), offset):
        out.write(chunk)
        offset += len(chunk)
    out.flush()
    return offset


def pack(
    base: int, patterns: tuple[str, ...], out: BinaryIO, *, after: Parts = (), below: int | None = None
) -> list[str]:
    """Write the files meant as a tar stream: those of fewer than `below` bytes that come `after` a path in order.

    A sentence for each that was not read as it stood.
    """
    trouble: list[str] = []
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for entry in list_files(base, patterns):
            if entry.is_directory or entry.parts <= after or (below is not None and entry.size >= below):
                continue
            try:
                descriptor = open_file(base, entry.parts)
            except RefusedPathError as refusal:
                trouble.append(str(refusal))
                continue
            with _Exactly(descriptor) as content:
                archive.addfile(_header(entry, content), content)
                if content.missing:
                    trouble.append(f"{entry.path!r} shrank while it was read: fetch it again")
    out.flush()
    return trouble


def _header(entry: Entry, content: _Exactly) -> tarfile.TarInfo:
    """Only what a receiver may want: name, size, time and whether it can be executed."""
    info = tarfile.TarInfo(entry.path)
    info.size = content.size
    info.mtime = int(entry.modified)
    info.mode = 0o755 if content.executable else 0o644
    return info


class _Exactly(io.RawIOBase):
    """A file as long as it was when opened, however it changes: what is missing reads as zeros."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        self.size = found.st_size
        self.executable = bool(found.st_mode & stat.S_IXUSR)
        self.missing = 0
        self._offset = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = self.size - self._offset
        wanted = left if size < 0 else min(size, left)
        chunk = b""
        while more := os.pread(self._descriptor, wanted - len(chunk), self._offset + len(chunk)):
            chunk += more
        self.missing += wanted - len(chunk)
        self._offset += wanted
        return chunk.ljust(wanted, b"\0")

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
