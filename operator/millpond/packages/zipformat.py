"""The zip format: what an archive's directory says of its entries, and an entry's content, held against what it says.

No number in an archive is believed further than it can be checked. Whether an archive is acceptable is judged
elsewhere (`archive`). Parts of several volumes, and anything before the first entry, are refused.
Source: PKWARE's application note, §4.3 and §4.4.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

MOST_ENTRIES = 100_000
PIECE = 256 * 1024
"""Bytes of content that are in memory at once."""
STORED, DEFLATED = 0, 8

_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
_LONGEST_COMMENT = 0xFFFF
_MANY32 = 0xFFFFFFFF
_ZIP64_EXTRA = 1
_UTF8 = 0x800


class ArchiveError(ValueError):
    """An archive that is not unpacked: the message says what is wrong with which entry, and what to do."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """An entry as the archive's directory has it. `start` is where its local header begins."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    """Of Unix, with the kind of file; 0 where the archive's maker knows none."""
    disk: int
    start: int


class _Directory(msgspec.Struct, frozen=True):
    disk: int
    entries: int
    size: int
    start: int
    end: int


def read_records(archive: BinaryIO) -> tuple[list[Record], int]:
    """All entries, and where their directory begins. Raises ArchiveError."""
    directory = _find(archive)
    if directory.disk:
        raise ArchiveError("it is one of several volumes: pack it as one file")
    if directory.entries > MOST_ENTRIES:
        raise ArchiveError(f"it has {directory.entries} entries, and {MOST_ENTRIES} are the most: pack fewer files")
    if directory.start + directory.size != directory.end:
        raise ArchiveError("its directory is not where it says, as in a file that was cut or joined: pack it again")
    archive.seek(directory.start)
    records = [_central(archive) for _ in range(directory.entries)]
    if archive.tell() != directory.end:
        raise ArchiveError("its directory has not the length that it says: pack it again")
    return records, directory.start


def content_start(archive: BinaryIO, record: Record) -> int:
    """Where the entry's content begins: behind its local header, which must be of the same entry."""
    archive.seek(record.start)
    header = struct.unpack("<4s5H3L2H", _exactly(archive, 30))
    # Checksum and sizes may stand behind the content instead; what the directory says of them is what counts.
    same = header[0] == _LOCAL and not (header[2] ^ record.flags) & 1 and header[3] == record.method
    if not same or _text(_exactly(archive, header[9]), header[2]) != record.name:
        raise ArchiveError(f"its entry {shown(record.name)} and its directory contradict each other: pack it again")
    start: int = record.start + 30 + header[9] + header[10]
    return start


def content(archive: BinaryIO, record: Record, start: int) -> Iterator[bytes]:
    """The entry's content in pieces. ArchiveError when it has not the length or the checksum that it says."""
    archive.seek(start)
    length = crc = 0
    for piece in _stored(archive, record.packed) if record.method == STORED else _inflated(archive, record):
        length += len(piece)
        if length > record.size:
            raise ArchiveError(f"{shown(record.name)} is longer than the {record.size} bytes that it says")
        crc = zlib.crc32(piece, crc)
        yield piece
    if length != record.size:
        raise ArchiveError(f"{shown(record.name)} has {length} bytes instead of the {record.size} that it says")
    if crc != record.crc:
        raise ArchiveError(f"the checksum of {shown(record.name)} is wrong: its content was damaged on its way")


def shown(name: str) -> str:
    """An entry's name for a message: in quotes, and not too long."""
    return repr(name if len(name) <= 100 else f"{name[:100]}…")


def _find(archive: BinaryIO) -> _Directory:
    size = archive.seek(0, 2)
    tail = min(size, 22 + _LONGEST_COMMENT)
    archive.seek(size - tail)
    text = archive.read(tail)
    at = len(text)
    while (at := text.rfind(_END, 0, at)) >= 0:
        rest = text[at:]
        if len(rest) >= 22 and 22 + int.from_bytes(rest[20:22], "little") == len(rest):
            return _ended(archive, struct.unpack("<4s4H2LH", rest[:22]), size - len(rest))
    raise ArchiveError("it is no zip archive, or its end is missing: pack or transfer it again")


def _ended(archive: BinaryIO, said: tuple[int, ...], end: int) -> _Directory:
    """The directory by the record at `end`, or by the larger record before it where there is one."""
    _, disk, first, _, entries, size, start, _ = said
    archive.seek(max(0, end - 20))
    locator = archive.read(20)
    if len(locator) < 20 or not locator.startswith(_LOCATOR):
        return _Directory(disk | first, entries, size, start, end)
    _, _, at, _ = struct.unpack("<4sLQL", locator)
    if at + 56 <= end - 20:
        archive.seek(at)
        mark, _, _, _, disk, first, _, entries, size, start = struct.unpack("<4sQ2H2L4Q", _exactly(archive, 56))
        if mark == _END64:
            return _Directory(disk | first, entries, size, start, at)
    raise ArchiveError("its end is damaged: pack or transfer it again")


def _central(archive: BinaryIO) -> Record:
    fields = struct.unpack("<4s6H3L5H2L", _exactly(archive, 46))
    mark, _, _, flags, method, _, _, crc, packed, size, named, extra, comment, disk, _, attributes, start = fields
    if mark != _CENTRAL:
        raise ArchiveError("its directory is damaged: pack or transfer it again")
    name = _text(_exactly(archive, named), flags)
    larger = _larger(_exactly(archive, extra))
    archive.seek(comment, 1)
    # In this order, and only those that do not fit.
    size = next(larger, size) if size == _MANY32 else size
    packed = next(larger, packed) if packed == _MANY32 else packed
    start = next(larger, start) if start == _MANY32 else start
    return Record(name, flags, method, crc, packed, size, attributes >> 16, disk, start)


def _larger(extra: bytes) -> Iterator[int]:
    """The numbers of 64 bits among an entry's extra fields."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<2H", extra[:4])
        if kind == _ZIP64_EXTRA:
            field = extra[4 : 4 + length]
            yield from (int.from_bytes(field[at : at + 8], "little") for at in range(0, len(field) - 7, 8))
            return
        extra = extra[4 + length :]


def _text(name: bytes, flags: int) -> str:
    """A name, in UTF-8 also where the mark of that is missing, as many programs have it."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        if flags & _UTF8:
            raise ArchiveError(f"the name {name[:100]!r} is no UTF-8, which it says it is: rename the file") from None
        return name.decode("cp437")


def _stored(archive: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        piece = archive.read(min(length, PIECE))
        if not piece:
            raise ArchiveError("it ends too early: transfer it again")
        length -= len(piece)
        yield piece


def _inflated(archive: BinaryIO, record: Record) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for packed in _stored(archive, record.packed):
            left = packed
            while left and not unpacker.eof:
                yield unpacker.decompress(left, PIECE)
                left = unpacker.unconsumed_tail
            if unpacker.unused_data or left:
                raise ArchiveError(f"{shown(record.name)} is followed by what is not its content: pack it again")
        # Some of what was unpacked can still be in there: a few thousand bytes at most.
        yield unpacker.flush()
    except zlib.error:
        raise ArchiveError(f"the content of {shown(record.name)} is damaged: pack or transfer it again") from None
    if not unpacker.eof:
        raise ArchiveError(f"the content of {shown(record.name)} ends too early: pack or transfer it again")


def _exactly(archive: BinaryIO, length: int) -> bytes:
    found = archive.read(length)
    if len(found) != length:
        raise ArchiveError("it ends too early: pack or transfer it again")
    return found
