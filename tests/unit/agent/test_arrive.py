"""Files put into place: whole under their names or not at all, and nowhere but beneath their directory."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from millpond.agent import arrive as subject
from millpond.agent.arrive import (
    ArrivalError,
    ContentError,
    CreateError,
    DirectoryError,
    DiskFullError,
    Room,
    WriteError,
    arrive,
)
from millpond.agent.beneath import open_root, parts_of

CONTENT = b"some content"


@pytest.fixture
def base(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "wd").mkdir()
    descriptor = open_root(str(tmp_path / "wd"))
    yield descriptor
    os.close(descriptor)


def put(base: int, path: str, content: bytes = CONTENT, *, mode: int = 0o640, size: int = -1, md5: bytes = b"") -> int:
    pieces = (memoryview(content[at : at + 5]) for at in range(0, len(content), 5))
    return arrive(base, parts_of(path), pieces, mode, Room(base, 1.0), size, md5)


def left(tmp_path: Path) -> list[str]:
    """All files, by their paths."""
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir())


def test_a_file_arrives_with_its_directories_and_mode(base: int, tmp_path: Path) -> None:
    assert put(base, "a/b/c.txt", size=len(CONTENT), md5=hashlib.md5(CONTENT).digest()) == len(CONTENT)
    arrived = tmp_path / "wd" / "a" / "b" / "c.txt"
    assert arrived.read_bytes() == CONTENT
    assert arrived.stat().st_mode & 0o7777 == 0o640
    assert left(tmp_path) == ["wd/a/b/c.txt"]


def test_an_empty_file_arrives(base: int, tmp_path: Path) -> None:
    assert put(base, "empty", b"", size=0) == 0
    assert left(tmp_path) == ["wd/empty"]


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_an_earlier_file_is_replaced_whatever_its_mode(base: int, tmp_path: Path, mode: int) -> None:
    put(base, "a", b"old", mode=mode)
    put(base, "a")
    assert (tmp_path / "wd" / "a").read_bytes() == CONTENT


def test_a_link_in_the_files_place_is_replaced_and_its_target_left(base: int, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "wd" / "a").symlink_to(tmp_path / "target")
    put(base, "a")
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert not (tmp_path / "wd" / "a").is_symlink()


def test_a_link_on_the_way_is_not_followed(base: int, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "wd" / "way").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DirectoryError, match="symbolic link"):
        put(base, "way/a")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_under_the_temporary_name_is_not_followed(base: int, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    name = f".millpond-{hashlib.sha256(b'a').hexdigest()[:16]}.part"
    (tmp_path / "wd" / name).symlink_to(tmp_path / "target")
    put(base, "a")
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert left(tmp_path) == ["target", "wd/a"]


def test_a_file_in_the_directorys_place(base: int) -> None:
    put(base, "a")
    with pytest.raises(DirectoryError):
        put(base, "a/b")


def test_a_directory_in_the_files_place(base: int, tmp_path: Path) -> None:
    put(base, "a/b")
    with pytest.raises(CreateError, match="a directory has its name"):
        put(base, "a")
    assert left(tmp_path) == ["wd/a/b"]


@pytest.mark.parametrize(
    ("size", "md5", "says"), [(13, b"", "13 bytes were announced and 12 came"), (-1, b"x" * 16, "checksum")]
)
def test_what_is_not_what_was_announced_leaves_nothing(
    base: int, tmp_path: Path, size: int, md5: bytes, says: str
) -> None:
    with pytest.raises(ContentError, match=says):
        put(base, "a", size=size, md5=md5)
    assert left(tmp_path) == []


def test_a_transfer_that_breaks_leaves_the_earlier_file(base: int, tmp_path: Path) -> None:
    def broken() -> Iterator[memoryview]:
        yield memoryview(b"half")
        raise ConnectionError

    put(base, "a", b"old")
    with pytest.raises(ConnectionError):
        arrive(base, ("a",), broken(), 0o600, Room(base, 1.0), -1, b"")
    assert left(tmp_path) == ["wd/a"]
    assert (tmp_path / "wd" / "a").read_bytes() == b"old"


@pytest.mark.parametrize("size", [1, -1])
def test_a_disk_that_would_be_too_full_gets_nothing(base: int, tmp_path: Path, size: int) -> None:
    with pytest.raises(DiskFullError, match="free space"):
        arrive(base, ("a",), iter([memoryview(b"x")]), 0o600, Room(base, 0.0), size, b"")
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("call", "number", "error"),
    [
        ("write", errno.ENOSPC, DiskFullError),
        ("write", errno.EDQUOT, DiskFullError),
        ("write", errno.EIO, WriteError),
        ("open", errno.ENOSPC, DiskFullError),
        ("mkdir", errno.ENOSPC, DiskFullError),
        ("mkdir", errno.EROFS, DirectoryError),
        ("rename", errno.EACCES, CreateError),
    ],
)
def test_trouble_of_the_disk_has_its_kind_and_leaves_no_part(
    base: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, error: type[ArrivalError]
) -> None:
    real = getattr(os, call)

    def broken(*arguments: object, **more: object) -> object:
        if call != "open" or str(arguments[0]).endswith(".part"):
            raise OSError(number, os.strerror(number))
        return real(*arguments, **more)

    monkeypatch.setattr(subject.os, call, broken)
    with pytest.raises(error):
        put(base, "d/a")
    monkeypatch.undo()
    assert left(tmp_path) == []
