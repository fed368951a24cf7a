"""Zip archives are read as they are written, and no number in them is believed."""

from __future__ import annotations

import io
import random
import stat
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from millpond.packages import zipformat
from millpond.packages.zipformat import ArchiveError, content, content_start, read_records, shown
from support import zips

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=40)


def read(archive: bytes) -> dict[str, bytes]:
    file = io.BytesIO(archive)
    records, _ = read_records(file)
    return {record.name: b"".join(content(file, record, content_start(file, record))) for record in records}


@settings(max_examples=60)
@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=6), st.sampled_from([0, 8]), st.binary(max_size=40))
def test_what_a_writer_has_written_is_read(files: dict[str, bytes], method: int, comment: bytes) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = comment
        for name, text in files.items():
            archive.writestr(name, text)
    assert read(target.getvalue()) == files


def test_long_content_comes_in_pieces() -> None:
    text = random.Random(1).randbytes(3 * zipformat.PIECE // 2) + bytes(zipformat.PIECE * 3)
    file = io.BytesIO(zips.packed([("a", text, zips.PLAIN)]))
    (record,), _ = read_records(file)
    pieces = list(content(file, record, content_start(file, record)))
    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= zipformat.PIECE


def test_a_stream_s_archive_with_its_numbers_behind_the_content_is_read() -> None:
    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.text = b""

        def writable(self) -> bool:
            return True

        def write(self, text: object) -> int:
            self.text += bytes(text)  # type: ignore[call-overload]
            return len(memoryview(text))  # type: ignore[arg-type]

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"text" * 50)
        archive.writestr("b", b"more")
    assert read(stream.text) == {"a": b"text" * 50, "b": b"more"}


def test_numbers_of_64_bits_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    archive = zips.packed([("first", b"x" * 100, zips.PLAIN), ("second", b"y" * 100, zips.PLAIN)])
    assert b"PK\x06\x06" in archive
    assert read(archive) == {"first": b"x" * 100, "second": b"y" * 100}
    locator = archive.index(b"PK\x06\x07")
    with pytest.raises(ArchiveError, match="its end is damaged"):
        read(archive[: locator + 8] + b"\xff" + archive[locator + 9 :])


def test_modes_and_names_are_as_written() -> None:
    file = io.BytesIO(zips.packed([("ä/é", b"", stat.S_IFREG | 0o4755)]))
    (record,), end = read_records(file)
    assert (record.name, record.mode, record.start) == ("ä/é", stat.S_IFREG | 0o4755, 0)
    assert end == file.getvalue().index(b"PK\x01\x02")


def test_a_name_without_the_mark_of_utf_8_is_read_as_most_write_it() -> None:
    assert list(read(zips.one("ab").replace(b"ab", b"\xc3\xa4"))) == ["ä"]
    assert list(read(zips.one("ab").replace(b"ab", b"\x84b"))) == ["äb"]


def test_too_many_entries_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipformat, "MOST_ENTRIES", 2)
    with pytest.raises(ArchiveError, match="3 entries, and 2 are the most"):
        read_records(io.BytesIO(zips.app()))


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_archive_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    archive = bytearray(zips.app(b"some text " * 20))
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(archive)))
    with suppress(ArchiveError):
        read(bytes(archive[:end] if data.draw(st.booleans()) else archive))


def test_a_long_name_is_shown_in_part() -> None:
    assert shown("a" * 200) == repr("a" * 100 + "…")
