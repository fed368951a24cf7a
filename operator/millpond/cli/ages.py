"""Times, ages, sizes and amounts in the words of people."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_between(start: str | None, end: str | None, now: float) -> float | None:
    """From `start` to `end`, or to now where there is no end yet; None without a start."""
    if not start:
        return None
    return max(0.0, (moment(end) if end else now) - moment(start))


def moment(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()


def duration(seconds: float | None) -> str:
    """As kubectl writes ages: the two largest units while they matter."""
    if seconds is None:
        return ""
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


def size(amount: int) -> str:
    """Bytes, with a binary unit."""
    value, units = float(amount), ["B", "KiB", "MiB", "GiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{amount} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def clock(seconds: float) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
