"""Watch events out of a stream of bytes, whatever pieces it comes in. Lines may be of any length."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

import msgspec

from millpond.cluster.api_server import WatchEvent
from millpond.cluster.errors import Status, UnavailableError, error_of

_decode_event = msgspec.json.Decoder(WatchEvent).decode
_decode_status = msgspec.json.Decoder(Status).decode


async def read_events(pieces: AsyncIterable[bytes]) -> AsyncIterator[WatchEvent]:
    """Each event of the stream. An ERROR event is raised as what it says; a torn last line is dropped."""
    rest: list[bytes] = []
    async for piece in pieces:
        first, newline, after = piece.partition(b"\n")
        rest.append(first)
        if not newline:
            continue
        lines = after.split(b"\n")
        lines.insert(0, b"".join(rest))
        rest = [lines.pop()]
        for line in lines:
            if line:
                yield parse_event(line)


def parse_event(line: bytes) -> WatchEvent:
    """One line as an event. Raises the ApiError that an ERROR event carries, UnavailableError when it is no event."""
    try:
        event = _decode_event(line)
        if event.type != "ERROR":
            return event
        status = _decode_status(event.object)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnavailableError(f"The watch sent something that is not an event: {error}") from error
    raise error_of(status.code, status)
