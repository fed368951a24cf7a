"""Bringing files into a directory, some at a time: all of them, or a word of the first that cannot be had.

Decides which code of azure-batch-semantics §8.1 a failure is. Small files of a store come whole on one event loop,
where a file costs least; the others come in pieces, each in a thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

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
from millpond.agent.beneath import Parts
from millpond.api.reasons import FailureCode
from millpond.storage.problems import Problem, StoreError, sentence
from millpond.storage.reading import Reading

AT_A_TIME = 16
FEW = 32
"""So many files are told one by one; of more, how far it is every few seconds."""
TELL_EVERY = 5.0

_OF_FILE = {
    Problem.FILE_NOT_FOUND: FailureCode.BLOB_NOT_FOUND,
    Problem.CONTAINER_NOT_FOUND: FailureCode.RESOURCE_CONTAINER_NOT_FOUND,
    Problem.ACCESS_DENIED: FailureCode.BLOB_ACCESS_DENIED,
    Problem.TIMED_OUT: FailureCode.BLOB_DOWNLOAD_TIMED_OUT,
}
_OF_ARRIVAL = {
    DirectoryError: FailureCode.RESOURCE_DIRECTORY_CREATE_FAILED,
    CreateError: FailureCode.RESOURCE_FILE_CREATE_FAILED,
    WriteError: FailureCode.RESOURCE_FILE_WRITE_FAILED,
    DiskFullError: FailureCode.DISK_FULL,
    ContentError: FailureCode.BLOB_DOWNLOAD_MISC_ERROR,
}


class FetchError(Exception):
    """The files cannot be had: the code, a sentence that names file and store, and the path of the file."""

    def __init__(self, code: FailureCode, message: str, file: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.file = code, message, file


@dataclass(frozen=True)
class Download:
    """One file to come: what it is called in messages, where it goes, and how its reading begins.

    `whole` is for a file that is likely small: its reading with all bytes, or None if it is not small after all.
    """

    title: str
    parts: Parts
    mode: int
    read: Callable[[], Reading]
    size: int = -1
    whole: Callable[[], Awaitable[Reading | None]] | None = None


@dataclass
class Progress:
    """What has come so far, told now and then."""

    say: Callable[[str], None]
    files: int
    done: int = 0
    size: int = 0
    told: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def came(self, path: str, size: int) -> None:
        """A file is in its place."""
        with self.lock:
            self.done, self.size = self.done + 1, self.size + size
            now = time.monotonic()
            if self.files <= FEW:
                self.say(f"{path}: {size} bytes")
            elif now >= self.told + TELL_EVERY:
                self.told = now
                self.say(f"{self.done} of {self.files} files, {self.size} bytes")


def bring(downloads: list[Download], base: int, room: Room, say: Callable[[str], None]) -> Progress:
    """Bring all files beneath the directory `base`; the first failure stops the rest. Raises FetchError."""
    progress = Progress(say, len(downloads))
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        asyncio.run(_Bringing(base, room, progress, threads).all(downloads))
    return progress


class _StoppedError(Exception):
    """Another file has failed."""


@dataclass
class _Bringing:
    base: int
    room: Room
    progress: Progress
    threads: ThreadPoolExecutor
    failed: threading.Event = field(default_factory=threading.Event)

    async def all(self, downloads: list[Download]) -> None:
        left = iter(downloads)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_A_TIME, len(downloads))):
                    group.create_task(self._some(left))
        except ExceptionGroup as failures:
            self.failed.set()
            raise failures.exceptions[0] from None

    async def _some(self, left: Iterator[Download]) -> None:
        for download in left:
            await self._one(download)

    async def _one(self, download: Download) -> None:
        with _failing(download):
            whole = await download.whole() if download.whole else None
        if whole is not None:
            self._arrive(download, whole)
        else:
            await asyncio.get_running_loop().run_in_executor(self.threads, self._in_pieces, download)

    def _in_pieces(self, download: Download) -> None:
        with _failing(download):
            reading = download.read()
        try:
            self._arrive(download, reading)
        finally:
            reading.close()

    def _arrive(self, download: Download, reading: Reading) -> None:
        with _failing(download):
            pieces = self._until_stopped(reading.pieces)
            size = arrive(self.base, download.parts, pieces, download.mode, self.room, reading.size, reading.md5)
        self.progress.came("/".join(download.parts), size)

    def _until_stopped(self, pieces: Iterator[memoryview]) -> Iterator[memoryview]:
        for piece in pieces:
            if self.failed.is_set():
                raise _StoppedError
            yield piece


@contextmanager
def _failing(download: Download) -> Iterator[None]:
    """Within it, what goes wrong becomes a FetchError."""
    path = "/".join(download.parts)
    try:
        yield
    except StoreError as error:
        code = _OF_FILE.get(error.trouble.problem, FailureCode.BLOB_DOWNLOAD_MISC_ERROR)
        raise FetchError(code, sentence(error.trouble, f"The resource file {download.title}"), path) from None
    except ArrivalError as error:
        text = f"The resource file {download.title} could not be put at {path}: {error}."
        raise FetchError(_OF_ARRIVAL[type(error)], text, path) from None
