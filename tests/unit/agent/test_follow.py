"""Following a file: all of it, in order, to the task's end or the reader's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import pytest
from millpond.agent.follow import follow_file

from .conftest import NodeDirectory

FILE = ("stdout.txt",)


class Out:
    """Collects what is written, and lets a test wait for it."""

    def __init__(self) -> None:
        self.text = b""
        self.grown = threading.Condition()

    def write(self, chunk: bytes) -> int:
        with self.grown:
            self.text += chunk
            self.grown.notify_all()
        return len(chunk)

    def flush(self) -> None:
        pass

    def wait_for(self, text: bytes) -> None:
        with self.grown:
            assert self.grown.wait_for(lambda: self.text == text, timeout=10), self.text


@dataclass
class Following:
    out: Out
    thread: threading.Thread
    reader_end: BinaryIO
    """Closing it is what a reader does who goes."""

    def ends(self) -> None:
        self.thread.join(timeout=10)
        assert not self.thread.is_alive()


@pytest.fixture
def following(node: NodeDirectory, request: pytest.FixtureRequest) -> Iterator[Following]:
    offset = getattr(request, "param", 0)
    listener, descriptor = os.pipe()
    reader_end = os.fdopen(descriptor, "wb")
    out = Out()
    arguments = (node.base, FILE, offset, cast("BinaryIO", out), listener)
    thread = threading.Thread(target=follow_file, args=arguments)
    thread.start()
    yield Following(out, thread, reader_end)
    (node.task / "exit.json").touch()
    thread.join(timeout=10)
    reader_end.close()
    os.close(listener)


def append(node: NodeDirectory, text: str) -> None:
    with (node.task / "stdout.txt").open("a") as file:
        file.write(text)


def test_what_is_appended_arrives_and_the_record_ends_it(node: NodeDirectory, following: Following) -> None:
    following.out.wait_for(b"hello\n")
    append(node, "more\n")
    following.out.wait_for(b"hello\nmore\n")
    append(node, "last\n")
    (node.task / "exit.json").write_text("{}")
    following.ends()
    assert following.out.text == b"hello\nmore\nlast\n"


def test_it_ends_when_the_reader_goes(following: Following) -> None:
    following.out.wait_for(b"hello\n")
    following.reader_end.close()
    following.ends()


def test_a_file_cut_by_a_retry_is_read_anew(node: NodeDirectory, following: Following) -> None:
    following.out.wait_for(b"hello\n")
    (node.task / "stdout.txt").write_text("2nd\n")
    following.out.wait_for(b"hello\n2nd\n")


def test_a_file_that_is_replaced_is_read_anew(node: NodeDirectory, following: Following) -> None:
    following.out.wait_for(b"hello\n")
    (node.task / "new").write_text("replaced by a longer one\n")
    (node.task / "new").rename(node.task / "stdout.txt")
    following.out.wait_for(b"hello\nreplaced by a longer one\n")


@pytest.mark.parametrize("following", [3], indirect=True)
def test_an_offset_is_where_it_begins(following: Following) -> None:
    following.out.wait_for(b"lo\n")


def test_a_file_that_is_not_there_yet_is_awaited(node: NodeDirectory) -> None:
    (node.task / "stdout.txt").unlink()
    listener, reader_end = os.pipe()
    out = Out()
    thread = threading.Thread(target=follow_file, args=(node.base, FILE, 0, cast("BinaryIO", out), listener))
    thread.start()
    (node.task / "stdout.txt").write_text("now\n")
    out.wait_for(b"now\n")
    os.close(reader_end)
    thread.join(timeout=10)
    os.close(listener)
    assert not thread.is_alive()
