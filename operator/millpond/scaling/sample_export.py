"""A pool's samples as a document that people and programs read, with what else an evaluation needs.

Times are in seconds since 1970; null is a hole. Values have seven digits, as the samples themselves.
"""

from __future__ import annotations

from itertools import pairwise
from math import isfinite

import msgspec

from millpond.scaling.samples import VARIABLES, SampleStore


class SampleExport(msgspec.Struct, rename="camel"):
    """The pool, when it was so, and its samples by variable."""

    pool: str
    time: float
    times: list[int]
    samples: dict[str, list[float | None]]
    formula: str = ""
    target_dedicated_nodes: int = 0
    target_low_priority_nodes: int = 0
    task_slots_per_node: int = 1


class UnreadableExportError(ValueError):
    """The text is no export of samples; the message says why."""


def columns_of(rows: SampleStore) -> dict[str, list[float | None]]:
    """The columns that have values, for an export."""
    return {
        name: [_told(value) for value in column] for name, column in rows.columns.items() if any(map(isfinite, column))
    }


def _told(value: float) -> float | None:
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.7g}")


def read_export(text: bytes) -> SampleExport:
    """The document of a text. Raises UnreadableExportError."""
    try:
        found = msgspec.json.decode(text, type=SampleExport)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableExportError(str(error)) from None
    times = found.times
    if any(one >= two for one, two in pairwise(times)) or not all(0 <= t < 1 << 32 for t in times):
        raise UnreadableExportError("times must rise, and be seconds since 1970")
    for name, column in found.samples.items():
        if name not in VARIABLES:
            raise UnreadableExportError(f"{name} is no variable that has samples; there are {', '.join(VARIABLES)}")
        if len(column) != len(times):
            raise UnreadableExportError(f"{name} has {len(column)} values for {len(times)} times")
    return found


def rows_of(export: SampleExport) -> SampleStore:
    """The samples of an export that was read."""
    rows = SampleStore()
    for row, time in enumerate(export.times):
        known = ((name, column[row]) for name, column in export.samples.items())
        rows.record(time, {name: value for name, value in known if value is not None})
    return rows
