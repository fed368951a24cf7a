"""What a node says that it holds: the directories of tasks there, and whose they are; and the word for deleting one.

The agent writes it and the operator reads it, so both have it from here. Names that cannot be are left out, whoever
made them: a task may put what it likes where these come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from millpond.api.naming import digest

_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")
ORDER_LENGTH = 13


class Held(NamedTuple):
    """A directory by job and id, and name and uid of the object that it belongs to."""

    job: str
    id: str
    owner: str
    uid: str


def order_for(held: Held) -> str:
    """The word for the deletion of that directory, as long as it belongs to that object."""
    return digest(held.job, held.id, held.uid, length=ORDER_LENGTH)


def write_held(directories: Iterable[Held]) -> Iterator[str]:
    """A line for each directory."""
    return (f"{' '.join(held)}\n" for held in directories if all(map(_NAME.fullmatch, held)))


def read_held(text: str) -> Iterator[Held]:
    """The directories of a text. Lines that say something else are passed over."""
    for line in text.splitlines():
        words = line.split(" ")
        if len(words) == len(Held._fields) and all(map(_NAME.fullmatch, words)):
            yield Held(*words)
