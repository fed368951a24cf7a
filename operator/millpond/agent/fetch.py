"""Fetching a task's resource files into its working directory: all of them, or a word of the first that cannot be had.

Decides what the files are, and which code of azure-batch-semantics §8.1 it is when that cannot be known. Of files that
clash, the last one in the list stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from millpond.agent.arrive import DiskFullError, Room
from millpond.agent.beneath import Parts, RefusedPathError
from millpond.agent.bring import Download, FetchError, Progress, bring
from millpond.agent.wanted import MOST_FILES, Source, Wish, place_of, source_of
from millpond.api.reasons import FailureCode
from millpond.storage.address import AddressError, Container
from millpond.storage.credentials import Credentials, CredentialsError
from millpond.storage.problems import Problem, StoreError, sentence
from millpond.storage.reading import PIECE, list_objects, read_object, read_whole
from millpond.storage.store import PATIENT, Patience, open_store
from millpond.storage.web import read_web_file

_OF_CONTAINER = {
    Problem.CONTAINER_NOT_FOUND: FailureCode.RESOURCE_CONTAINER_NOT_FOUND,
    Problem.ACCESS_DENIED: FailureCode.RESOURCE_CONTAINER_ACCESS_DENIED,
    Problem.TIMED_OUT: FailureCode.RESOURCE_CONTAINER_LIST_TIMED_OUT,
}


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
    progress = bring(list(downloads.values()), base, room, say)
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
        small = partial(read_whole, store, name) if 0 <= size <= PIECE else None
        return Download(f"{name} of {place.text}", parts, wish.mode, partial(read_object, store, name), size, small)

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
