"""Words for times and sizes."""

from __future__ import annotations

import pytest
from millpond.cli.ages import clock, duration, moment, seconds_between, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""), (0, "0s"), (119.9, "119s"), (120, "2m"), (150, "2m30s"), (599, "9m59s"), (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"), (12_000, "3h20m"), (28_800, "8h"), (172_799, "47h"), (172_800, "2d"), (180_000, "2d2h"),
        (700_000, "8d"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB"), (3 << 40, "3072.0 GiB")],
)
def test_sizes(amount: int, text: str) -> None:
    assert size(amount) == text


def test_times() -> None:
    assert clock(moment("2026-11-24T18:00:00.601Z")) == "2026-11-24T18:00:00Z"
    assert seconds_between("2026-11-24T18:00:00Z", "2026-11-24T18:00:05Z", 0) == 5
    assert seconds_between("2026-11-24T18:00:00Z", None, moment("2026-11-24T17:00:00Z")) == 0
    assert seconds_between(None, None, 5) is None
