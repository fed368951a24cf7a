"""The judge of packed applications: which zip archives are unpacked at all, and as which files.

Before anything is written, the whole directory of an archive is read and judged. What its numbers promise is held while
the content is read: an entry that is longer ends the reading.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from millpond.packages.zipformat import (
    DEFLATED,
    STORED,
    ArchiveError,
    Record,
    content,
    content_start,
    read_records,
    shown,
)

MOST_BYTES = 256 << 30
"""Of all files, unpacked."""
MOST_RATIO, ANYWAY = 200, 256 << 20
"""How many times its own size an archive may unpack to; so many bytes it may in any case."""
LONGEST_NAME, LONGEST_PART, MOST_PARTS = 1024, 255, 64

_ENCRYPTED = 0x1 | 0x40 | 0x2000
_PLAIN = (0, stat.S_IFREG)


@dataclass(frozen=True, slots=True)
class File:
    """A file to unpack: its path, whether it may be executed, and how its content is found."""

    parts: tuple[str, ...]
    executable: bool
    record: Record
    start: int


@dataclass(frozen=True)
class Contents:
    """What an archive unpacks to. `size` is the bytes of all files."""

    files: tuple[File, ...]
    directories: tuple[tuple[str, ...], ...]
    size: int


def judge(archive: BinaryIO) -> Contents:
    """What is in the archive, in its own order; directories only as far as it has entries of them.

    Raises ArchiveError for one that is not unpacked.
    """
    records, end = read_records(archive)
    size = archive.seek(0, 2)
    unpacked = sum(record.size for record in records)
    if unpacked > min(MOST_BYTES, max(ANYWAY, size * MOST_RATIO)):
        raise ArchiveError(
            f"its {size} bytes say that they unpack to {unpacked}, and no more than {MOST_RATIO} times as many, "
            f"and {MOST_BYTES} in all, are unpacked: pack something else"
        )
    files, directories = [], []
    for record in records:
        parts = _parts(record.name)
        if _is_directory(record):
            directories.append(parts)
        else:
            executable = bool(record.mode & stat.S_IXUSR)
            files.append(File(parts, executable, record, content_start(archive, record)))
    _apart(files, end)
    _named_once(files, directories)
    return Contents(tuple(files), tuple(directories), unpacked)


def read(archive: BinaryIO, file: File) -> Iterator[bytes]:
    """The file's content in pieces. ArchiveError when it is not what the archive says."""
    return content(archive, file.record, file.start)


def check(archive: BinaryIO) -> Contents:
    """`judge`, and all content read: what passes can be unpacked. Raises ArchiveError."""
    contents = judge(archive)
    for file in contents.files:
        for _ in read(archive, file):
            pass
    return contents


def _parts(name: str) -> tuple[str, ...]:
    """The components of an entry's name. Raises ArchiveError."""
    parts = tuple(name.removesuffix("/").split("/"))
    why = ""
    if name.startswith("/"):
        why = "is absolute"
    elif ".." in parts:
        why = "leads out of the package by '..'"
    elif "\\" in name:
        why = "has a backslash"
    elif any(part in ("", ".") for part in parts) or any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        why = "has an empty part, a '.' or a control character"
    elif len(parts) > MOST_PARTS or len(name.encode()) > LONGEST_NAME:
        why = f"is longer than {LONGEST_NAME} bytes, or has more than {MOST_PARTS} parts"
    elif any(len(part.encode()) > LONGEST_PART for part in parts):
        why = f"has a part of more than {LONGEST_PART} bytes"
    if why:
        raise ArchiveError(f"the name {shown(name)} {why}: pack relative paths with '/' between directories")
    return parts


def _is_directory(record: Record) -> bool:
    """Whether the entry is a directory; it must be that or a plain file that can be unpacked. Raises ArchiveError."""
    directory, kind = record.name.endswith("/"), stat.S_IFMT(record.mode)
    if kind == stat.S_IFLNK:
        why = "is a symbolic link: pack what it leads to (zip does, without its option -y)"
    elif kind not in ((0, stat.S_IFDIR) if directory else _PLAIN):
        why = "is no plain file and no directory: leave it out"
    elif record.flags & _ENCRYPTED:
        why = "is encrypted: pack without a password"
    elif record.disk:
        why = "is in another volume: pack it as one file"
    elif record.method not in (STORED, DEFLATED):
        why = f"is packed by method {record.method}: pack it by deflate, which zip does"
    elif directory and (record.size or record.packed > 2):
        why = "is a directory with content: pack it again"
    else:
        return directory
    raise ArchiveError(f"{shown(record.name)} {why}")


def _apart(files: list[File], end: int) -> None:
    """No two entries have content in common, and none reaches into the directory. Raises ArchiveError."""
    last = 0
    for file in sorted(files, key=lambda one: one.record.start):
        if file.record.start < last or file.start + file.record.packed > end:
            raise ArchiveError(f"{shown(file.record.name)} shares its content with another entry: pack it again")
        last = file.start + file.record.packed


def _named_once(files: list[File], directories: list[tuple[str, ...]]) -> None:
    """No path is there twice, or a file and a directory. Raises ArchiveError."""
    paths: set[tuple[str, ...]] = set()
    for file in files:
        if file.parts in paths:
            raise ArchiveError(f"{shown(file.record.name)} is there twice: pack it again")
        paths.add(file.parts)
    ways = {parts[:depth] for parts in paths for depth in range(1, len(parts))}
    ways |= {parts[:depth] for parts in directories for depth in range(1, len(parts) + 1)}
    for both in sorted(paths & ways)[:1]:
        raise ArchiveError(f"{shown('/'.join(both))} is a file and a directory: pack it again")
