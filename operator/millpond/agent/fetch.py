"""Fetching a task's resource files into its working directory: all of them, or a word of the first that cannot be had.

Decides the order, how many at a time, and which code of azure-batch-semantics §8.1 a failure is. Of files that clash,
the last one in the list stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from millpond.agent.beneath import Parts, RefusedPathError
from millpond.agent.wanted import MOST_FILES, Source, Wish, place_of, source_of
from millpond.api.reasons import FailureCode
from millpond.storage.address import AddressError, Container
from millpond.storage.credentials import Credentials, CredentialsError
from millpond.storage.problems import Problem, StoreError, sentence
from millpond.storage.reading import Reading, list_objects, read_object
from millpond.storage.store import PATIENT, Patience, open_store
from millpond.storage.web import read_web_file

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
_OF_CONTAINER = {
    Problem.CONTAINER_NOT_FOUND: FailureCode.RESOURCE_CONTAINER_NOT_FOUND,
    Problem.ACCESS_DENIED: FailureCode.RESOURCE_CONTAINER_ACCESS_DENIED,
    Problem.TIMED_OUT: FailureCode.RESOURCE_CONTAINER_LIST_TIMED_OUT,
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
    """One file to come: what it is called in messages, where it goes, and how its reading begins."""

    title: str
    parts: Parts
    mode: int
    read: Callable[[], Reading]
    size: int = -1


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


def fetch(
    wishes: list[Wish],
    base: int,
    secret: Callable[[str], Credentials],
    say: Callable[[str], None],
    patience: Patience = PATIENT,
    room: Room | None = None,
) -> Progress:
    """Bring all files beneath the directory `base`. Raises FetchError."""
    room = room or Room(base)
    downloads: dict[Parts, Download] = {}
    for wish in wishes:
        for download in _downloads(wish, secret, say, patience):
            downloads[download.parts] = download
        if len(downloads) > MOST_FILES:
            text = f"There are more than {MOST_FILES} resource files: name fewer by blobPrefix, or pack them."
            raise FetchError(FailureCode.RESOURCE_CONTAINER_LIST_MISC_ERROR, text)
    try:
        room.check(sum(max(0, download.size) for download in downloads.values()))
    except DiskFullError as error:
        raise FetchError(FailureCode.DISK_FULL, f"The resource files find no room: {error}.") from None
    progress = Progress(say, len(downloads))
    _bring(iter(downloads.values()), base, room, progress)
    say(f"{progress.done} files, {progress.size} bytes in all")
    return progress


def _downloads(
    wish: Wish, secret: Callable[[str], Credentials], say: Callable[[str], None], patience: Patience
) -> Iterator[Download]:
    """The files that a wish comes to."""
    many = not wish.http_url
    denied = FailureCode.RESOURCE_CONTAINER_ACCESS_DENIED if many else FailureCode.BLOB_ACCESS_DENIED
    missing = FailureCode.RESOURCE_CONTAINER_NOT_FOUND if many else FailureCode.BLOB_NOT_FOUND
    try:
        source = source_of(wish, secret)
        yield from _of_source(wish, source, say, patience)
    except CredentialsError as error:
        raise FetchError(denied, f"The resource files cannot be had: {error}.", wish.file_path) from None
    except AddressError as error:
        raise FetchError(missing, f"The resource files cannot be had: {error}.", wish.file_path) from None
    except RefusedPathError as error:
        text = f"A resource file cannot be put into the working directory: {error}."
        raise FetchError(FailureCode.RESOURCE_FILE_CREATE_FAILED, text, wish.file_path) from None


def _of_source(wish: Wish, source: Source, say: Callable[[str], None], patience: Patience) -> Iterator[Download]:
    place = source.place
    if not isinstance(place, Container):
        yield Download(place.text, place_of(wish), wish.mode, lambda: read_web_file(place, patience))
        return
    store = open_store(place, source.credentials, patience)

    def download(name: str, parts: Parts, size: int) -> Download:
        return Download(f"{name} of {place.text}", parts, wish.mode, lambda: read_object(store, name), size)

    if source.name:
        yield download(source.name, place_of(wish), -1)
        return
    try:
        entries = list_objects(store, wish.blob_prefix, MOST_FILES)
    except StoreError as error:
        code = _OF_CONTAINER.get(error.trouble.problem, FailureCode.RESOURCE_CONTAINER_LIST_MISC_ERROR)
        text = sentence(error.trouble, f"The container {place.text}")
        raise FetchError(code, text, wish.file_path) from None
    if not entries:
        say(f"{place.text}: no file" + (f" whose name starts with {wish.blob_prefix}" if wish.blob_prefix else ""))
    for entry in entries:
        yield download(entry.name, place_of(wish, entry.name), entry.size)


def _bring(downloads: Iterator[Download], base: int, room: Room, progress: Progress) -> None:
    """Download all, some at a time; the first failure stops the rest."""
    lock, failed = threading.Lock(), threading.Event()

    def work() -> None:
        try:
            while not failed.is_set():
                with lock:
                    download = next(downloads, None)
                if download is None:
                    return
                _one(download, base, room, progress, failed)
        except _StoppedError:
            return
        except BaseException:
            failed.set()
            raise

    count = min(AT_A_TIME, progress.files)
    with ThreadPoolExecutor(max(1, count)) as threads:
        for end in [threads.submit(work) for _ in range(count)]:
            end.result()


def _one(download: Download, base: int, room: Room, progress: Progress, failed: threading.Event) -> None:
    path = "/".join(download.parts)
    try:
        reading = download.read()
        try:
            pieces = _until(failed, reading.pieces)
            size = arrive(base, download.parts, pieces, download.mode, room, reading.size, reading.md5)
        finally:
            reading.close()
    except StoreError as error:
        code = _OF_FILE.get(error.trouble.problem, FailureCode.BLOB_DOWNLOAD_MISC_ERROR)
        raise FetchError(code, sentence(error.trouble, f"The resource file {download.title}"), path) from None
    except ArrivalError as error:
        text = f"The resource file {download.title} could not be put at {path}: {error}."
        raise FetchError(_OF_ARRIVAL[type(error)], text, path) from None
    progress.came(path, size)


class _StoppedError(Exception):
    """Another file has failed."""


def _until(failed: threading.Event, pieces: Iterator[memoryview]) -> Iterator[memoryview]:
    for piece in pieces:
        if failed.is_set():
            raise _StoppedError
        yield piece
