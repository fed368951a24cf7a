"""Reading from stores: a file in pieces, and what is in a container. What went wrong is a StoreError.

A transfer that breaks is resumed by obstore where the store says that the file has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import obstore
from obstore.store import ObjectStore

from millpond.storage.problems import Problem, StoreError, Trouble, told

PIECE = 256 * 1024
"""Bytes that are at least read at once, but for the last piece: memory for speed."""
_PAGE = 1000


@dataclass(frozen=True)
class Reading:
    """A file being read: its bytes, and what the store says of them (`size` -1 and `md5` b"" where it says nothing).

    `close` is for who leaves it before its end.
    """

    pieces: Iterator[memoryview]
    size: int = -1
    md5: bytes = b""
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Entry:
    """A file in a container."""

    name: str
    size: int


def read_object(store: ObjectStore, name: str) -> Reading:
    """The file of that name. Raises StoreError, now or as it is read."""
    with told():
        result = obstore.get(store, name)
        size = result.meta["size"]

    def pieces() -> Iterator[memoryview]:
        with told():
            for piece in result.stream(min_chunk_size=PIECE):
                yield memoryview(piece)

    return Reading(pieces(), size)


async def read_whole(store: ObjectStore, name: str) -> Reading | None:
    """The file of that name, all of it, or None if it has more bytes than a piece. Raises StoreError."""
    with told():
        result = await obstore.get_async(store, name)
        if result.meta["size"] > PIECE:
            return None
        return Reading(iter((memoryview(await result.bytes_async()),)), result.meta["size"])


def list_objects(store: ObjectStore, prefix: str = "", most: int = 1 << 62) -> list[Entry]:
    """All files whose names start with the prefix, sorted; marks of directories are left out. Raises StoreError.

    A prefix may end within a name. More than `most` files are refused, so that a list never fills the memory.
    """
    directory = prefix.rpartition("/")[0]
    found: dict[str, int] = {}
    with told(listing=True):
        for page in obstore.list(store, directory or None, chunk_size=_PAGE):
            found.update((entry["path"], entry["size"]) for entry in page if entry["path"].startswith(prefix))
            if len(found) > most:
                raise StoreError(Trouble(Problem.OTHER, f"it has more than {most} files: name fewer by blobPrefix"))
    directories = {name.rpartition("/")[0] for name in found}
    return [Entry(name, size) for name, size in sorted(found.items()) if size or name not in directories]
