"""Lines of a watch, in whatever pieces they arrive."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.cluster.errors import ForbiddenError, GoneError, UnavailableError
from millpond.cluster.watch_lines import parse_event, read_events


def _line(name: str, kind: str = "ADDED") -> bytes:
    return json.dumps({"type": kind, "object": {"metadata": {"name": name}}}).encode() + b"\n"


async def _read(pieces: list[bytes]) -> list[str]:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return [json.loads(bytes(event.object))["metadata"]["name"] async for event in read_events(stream())]


@given(st.lists(st.text(min_size=1), max_size=8), st.lists(st.integers(0, 800), max_size=20))
async def test_pieces_make_no_difference(names: list[str], cuts: list[int]) -> None:
    content = b"".join(_line(name) for name in names)
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[start:end] for start, end in pairwise(places)]
    assert await _read(pieces) == names


async def test_line_of_a_megabyte() -> None:
    name = "x" * 2**20
    content = _line(name) + _line("next")
    assert await _read([content[i : i + 65536] for i in range(0, len(content), 65536)]) == [name, "next"]


async def test_torn_last_line_is_dropped_and_empty_lines_are_nothing() -> None:
    assert await _read([_line("one") + b"\n" + _line("two")[:20]]) == ["one"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ({"code": 410, "reason": "Expired", "message": "too old resource version"}, GoneError),
        ({"code": 403, "reason": "Forbidden"}, ForbiddenError),
        ({"code": 500}, UnavailableError),
    ],
    ids=["gone", "forbidden", "broken"],
)
def test_error_event_is_raised_as_what_it_says(status: dict[str, object], error: type[Exception]) -> None:
    line = json.dumps({"type": "ERROR", "object": {"kind": "Status", **status}}).encode()
    with pytest.raises(error):
        parse_event(line)


def test_line_that_is_no_event() -> None:
    with pytest.raises(UnavailableError, match="not an event"):
        parse_event(b"upstream timed out")
