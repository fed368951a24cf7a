"""Downloads get their names when they are whole, inside the directory, through no link."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from millpond.cli.errors import CliError
from millpond.cli.landing import land


def pieces(*texts: bytes) -> Iterator[memoryview]:
    return iter(memoryview(text) for text in texts)


def test_a_file_with_its_directories_replaces_an_earlier_one(tmp_path: Path) -> None:
    for text in (b"first", b"second"):
        path = land(str(tmp_path / "out"), "a/b/c", pieces(text[:2], text[2:]), len(text))
        assert path.read_bytes() == text
    assert land(str(tmp_path / "out"), "d", pieces(b"x"), -1).read_bytes() == b"x"
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "out/a/b/c",
        "out/d",
    ]


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/x", "a//b", ".", "", "a/./b", "a\0b"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CliError, match="does not lie inside"):
        land(str(tmp_path / "out"), name, pieces(b"x"), 1)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_whole_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("earlier")
    with pytest.raises(CliError, match="1 bytes instead of 2"):
        land(str(tmp_path), "kept", pieces(b"x"), 2)

    def broken() -> Iterator[memoryview]:
        yield memoryview(b"x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land(str(tmp_path), "kept", broken(), 2)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"kept": "earlier"}


def test_links_are_not_passed_and_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_text("kept")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out/file").symlink_to(tmp_path / "elsewhere/file")
    with pytest.raises(CliError, match="symbolic link"):
        land(str(tmp_path / "out"), "link/file", pieces(b"x"), 1)
    assert land(str(tmp_path / "out"), "file", pieces(b"x"), 1).read_bytes() == b"x"
    assert (tmp_path / "elsewhere/file").read_text() == "kept"


def test_what_stands_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    with pytest.raises(CliError, match="cannot be made"):
        land(str(tmp_path), "file/a", pieces(b"x"), 1)
    with pytest.raises(CliError, match="cannot be written"):
        land(str(tmp_path), "directory", pieces(b"x"), 1)
