"""Moments as text, and what calendars say of them, in UTC. Source: azure-batch-semantics §5.4, §5.8 (`time`), §5.9."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from millpond.formula.errors import Refusal, shortened
from millpond.formula.values import TICKS, Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = TICKS // 1000
_ZONE = r"(?P<zone> Z | [+-][0-9]{2}:?[0-9]{2} | GMT | UTC | UT )?"
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?: :(?P<second>[0-9]{2}) (?: \.(?P<part>[0-9]{1,7}) )? )?"
_W3C = re.compile(
    rf"(?P<year>[0-9]{{4}}) (?: -(?P<month>[0-9]{{2}}) (?: -(?P<day>[0-9]{{2}}) (?: [Tt]{_CLOCK}{_ZONE} )? )? )?",
    re.VERBOSE | re.ASCII,
)
_RFC_1123 = re.compile(
    rf"(?: (?P<weekday>[A-Za-z]{{3}}),\s* )? (?P<day>[0-9]{{1,2}})\s+ (?P<month>[A-Za-z]{{3}})\s+"
    rf"(?P<year>[0-9]{{4}})\s+ {_CLOCK} (?:\s+{_ZONE})?",
    re.VERBOSE | re.ASCII,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORMS = 'Write "2024-05-06T10:30:00Z" or "Mon, 06 May 2024 10:30:00 GMT", with at most 7 digits of a second.'

MEMBERS: dict[str, Callable[[datetime], int]] = {
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "weekday": lambda moment: moment.isoweekday(),
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "second": lambda moment: moment.second,
}
"""What can be asked of a timestamp; weekdays count from Monday, 1, to Sunday, 7."""


def member(moment: Timestamp, name: str) -> float:
    """One of MEMBERS, its name in small letters."""
    return float(MEMBERS[name](_calendar(moment.ticks)))


def write(moment: Timestamp) -> str:
    """ISO 8601 in UTC, to the nearest millisecond."""
    milliseconds = (moment.ticks + _MILLISECOND // 2) // _MILLISECOND
    text = _calendar(milliseconds * _MILLISECOND).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def read(text: str) -> Timestamp:
    """A moment from W3C-DTF or RFC 1123, in UTC where no zone is written. Raises Refusal for any other text."""
    stripped = text.strip()
    found = _W3C.fullmatch(stripped) or _RFC_1123.fullmatch(stripped)
    if found is None:
        raise _unreadable(text)
    parts = found.groupdict()
    month = parts["month"] or "1"
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
        hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
        moment = datetime(int(parts["year"]), number, int(parts["day"] or 1), hour, minute, second, tzinfo=UTC)
        zone = _offset(parts["zone"] or "")
    except ValueError:
        raise _unreadable(text) from None
    weekday = parts.get("weekday")
    if weekday and weekday.lower() != _WEEKDAYS[moment.weekday()]:
        raise Refusal(f"The day is a {moment:%A}, not a {weekday}.", "Mend the date, or leave out the day of the week.")
    # Subtracted as a number: the moment in UTC may lie just outside what a datetime holds.
    seconds = (moment - _EPOCH) // timedelta(seconds=1) - zone // timedelta(seconds=1)
    return Timestamp(seconds * TICKS + int((parts["part"] or "").ljust(7, "0")))


def _offset(zone: str) -> timedelta:
    """How far a zone is ahead of UTC. Raises ValueError beyond a day."""
    if zone[:1] not in ("+", "-"):
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(zone)
    offset = timedelta(hours=hours, minutes=minutes)
    return offset if zone[0] == "+" else -offset


def _unreadable(text: str) -> Refusal:
    return Refusal(f'"{shortened(text)}" is no time that can be read.', _FORMS)


def _calendar(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks // 10)
