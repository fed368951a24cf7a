"""What a node did in the last period, and what the nodes of a pool did together: the resource variables of formulas
(reference §5.5, §5.6).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from millpond.scaling.reading import Reading

PERIOD = 30.0
"""Seconds between two measurements of a node, and what amounts are told for (reference §5.6)."""
STALE = 60.0
"""Seconds after which a measurement says nothing of its node any more."""

MEGABYTE, GIGABYTE = 2.0**20, 2.0**30


class Measurement(msgspec.Struct, frozen=True, gc=False):
    """One node, at a time (Unix seconds). None: not known, as all that needs an earlier reading is at first.

    Amounts of bytes and operations are those of a period, whatever time was between the two readings.
    """

    at: float
    cpu_fraction: float | None = None
    memory_megabytes: float | None = None
    disk_gigabytes: float | None = None
    disk_fraction: float | None = None
    """The used share of the file system that holds the node directory, 0 to 1, as `df` has it."""
    disk_read_bytes: float | None = None
    disk_write_bytes: float | None = None
    disk_read_operations: float | None = None
    disk_write_operations: float | None = None
    network_in_bytes: float | None = None
    network_out_bytes: float | None = None


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A reading and when it was taken, in Unix seconds."""

    at: float
    reading: Reading


def measure(now: Taken, before: Taken | None) -> Measurement:
    """What `now` says, compared with an earlier reading of the same agent where there is one."""
    new, old = now.reading, before.reading if before is not None else Reading()
    scale = PERIOD / (now.at - before.at) if before is not None and now.at > before.at else None
    busy, there = _rise(old.cpu_busy_seconds, new.cpu_busy_seconds), _rise(old.cpu_seconds, new.cpu_seconds)

    def amount(earlier: float | None, later: float | None) -> float | None:
        rise = _rise(earlier, later)
        return rise * scale if rise is not None and scale is not None else None

    return Measurement(
        at=now.at,
        cpu_fraction=min(1.0, busy / there) if busy is not None and there else None,
        memory_megabytes=_over(new.memory_used_bytes, MEGABYTE),
        disk_gigabytes=_over(new.disk_used_bytes, GIGABYTE),
        disk_fraction=_share(new.disk_used_bytes, new.disk_available_bytes),
        disk_read_bytes=amount(old.disk_read_bytes, new.disk_read_bytes),
        disk_write_bytes=amount(old.disk_written_bytes, new.disk_written_bytes),
        disk_read_operations=amount(old.disk_reads, new.disk_reads),
        disk_write_operations=amount(old.disk_writes, new.disk_writes),
        network_in_bytes=amount(old.network_received_bytes, new.network_received_bytes),
        network_out_bytes=amount(old.network_sent_bytes, new.network_sent_bytes),
    )


def _rise(earlier: float | None, later: float | None) -> float | None:
    """How much a counter rose; None where it fell: the host, and with it the counter, began anew."""
    if earlier is None or later is None or later < earlier:
        return None
    return later - earlier


def _over(amount: float | None, unit: float) -> float | None:
    return amount / unit if amount is not None else None


def _share(used: float | None, available: float | None) -> float | None:
    if used is None or available is None or used + available == 0:
        return None
    return used / (used + available)


AVERAGES = {
    "$CPUPercent": "cpu_fraction",
    "$MemoryBytes": "memory_megabytes",
    "$DiskBytes": "disk_gigabytes",
}
SUMS = {
    "$DiskReadBytes": "disk_read_bytes",
    "$DiskWriteBytes": "disk_write_bytes",
    "$DiskReadOps": "disk_read_operations",
    "$DiskWriteOps": "disk_write_operations",
    "$NetworkInBytes": "network_in_bytes",
    "$NetworkOutBytes": "network_out_bytes",
}
"""The variables, and the fields of `Measurement` that they come from."""


def combine(measurements: Iterable[Measurement], now: float) -> dict[str, float]:
    """The values of the resource variables for the nodes of a pool at a moment (reference §5.5, §5.6).

    Averages of what nodes use, sums of what they moved in a period. Of a variable that no node knows there is no value.
    `$WallClockSeconds`, the seconds consumed, is a period of each node that contributes.
    """
    fresh = [one for one in measurements if now - one.at <= STALE]
    values = {"$SampleNodeCount": float(len(fresh)), "$WallClockSeconds": PERIOD * len(fresh)}
    for names, averaged in ((AVERAGES, True), (SUMS, False)):
        for variable, field in names.items():
            known = [value for value in (getattr(one, field) for one in fresh) if value is not None]
            if known:
                values[variable] = sum(known) / len(known) if averaged else sum(known)
    return values
