"""What a node's agent reports of its host at a moment, and the text in which it does: Prometheus' format, no labels.

The agent writes it and the operator reads it, so both have it from here. An agent that cannot read something leaves it
out; whoever reads passes over series that he does not know.
"""

from __future__ import annotations

from math import isfinite
from typing import Literal, NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Reading(NamedTuple):
    """Counters since the host started, and gauges; None where the agent could not tell. Bytes and seconds."""

    cpu_busy_seconds: float | None = None
    cpu_seconds: float | None = None
    memory_used_bytes: float | None = None
    disk_used_bytes: float | None = None
    disk_available_bytes: float | None = None
    disk_read_bytes: float | None = None
    disk_written_bytes: float | None = None
    disk_reads: float | None = None
    disk_writes: float | None = None
    network_received_bytes: float | None = None
    network_sent_bytes: float | None = None


class Series(NamedTuple):
    """How a field of `Reading` is published."""

    kind: Literal["counter", "gauge"]
    help: str


SERIES: dict[str, Series] = {
    "cpu_busy_seconds": Series("counter", "Seconds that the host's processors were busy, all together"),
    "cpu_seconds": Series("counter", "Seconds that the host's processors were there, busy or not, all together"),
    "memory_used_bytes": Series("gauge", "Memory of the host that is not available to new work"),
    "disk_used_bytes": Series("gauge", "Used bytes of the file system that holds the node directory"),
    "disk_available_bytes": Series("gauge", "Bytes of that file system that are free to tasks"),
    "disk_read_bytes": Series("counter", "Bytes read from the host's disks"),
    "disk_written_bytes": Series("counter", "Bytes written to the host's disks"),
    "disk_reads": Series("counter", "Reads from the host's disks"),
    "disk_writes": Series("counter", "Writes to the host's disks"),
    "network_received_bytes": Series("counter", "Bytes received by the interfaces of the host's default routes"),
    "network_sent_bytes": Series("counter", "Bytes sent by those interfaces"),
}


def series_name(field: str) -> str:
    """What the series of a field of `Reading` is called."""
    return f"millpond_node_{field}{'_total' if SERIES[field].kind == 'counter' else ''}"


def write_reading(reading: Reading) -> str:
    """The text of a reading."""
    lines: list[str] = []
    for field, value in reading._asdict().items():
        if value is not None:
            name, series = series_name(field), SERIES[field]
            lines += [f"# HELP {name} {series.help}", f"# TYPE {name} {series.kind}", f"{name} {value!r}"]
    return "".join(f"{line}\n" for line in lines)


_FIELDS = {series_name(field): field for field in SERIES}


def read_reading(text: str) -> Reading:
    """The reading of a text. Raises ValueError where a series that it knows has no number of 0 or more."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        field = _FIELDS.get(name)
        if field is not None:
            number = float(value)
            if not isfinite(number) or number < 0:
                raise ValueError(f"{name} is {value}: it must be a number of 0 or more")
            found[field] = number
    return Reading(**found)
