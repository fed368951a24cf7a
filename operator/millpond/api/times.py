"""RFC 3339 times, as Kubernetes writes them, and seconds since the epoch, as judgement counts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4096)
def parse_time(text: str) -> float:
    """Seconds since the epoch. Raises ValueError when the text is no RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()


def format_time(seconds: float) -> str:
    """RFC 3339 in UTC, whole seconds: what `metav1.Time` accepts."""
    return _format_second(int(seconds))


@lru_cache(maxsize=64)
def _format_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


DEFAULT_RETENTION_SECONDS = 7 * 24 * 3600
"""How long a task's directory stays on its node where nothing is said of it (azure-batch-semantics §2.16)."""
