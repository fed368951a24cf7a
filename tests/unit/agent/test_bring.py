"""Files brought some at a time, small ones whole and large ones in pieces: all, or a word of the first that fails."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import obstore
import pytest
from millpond.agent.arrive import Room
from millpond.agent.beneath import open_root
from millpond.agent.bring import AT_A_TIME, Download, FetchError, bring
from millpond.api.reasons import FailureCode
from millpond.storage.reading import PIECE, Reading, read_object, read_whole
from obstore.store import MemoryStore

SMALL, LARGE = b"small", bytes(PIECE + 1)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def base(tmp_path: Path) -> Iterator[int]:
    descriptor = open_root(str(tmp_path))
    yield descriptor
    os.close(descriptor)


def a_download(store: MemoryStore, name: str) -> Download:
    whole = partial(read_whole, store, name)
    return Download(f"{name} of a store", (name,), 0o640, partial(read_object, store, name), -1, whole)


def never() -> Reading:
    raise AssertionError("a small file is not read in pieces")


def test_small_files_come_whole_and_large_ones_in_pieces(tmp_path: Path, base: int, store: MemoryStore) -> None:
    contents = {f"f{number:02}": LARGE if number % 7 == 0 else SMALL for number in range(3 * AT_A_TIME)}
    for name, content in contents.items():
        obstore.put(store, name, content)
    said: list[str] = []
    progress = bring([a_download(store, name) for name in contents], base, Room(base, 1.0), said.append)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == contents
    assert (progress.done, progress.size) == (len(contents), sum(map(len, contents.values())))
    assert (tmp_path / "f01").stat().st_mode & 0o777 == 0o640


def test_a_small_file_is_read_once(base: int, store: MemoryStore) -> None:
    obstore.put(store, "f", SMALL)
    download = Download("f", ("f",), 0o640, never, len(SMALL), partial(read_whole, store, "f"))
    assert bring([download], base, Room(base, 1.0), print).done == 1


def test_the_first_failure_stops_the_rest(tmp_path: Path, base: int, store: MemoryStore) -> None:
    obstore.put(store, "there", SMALL)
    stopped: list[bool] = []

    async def never_comes() -> Reading | None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(True)
        return None

    waiting = Download("waiting", ("waiting",), 0o640, never, 1, never_comes)
    later = [a_download(store, "there") for _ in range(2 * AT_A_TIME)]
    with pytest.raises(FetchError) as failure:
        bring([waiting, a_download(store, "missing"), *later], base, Room(base, 1.0), print)
    assert (failure.value.code, failure.value.file) == (FailureCode.BLOB_NOT_FOUND, "missing")
    assert "missing of a store" in failure.value.message
    assert stopped == [True]
    assert {path.name for path in tmp_path.iterdir()} <= {"there"}


def test_a_failure_stops_a_file_that_comes_in_pieces(tmp_path: Path, base: int, store: MemoryStore) -> None:
    def endless() -> Reading:
        return Reading(iter(partial(memoryview, b"x"), None))

    large = Download("endless", ("endless",), 0o640, endless)
    with pytest.raises(FetchError):
        bring([large, a_download(store, "missing")], base, Room(base, 1.0), print)
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_bring(base: int) -> None:
    assert bring([], base, Room(base, 1.0), print).done == 0
