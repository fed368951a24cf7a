"""RFC 3339 times, as Kubernetes writes them, and seconds since the epoch, as judgement counts."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: str) -> float:
    """Seconds since the epoch. Raises ValueError when the text is no RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()


def format_time(seconds: float) -> str:
    """RFC 3339 in UTC, whole seconds: what `metav1.Time` accepts."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
