"""Samples as they are kept across the operator's lives: the present hour apart from the past ones, which are sealed.

Whoever writes seals an hour first and begins the next one after that, so that one killed in between has left some rows
in both places. They are joined by time.
"""

from __future__ import annotations

import msgspec

from millpond.scaling.sample_blocks import CorruptBlockError, read_block
from millpond.scaling.samples import SampleStore, union

HOUR = 3600
MOST_SEALED_BYTES = 180 * 1024
"""Of all sealed hours together: base64, which the API has for bytes, makes 240 KiB of them."""


class KeptSamples(msgspec.Struct, frozen=True):
    """What was read: rows, the sealed hours by their first second with their bytes, and what was wrong, if anything."""

    rows: SampleStore
    sealed: dict[int, int]
    trouble: str = ""


NOTHING = KeptSamples(SampleStore(), {})


class Reading:
    """Blocks as they are read, one by one, since each takes a while."""

    def __init__(self) -> None:
        self._parts: list[SampleStore] = []
        self._sealed: dict[int, int] = {}
        self._lost: list[str] = []

    def add(self, name: str, block: bytes) -> None:
        """One more block; a sealed one is named by its first second. One that cannot be read is left out, and told."""
        if name.isdigit():
            self._sealed[int(name)] = len(block)
        try:
            self._parts.append(read_block(block))
        except CorruptBlockError as error:
            self._lost.append(f"{name} ({error})")

    def kept(self) -> KeptSamples:
        """All that was read."""
        trouble = f"Samples cannot be read and are dropped: {', '.join(self._lost)}." if self._lost else ""
        return KeptSamples(union(self._parts), self._sealed, trouble)
