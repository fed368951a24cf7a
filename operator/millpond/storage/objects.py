"""Single objects of a store: looking, reading a text, putting and removing. What goes wrong is a StoreError."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import obstore
from obstore.store import ObjectStore

from millpond.storage.problems import Problem, StoreError, Trouble, told

PIECE = 8 << 20
"""Bytes that are sent at a time of a larger file."""
MOST_PIECES = 9000
"""S3 takes 10,000 of a file."""
PIECES_AT_A_TIME = 4


@dataclass(frozen=True)
class Found:
    """An object: its size in bytes, and a word that is another one for other content."""

    size: int
    tag: str


def find(store: ObjectStore, name: str) -> Found:
    """The object of that name."""
    with told():
        meta = obstore.head(store, name)
    return Found(meta["size"], meta["e_tag"] or f"{meta['last_modified']} {meta['size']}")


def read_text(store: ObjectStore, name: str, most: int) -> str:
    """The text of an object of `most` bytes at most."""
    with told():
        result = obstore.get(store, name)
        if result.meta["size"] > most:
            raise StoreError(Trouble(Problem.OTHER, f"it has more than {most} bytes"))
        content = bytes(result.bytes())
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise StoreError(Trouble(Problem.OTHER, "it is no text")) from None


def put_text(store: ObjectStore, name: str, text: str) -> None:
    """Put an object with that text, in the place of an earlier one."""
    with told():
        obstore.put(store, name, text.encode())


def put_file(store: ObjectStore, name: str, pieces: Iterator[bytes], size: int) -> None:
    """Put an object of so many bytes, whole or not at all, in the place of an earlier one."""
    chunk = max(PIECE, -(-size // MOST_PIECES))
    with told():
        obstore.put(store, name, pieces, chunk_size=chunk, max_concurrency=PIECES_AT_A_TIME)


def remove(store: ObjectStore, name: str) -> None:
    """Remove the object of that name."""
    with told():
        obstore.head(store, name)
        obstore.delete(store, name)
