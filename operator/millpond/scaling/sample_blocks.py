"""Rows of samples as a block of bytes, to be kept: columns by name, so that a later version may have others.

A line of JSON names the columns; then times and columns follow as planes: all first bytes, all second ones and so on,
since the high bytes of neighbours are alike. All of it is compressed.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from itertools import pairwise
from math import isfinite, isinf, nan
from typing import TypeVar

import msgspec

from millpond.scaling.samples import VARIABLES, SampleStore

Numbers = TypeVar("Numbers", "array[int]", "array[float]")
_WIDTH = 4
_MOST_ROWS = 100_000
_MOST_BYTES = 64 << 20


class CorruptBlockError(ValueError):
    """The bytes are no block of samples; the message says why."""


class _Head(msgspec.Struct):
    version: int
    rows: int
    columns: list[str]


_head = msgspec.json.Decoder(_Head).decode


def write_block(rows: SampleStore) -> bytes:
    """The block of these rows. Columns with nothing but holes are left out."""
    columns = {name: column for name, column in rows.columns.items() if any(map(isfinite, column))}
    head = msgspec.json.encode(_Head(1, len(rows), list(columns)))
    planes = [_planes(rows.times), *map(_planes, columns.values())]
    return zlib.compress(b"\n".join([head, b"".join(planes)]))


def read_block(block: bytes) -> SampleStore:
    """The rows of a block. Raises CorruptBlockError."""
    head, body = _open(block)
    width = head.rows * _WIDTH
    parts = [body[start : start + width] for start in range(0, len(body), width)] if width else []
    rows = SampleStore()
    if not parts:
        return rows
    rows.times = _from_planes(array("I"), parts[0])
    if any(one >= two for one, two in pairwise(rows.times)):
        raise CorruptBlockError("its times do not rise")
    hole = array("f", [nan]) * head.rows
    rows.columns = {name: array("f", hole) for name in VARIABLES}
    for name, part in zip(head.columns, parts[1:], strict=True):
        column = _from_planes(array("f"), part)
        if any(map(isinf, column)):
            raise CorruptBlockError(f"{name} is infinite")
        if name in rows.columns:
            rows.columns[name] = column
    return rows


def _open(block: bytes) -> tuple[_Head, bytes]:
    try:
        unpacker = zlib.decompressobj()
        opened = unpacker.decompress(block, _MOST_BYTES)
        if not unpacker.eof:
            raise CorruptBlockError("it is cut short, or far too long")
        start, _, body = opened.partition(b"\n")
        head = _head(start)
    except (zlib.error, msgspec.DecodeError) as error:
        raise CorruptBlockError(str(error)) from None
    if head.version != 1 or not 0 <= head.rows <= _MOST_ROWS:
        raise CorruptBlockError("it is of another version")
    if len(body) != head.rows * _WIDTH * (1 + len(head.columns)):
        raise CorruptBlockError("its length is not that of its rows")
    return head, body


def _planes(column: Numbers) -> bytes:
    little = _little(column).tobytes()
    return b"".join(little[byte::_WIDTH] for byte in range(_WIDTH))


def _from_planes(empty: Numbers, planes: bytes) -> Numbers:
    rows = len(planes) // _WIDTH
    little = bytearray(len(planes))
    for byte in range(_WIDTH):
        little[byte::_WIDTH] = planes[byte * rows : (byte + 1) * rows]
    empty.frombytes(bytes(little))
    return _little(empty)


def _little(column: Numbers) -> Numbers:
    """With its bytes in the other order where this machine has the highest first."""
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column
