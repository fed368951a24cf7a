"""Zip archives for tests: good ones by Python's own writer, and bad ones by changing what it wrote."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable

Entry = tuple[str, bytes, int]
"""Name, content, and mode with the kind of file (0: none)."""
PLAIN, PROGRAM = stat.S_IFREG | 0o644, stat.S_IFREG | 0o755


def packed(entries: Iterable[Entry], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these entries, whatever their names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = method
            archive.writestr(info, content)
    return target.getvalue()


def app(text: bytes = b"hello") -> bytes:
    """A small application: a program, and data below a directory."""
    return packed(
        [("bin/", b"", stat.S_IFDIR | 0o755), ("bin/run", b"#!/bin/sh\n", PROGRAM), ("a/b/data", text, PLAIN)]
    )


def one(name: str = "file", mode: int = PLAIN, content: bytes = b"x" * 100) -> bytes:
    """An archive of one entry."""
    return packed([(name, content, mode)])


def _patched(archive: bytes, mark: bytes, offset: int, form: str, value: int) -> bytes:
    """With a number of the first record of that mark replaced."""
    changed = bytearray(archive)
    struct.pack_into(form, changed, changed.index(mark) + offset, value)
    return bytes(changed)


def central(archive: bytes, offset: int, form: str, value: int) -> bytes:
    return _patched(archive, b"PK\x01\x02", offset, form, value)


def local(archive: bytes, offset: int, form: str, value: int) -> bytes:
    return _patched(archive, b"PK\x03\x04", offset, form, value)


def ended(archive: bytes, offset: int, form: str, value: int) -> bytes:
    return _patched(archive, b"PK\x05\x06", offset, form, value)


def _overlapping() -> bytes:
    """Two entries of one content, as in bombs that need no nesting."""
    two = packed([("a", b"x" * 50, PLAIN), ("b", b"x" * 50, PLAIN)])
    second = two.rindex(b"PK\x01\x02")
    changed = bytearray(two)
    struct.pack_into("<L", changed, second + 42, 0)
    changed[second + 46 : second + 47] = b"a"
    return bytes(changed)


def _one_inside_another() -> bytes:
    """An entry whose content is another entry with its header."""
    inner = packed([("in", b"y" * 50, PLAIN)], zipfile.ZIP_STORED)
    header = inner[: inner.index(b"PK\x01\x02")]
    outer = packed([("out", header + b"tail", PLAIN), ("in", b"y" * 50, PLAIN)], zipfile.ZIP_STORED)
    changed = bytearray(outer)
    struct.pack_into("<L", changed, outer.rindex(b"PK\x01\x02") + 42, 30 + len("out"))
    return bytes(changed)


def _twice(first: str, second: str) -> bytes:
    """Two entries under names of one length, the second then renamed in both its headers."""
    content = [(first, b"1", PLAIN), ("?" * len(second), b"2", PLAIN)]
    return packed(content).replace(b"?" * len(second), second.encode())


def _with_more() -> bytes:
    """An entry with bytes behind its packed content."""
    text = b"x" * 100
    deflated = zlib.compress(text, wbits=-zlib.MAX_WBITS) + b"more"
    archive = packed([("a", deflated, PLAIN)], zipfile.ZIP_STORED)
    archive = central(local(archive, 8, "<H", 8), 10, "<H", 8)
    return central(central(archive, 16, "<L", zlib.crc32(text)), 24, "<L", len(text))


BOMB = 8 * 1024 * 1024

BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no zip archive"),
    "text": (lambda: b"not a zip" * 100, "no zip archive"),
    "cut at its end": (lambda: app()[:-30], "no zip archive"),
    "cut in the middle": (lambda: app()[:60] + app()[90:], "not where it says"),
    "something before it": (lambda: b"#!/bin/sh\n" + app(), "not where it says"),
    "parent": (lambda: one("../evil"), "leads out"),
    "parent inside": (lambda: one("a/../../evil"), "leads out"),
    "absolute": (lambda: one("/etc/passwd"), "is absolute"),
    "backslash": (lambda: one("a\\..\\evil"), "has a backslash"),
    "drive": (lambda: one("C:\\evil"), "has a backslash"),
    "empty part": (lambda: one("a//b"), "has an empty part"),
    "dot": (lambda: one("./a"), "has an empty part"),
    "control character": (lambda: one("a\nb"), "control character"),
    "NUL": (lambda: one("a?b").replace(b"a?b", b"a\0b"), "control character"),
    "long part": (lambda: one("a" * 256), "part of more than 255 bytes"),
    "long name": (lambda: one("a/" * 600 + "a"), "longer than 1024 bytes"),
    "deep": (lambda: one("a/" * 64 + "a"), "more than 64 parts"),
    "symbolic link": (lambda: one("link", stat.S_IFLNK | 0o777, b"/etc"), "symbolic link"),
    "link as directory": (lambda: one("link/", stat.S_IFLNK | 0o777, b""), "symbolic link"),
    "character device": (lambda: one("null", stat.S_IFCHR | 0o666), "no plain file"),
    "block device": (lambda: one("sda", stat.S_IFBLK | 0o666), "no plain file"),
    "pipe": (lambda: one("pipe", stat.S_IFIFO | 0o666), "no plain file"),
    "socket": (lambda: one("socket", stat.S_IFSOCK | 0o666), "no plain file"),
    "directory without slash": (lambda: one("dir", stat.S_IFDIR | 0o755, b""), "no plain file"),
    "directory with content": (lambda: one("dir/", stat.S_IFDIR | 0o755), "directory with content"),
    "encrypted": (lambda: central(one(), 8, "<H", 1), "is encrypted"),
    "encrypted strongly": (lambda: central(one(), 8, "<H", 0x40), "is encrypted"),
    "encrypted only by its header": (lambda: local(one(), 6, "<H", 1), "contradict each other"),
    "method": (lambda: packed([("a", b"x" * 100, PLAIN)], zipfile.ZIP_LZMA), "packed by method 14"),
    "other method in its header": (lambda: local(one(), 8, "<H", 0), "contradict each other"),
    "other name in its header": (lambda: local(one(), 30, "<B", ord("g")), "contradict each other"),
    "no header where it says": (lambda: central(one(), 42, "<L", 3), "contradict each other"),
    "header beyond the end": (lambda: central(one(), 42, "<L", 1 << 30), "ends too early"),
    "twice": (lambda: _twice("same", "same"), "is there twice"),
    "file and directory": (lambda: _twice("a", "a/b"), "is a file and a directory"),
    "overlapping": (_overlapping, "shares its content"),
    "one inside another": (_one_inside_another, "shares its content"),
    "content into the directory": (lambda: central(one(), 20, "<L", 1000), "shares its content"),
    "another volume": (lambda: central(one(), 34, "<H", 1), "another volume"),
    "several volumes": (lambda: ended(one(), 4, "<H", 1), "several volumes"),
    "too many entries": (lambda: ended(one(), 10, "<H", 50), "ends too early"),
    "entries left out": (lambda: ended(app(), 10, "<H", 1), "has not the length"),
    "damaged": (lambda: one().replace(b"PK\x01\x02", b"PK\x01\x00"), "damaged"),
    "wrong checksum": (lambda: central(one(), 16, "<L", 7), "checksum"),
    "longer than it says": (lambda: central(one(), 24, "<L", 99), "longer than the 99"),
    "shorter than it says": (lambda: central(one(), 24, "<L", 101), "instead of the 101"),
    "content cut": (lambda: central(one(content=bytes(range(256)) * 9), 20, "<L", 20), "ends too early"),
    "content and more": (_with_more, "followed"),
    "content damaged": (lambda: local(one(), 34, "<H", 0xFFFF), "is damaged"),
    "bomb that says so": (lambda: central(one(), 24, "<L", 1 << 31), "are unpacked"),
    "bomb that does not": (lambda: central(one(content=bytes(BOMB)), 24, "<L", 10), "longer than the 10"),
    "not UTF-8": (lambda: central(one("ä"), 46, "<B", 0xFF), "no UTF-8"),
}  # fmt: skip
"""Archives that are refused, each with words of the message."""
