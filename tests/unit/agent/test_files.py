"""Listing, reading and packing what a task wrote."""

from __future__ import annotations

import io
import os
import tarfile

import pytest
from millpond.agent import files
from millpond.agent.beneath import RefusedPathError
from millpond.agent.files import copy_file, list_files, pack

from .conftest import NodeDirectory


def test_everything_is_listed_in_order_and_links_are_left_out(node: NodeDirectory) -> None:
    (node.task / "wd/link").symlink_to("/etc")
    os.mkfifo(node.task / "wd/fifo")
    entries = list(list_files(node.base))
    assert [entry.path for entry in entries] == [
        "stderr.txt", "stdout.txt", "wd", "wd/a.png", "wd/notes.txt", "wd/out", "wd/out/b.png", "wd/out/deep",
        "wd/out/deep/c d.png",
    ]  # fmt: skip
    sizes = {entry.path: (entry.size, entry.is_directory) for entry in entries}
    assert sizes["wd/a.png"] == (4, False)
    assert sizes["wd/out"] == (0, True)


def test_a_listing_too_long_to_be_useful_is_refused(node: NodeDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 3)
    with pytest.raises(RefusedPathError, match="more than 3 files"):
        list(list_files(node.base))


@pytest.mark.parametrize(("offset", "text"), [(0, b"hello\n"), (2, b"llo\n"), (6, b""), (99, b"")])
def test_reading_from_an_offset(node: NodeDirectory, offset: int, text: bytes) -> None:
    out = io.BytesIO()
    assert copy_file(node.base, ("stdout.txt",), offset, out) == max(offset, 6)
    assert out.getvalue() == text


def test_a_tar_holds_the_files_meant_and_nothing_of_their_owners(node: NodeDirectory) -> None:
    (node.task / "wd/a.png").chmod(0o6700)
    out = io.BytesIO()
    assert pack(node.base, ("**/*.png",), out) == (3, [])
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        members = {member.name: member for member in archive}
        content = archive.extractfile("wd/out/deep/c d.png")
        assert content is not None
        assert content.read() == b"ccc"
    assert set(members) == {"wd/a.png", "wd/out/b.png", "wd/out/deep/c d.png"}
    assert all(member.isreg() and member.uid == 0 for member in members.values())
    assert members["wd/a.png"].mode == 0o755


def test_a_file_that_shrinks_while_it_is_packed_is_told_of(
    node: NodeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = files._header

    def cut_then_head(entry: files.Entry, content: files._Exactly) -> tarfile.TarInfo:
        os.truncate(node.task / "wd/notes.txt", 2)
        return header(entry, content)

    monkeypatch.setattr(files, "_header", cut_then_head)
    out = io.BytesIO()
    count, trouble = pack(node.base, ("wd/notes.txt",), out)
    assert count == 1
    assert trouble == ["'wd/notes.txt' shrank while it was read: fetch it again"]
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        content = archive.extractfile("wd/notes.txt")
        assert content is not None
        assert content.read() == b"no\0\0\0"
