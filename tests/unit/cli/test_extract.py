"""Archives that lie: nothing is written outside the target, through a link, or as anything but a plain file."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from millpond.cli.errors import CliError
from millpond.cli.extract import extract


def archive(*entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, target: str = "") -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as writer:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, target
            writer.addfile(info, io.BytesIO(content))
    return io.BytesIO(out.getvalue())


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "a/./x", "..", "a/..", "//x", "a//x", ".", "./x", "a/../x"]
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    target = tmp_path / "in"
    target.mkdir()
    with pytest.raises(CliError):
        extract(archive((name, b"x")), str(target))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_only_plain_files_are_unpacked(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(CliError, match="no plain file"):
        extract(archive(("x", b""), kind=kind, target="/etc/passwd"), str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_links_in_the_target_are_not_followed(tmp_path: Path) -> None:
    outside, target = tmp_path / "outside", tmp_path / "in"
    outside.mkdir()
    target.mkdir()
    (target / "a").symlink_to(outside)
    (target / "f").symlink_to(outside / "f")
    with pytest.raises(CliError, match="symbolic link"):
        extract(archive(("a/x", b"x")), str(target))
    extract(archive(("f", b"mine")), str(target))
    assert list(outside.iterdir()) == []
    assert (target / "f").read_bytes() == b"mine"


def test_a_torn_archive_is_told_of(tmp_path: Path) -> None:
    whole = archive(("x", b"x" * 100_000)).getvalue()
    with pytest.raises(CliError, match="no whole archive"):
        extract(io.BytesIO(whole[:5000]), str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_of_a_torn_one_what_is_whole_is_kept_where_that_is_wanted(tmp_path: Path) -> None:
    whole = archive(("a", b"a" * 1000), ("d/b", b"b"), ("c", b"c" * 100_000)).getvalue()
    assert extract(io.BytesIO(whole[:8000]), str(tmp_path), torn=True) == [("a", 1000), ("d/b", 1)]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "d"]
    assert extract(io.BytesIO(b""), str(tmp_path), torn=True) == []


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CliError, match="cannot be written"):
        extract(archive(("x", b"x")), str(tmp_path / "file"))
