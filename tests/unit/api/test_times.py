"""RFC 3339 times and seconds since the epoch."""

from __future__ import annotations

import pytest
from millpond.api.times import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-01-01T00:00:00Z", 1767225600.0),
        ("2026-01-01T01:00:00+01:00", 1767225600.0),
        ("2026-01-01T00:00:00.5Z", 1767225600.5),
        ("2026-01-01T00:00:00.250000000Z", 1767225600.25),
    ],
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid isoformat|month must"):
        parse_time(text)


def test_times_are_written_in_whole_seconds_of_utc() -> None:
    assert format_time(1767225600.999) == "2026-01-01T00:00:00Z"
    assert parse_time(format_time(1767225601)) == 1767225601
