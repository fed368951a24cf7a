"""A reading of the host from the texts in which Linux tells of it. What is missing of them is missing in the reading.

`/proc/stat`, `/proc/meminfo` and `/proc/diskstats` are the whole host's also inside a container. Network counters are
those of a network namespace, so they come from that of the host's first process.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from millpond.scaling.reading import Reading

SECTOR = 512
"""Bytes of a sector in `/proc/diskstats`, whatever the disk."""
KIBIBYTE = 1024

NO_DISKS = re.compile(r"(loop|ram|zram|fd|sr|dm-|md)\d+$")
"""Block devices without a disk of their own: what goes through them to one is counted there."""
IPV6_ANYWHERE = ["0" * 32, "00"]


class Texts(NamedTuple):
    """What was read; "" where it could not be."""

    stat: str = ""
    meminfo: str = ""
    diskstats: str = ""
    interfaces: str = ""
    """`/proc/1/net/dev`."""
    routes: str = ""
    """`/proc/1/net/route`."""
    ipv6_routes: str = ""
    """`/proc/1/net/ipv6_route`."""


class FileSystem(NamedTuple):
    """Bytes of a file system; what is neither is kept for root."""

    used: float
    available: float


def measure(texts: Texts, disk: FileSystem | None, ticks_per_second: int) -> Reading:
    """The reading. Raises ValueError where a number is none."""
    busy, there = _cpu(texts.stat, ticks_per_second)
    read, written, reads, writes = _disks(texts.diskstats)
    received, sent = _network(texts.interfaces, _reaching_out(texts.routes, texts.ipv6_routes))
    return Reading(
        cpu_busy_seconds=busy,
        cpu_seconds=there,
        memory_used_bytes=_memory(texts.meminfo),
        disk_used_bytes=disk.used if disk is not None else None,
        disk_available_bytes=disk.available if disk is not None else None,
        disk_read_bytes=read,
        disk_written_bytes=written,
        disk_reads=reads,
        disk_writes=writes,
        network_received_bytes=received,
        network_sent_bytes=sent,
    )


def _cpu(text: str, ticks_per_second: int) -> tuple[float | None, float | None]:
    """Seconds busy and seconds in all, of all processors together."""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["cpu"] and len(words) >= 9:
            # user nice system idle iowait irq softirq steal; guests are part of user and nice.
            ticks = [int(word) for word in words[1:9]]
            idle = ticks[3] + ticks[4]
            return (sum(ticks) - idle) / ticks_per_second, sum(ticks) / ticks_per_second
    return None, None


def _memory(text: str) -> float | None:
    amounts = {name: rest.split() for name, _, rest in (line.partition(":") for line in text.splitlines())}
    total, available = amounts.get("MemTotal"), amounts.get("MemAvailable")
    return float(int(total[0]) - int(available[0])) * KIBIBYTE if total and available else None


def _disks(text: str) -> tuple[float | None, float | None, float | None, float | None]:
    """Bytes read and written, reads and writes, of all whole disks."""
    found: dict[str, list[int]] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 10 and not NO_DISKS.match(words[2]) and not _is_part(words[2], found):
            found[words[2]] = [int(words[at]) for at in (5, 9, 3, 7)]
    if not found:
        return None, None, None, None
    read, written, reads, writes = (float(sum(amounts)) for amounts in zip(*found.values(), strict=True))
    return read * SECTOR, written * SECTOR, reads, writes


def _is_part(name: str, disks: dict[str, list[int]]) -> bool:
    """True for a partition of one of these disks: `sda1` of `sda`, `nvme0n1p1` of `nvme0n1`."""
    disk = name.rstrip("0123456789")
    return disk != name and (disk in disks or (disk[-1:] == "p" and disk[-2:-1].isdigit() and disk[:-1] in disks))


def _reaching_out(routes: str, ipv6_routes: str) -> set[str]:
    """The interfaces of default routes: what else there is, is within the host or lies upon or beneath them."""
    four = [line.split() for line in routes.splitlines()[1:]]
    six = [line.split() for line in ipv6_routes.splitlines()]
    found = {words[0] for words in four if len(words) >= 8 and words[1] == words[7] == "0" * 8}
    found |= {words[9] for words in six if len(words) >= 10 and words[:2] == IPV6_ANYWHERE}
    return found - {"lo"}


def _network(text: str, wanted: set[str]) -> tuple[float | None, float | None]:
    """Bytes received and sent by the interfaces wanted."""
    found: list[tuple[int, int]] = []
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if name.strip() in wanted and len(words) >= 9:
            found.append((int(words[0]), int(words[8])))
    if not found:
        return None, None
    return float(sum(received for received, _ in found)), float(sum(sent for _, sent in found))
