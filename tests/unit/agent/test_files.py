"""Listing, reading and packing what a task wrote."""

from __future__ import annotations

import io
import os
import tarfile

import pytest
from millpond.agent import files
from millpond.agent.beneath import MissingFileError, RangeError, RefusedPathError
from millpond.agent.files import copy_file, describe, list_files, pack

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


@pytest.mark.parametrize(
    ("offset", "length", "text"),
    [
        (0, None, b"hello\n"),
        (2, None, b"llo\n"),
        (6, None, b""),
        (0, 0, b""),
        (1, 3, b"ell"),
        (1, 99, b"ello\n"),
        (6, 1, b""),
    ],
)
def test_reading_a_part(node: NodeDirectory, offset: int, length: int | None, text: bytes) -> None:
    out = io.BytesIO()
    assert copy_file(node.base, ("stdout.txt",), offset, out, length) == offset + len(text)
    assert out.getvalue() == text


def test_a_part_that_begins_beyond_the_end_is_refused(node: NodeDirectory) -> None:
    with pytest.raises(RangeError, match="has 6 bytes: nothing begins at 7"):
        copy_file(node.base, ("stdout.txt",), 7, io.BytesIO())


def test_properties_of_one(node: NodeDirectory) -> None:
    (node.task / "wd/a.png").chmod(0o640)
    entry = describe(node.base, ("wd", "a.png"))
    assert (entry.path, entry.size, entry.mode, entry.is_directory) == ("wd/a.png", 4, 0o640, False)
    assert describe(node.base, ("wd", "out")).is_directory


def test_what_has_no_properties(node: NodeDirectory) -> None:
    os.mkfifo(node.task / "wd/fifo")
    (node.task / "wd/link").symlink_to("/etc/passwd")
    for parts, error, text in (
        ((), RefusedPathError, "empty"),
        (("wd", "absent"), MissingFileError, "no file 'wd/absent'"),
        (("wd", "fifo"), RefusedPathError, "neither a file nor a directory"),
        (("wd", "link"), RefusedPathError, "neither a file nor a directory"),
    ):
        with pytest.raises(error, match=text):
            describe(node.base, parts)


def names(packed: io.BytesIO) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(packed.getvalue())) as archive:
        return archive.getnames()


def test_packing_goes_on_after_a_path_and_leaves_out_the_large(node: NodeDirectory) -> None:
    (node.task / "wd/out.txt").write_text("comes after what is in out/")
    everything = ["stderr.txt", "stdout.txt", "wd/a.png", "wd/notes.txt", "wd/out/b.png", "wd/out/deep/c d.png"]
    everything.append("wd/out.txt")
    for number, after in enumerate(["", *everything]):
        out = io.BytesIO()
        assert pack(node.base, (), out, after=tuple(after.split("/")) if after else ()) == []
        assert names(out) == everything[number:]
    out = io.BytesIO()
    pack(node.base, (), out, below=4)
    assert names(out) == ["stderr.txt", "wd/out/b.png", "wd/out/deep/c d.png"]


def test_a_tar_holds_the_files_meant_and_nothing_of_their_owners(node: NodeDirectory) -> None:
    (node.task / "wd/a.png").chmod(0o6700)
    out = io.BytesIO()
    assert pack(node.base, ("**/*.png",), out) == []
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
    trouble = pack(node.base, ("wd/notes.txt",), out)
    assert trouble == ["'wd/notes.txt' shrank while it was read: fetch it again"]
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        content = archive.extractfile("wd/notes.txt")
        assert content is not None
        assert content.read() == b"no\0\0\0"
