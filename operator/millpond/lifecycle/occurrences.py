"""The due times of a schedule: one, equal steps, or a cron expression in a time zone. Whole seconds since the epoch.

Steps are of UTC and know no daylight saving (azure-batch-semantics §2.14). A cron expression means the wall clock of
its zone, as Debian's cron does: what falls into the hour that a zone leaves out comes right after it, and what falls
into the hour that comes twice comes the first time, except where the hour (or the minute) is a star.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

FIELDS = 5


class Calendar(msgspec.Struct, frozen=True):
    """No due time is before `first`. With neither `interval` (seconds) nor `cron` it is the only one."""

    first: int
    interval: int | None = None
    cron: str | None = None
    zone: str = "UTC"


def fault_of(cron: str | None, zone: str) -> str | None:
    """What is wrong with a cron expression or its time zone, where, and what to do; None for what can be used."""
    if cron is None:
        return None
    if _zone(zone) is None:
        return f"schedule.timeZone {zone} is not known: use a name of the IANA database, such as Europe/Zurich or UTC."
    if len(cron.split()) != FIELDS:
        return (
            f"schedule.cron {cron!r} does not have five fields: give minute, hour, day of the month, month and "
            "day of the week."
        )
    try:
        comes = next(CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        return f"schedule.cron {cron!r} is not an expression of cron ({error}): correct that field."
    if comes is None:
        return f"schedule.cron {cron!r} never comes: no such day exists."
    return None


def first_from(calendar: Calendar, moment: int) -> int | None:
    """The first due time that is not before `moment`; None when none follows. ValueError for a `fault_of`."""
    moment = max(moment, calendar.first)
    if calendar.cron is not None:
        return _next_by_cron(calendar.cron, calendar.zone, moment)
    if calendar.interval is not None:
        return moment + (calendar.first - moment) % calendar.interval
    return calendar.first if moment == calendar.first else None


def last_until(calendar: Calendar, due: int, moment: int) -> int:
    """The last due time that is not after `moment`, of which `due` is one: halving, so that years cost no more."""
    if calendar.interval is not None:
        return due + (moment - due) // calendar.interval * calendar.interval
    end = moment + 1
    while end - due > 1:
        middle = (due + end) // 2
        found = first_from(calendar, middle)
        if found is not None and found <= moment:
            due = found
        else:
            end = middle
    return due


def _next_by_cron(cron: str, zone: str, moment: int) -> int | None:
    place = _zone(zone)
    if place is None:
        raise ValueError(zone)
    try:
        for found in CronSim(cron, datetime.fromtimestamp(moment - 1, place)):
            # Of an hour that comes twice, the expression knows the first one only: that may be over.
            if found.timestamp() >= moment:
                return int(found.timestamp())
    except CronSimError as error:
        raise ValueError(cron) from error
    return None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
