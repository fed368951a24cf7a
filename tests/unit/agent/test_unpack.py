"""Archives are unpacked whole under their name or not at all, and nothing is written elsewhere."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from millpond.agent import unpack as unpacking
from millpond.agent.beneath import open_root
from millpond.agent.unpack import remove, unpack
from millpond.packages.zipformat import ArchiveError
from support import zips


@pytest.fixture
def base(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "apps").mkdir()
    descriptor = open_root(str(tmp_path / "apps"))
    yield descriptor
    os.close(descriptor)


def tree(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): stat.S_IMODE(path.lstat().st_mode) for path in root.rglob("*")}


def wide(_: int) -> None:
    """There is always room."""


def test_files_and_directories_with_their_modes(base: int, tmp_path: Path) -> None:
    files = [("bin/run", b"#!/bin/sh\n", stat.S_IFREG | 0o6750), ("a/b/c", b"text", 0), ("top", b"", zips.PLAIN)]
    archive = zips.packed([*files, ("empty/deep/", b"", stat.S_IFDIR | 0o7777)])
    contents = unpack(io.BytesIO(archive), base, "1.0", wide)
    assert contents.size == 14
    assert tree(tmp_path / "apps") == {
        "1.0": 0o755, "1.0/bin": 0o755, "1.0/bin/run": 0o755, "1.0/a": 0o755, "1.0/a/b": 0o755, "1.0/a/b/c": 0o644,
        "1.0/top": 0o644, "1.0/empty": 0o755, "1.0/empty/deep": 0o755,
    }  # fmt: skip
    assert (tmp_path / "apps/1.0/a/b/c").read_bytes() == b"text"


@pytest.mark.parametrize("case", zips.BAD)
def test_a_bad_archive_leaves_nothing(base: int, tmp_path: Path, case: str) -> None:
    make, words = zips.BAD[case]
    with pytest.raises(ArchiveError) as refused:
        unpack(io.BytesIO(make()), base, "1.0", wide)
    assert words in str(refused.value)
    assert tree(tmp_path) == {"apps": stat.S_IMODE((tmp_path / "apps").stat().st_mode)}


def test_room_is_asked_for_before_anything_is_written(base: int, tmp_path: Path) -> None:
    asked = []

    def none(size: int) -> None:
        asked.append(size)
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        unpack(io.BytesIO(zips.app(b"text")), base, "1.0", none)
    assert asked == [14]
    assert list((tmp_path / "apps").iterdir()) == []


def test_one_that_is_killed_half_way_is_no_installation_and_begun_again(
    base: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each file in turn: what `kill -9` leaves is what a process leaves that cleans nothing."""
    archive = zips.app(b"text" * 100)
    write = unpacking._write
    for at in range(2):
        left = [at]

        def killed(*arguments: object, left: list[int] = left) -> None:
            write(*arguments)  # type: ignore[arg-type]
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1

        with monkeypatch.context() as patch:
            patch.setattr(unpacking, "_write", killed)
            # What is there may be cleaned only by the one that comes next.
            patch.setattr(unpacking, "remove", lambda *_: None)
            with pytest.raises(KeyboardInterrupt):
                unpack(io.BytesIO(archive), base, f"{at}", wide)
        assert not (tmp_path / f"apps/{at}").exists()
        assert (tmp_path / f"apps/.{at}.part").exists()
        unpack(io.BytesIO(archive), base, f"{at}", wide)
        assert not (tmp_path / f"apps/.{at}.part").exists()
        assert (tmp_path / f"apps/{at}/a/b/data").read_bytes() == b"text" * 100


def test_what_is_removed_is_gone_and_links_are_not_followed(base: int, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_text("kept")
    (tmp_path / "apps/old").mkdir()
    (tmp_path / "apps/old/link").symlink_to(tmp_path / "precious")
    remove(base, "old")
    remove(base, "old")
    assert not (tmp_path / "apps/old").exists()
    assert (tmp_path / "precious/file").read_text() == "kept"
