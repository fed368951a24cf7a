"""When an Event happened last, whichever of the fields for that is filled."""

from __future__ import annotations

import msgspec
import pytest
from millpond.api.views.event import EventView

META = {"name": "e", "creationTimestamp": "2026-01-01T00:00:00Z"}
OLD, NEW = "2026-01-01T00:01:00Z", "2026-01-01T00:02:00.000000Z"


@pytest.mark.parametrize(
    ("times", "last"),
    [
        ({}, META["creationTimestamp"]),
        ({"eventTime": None, "deprecatedLastTimestamp": OLD}, OLD),
        ({"eventTime": OLD, "deprecatedLastTimestamp": None}, OLD),
        ({"eventTime": OLD, "series": {"count": 3, "lastObservedTime": NEW}}, NEW),
    ],
)
def test_the_last_time_is_the_newest_that_is_told(times: dict[str, object], last: str) -> None:
    event = msgspec.json.decode(msgspec.json.encode({"metadata": META, "note": "n", **times}), type=EventView)
    assert event.last == last
