"""The launcher's record: what it wrote into the termination message when its command ended."""

from __future__ import annotations

from typing import Literal

import msgspec

Cause = Literal[
    "Exited",
    "Terminated",
    "WallClock",
    "Coordination",
    "Group",
    "CommandNotFound",
    "NotExecutable",
    "NodeDirectory",
    "DiskFull",
    "Withheld",
]


class LauncherRecord(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """`exit_code` is 128 + signal for a command that a signal ended; `retries` counts runs after the first."""

    cause: Cause
    name: str = ""
    """Of the run, where it was given one."""
    exit_code: int = 0
    signal: int = 0
    retries: int = 0
    start_time: str | None = None
    end_time: str | None = None
    last_retry_time: str | None = None
    message: str = ""


_decode = msgspec.json.Decoder(LauncherRecord).decode


def read_record(message: str) -> LauncherRecord | None:
    """The record in a termination message; None when it holds none (the launcher was killed, or never ran)."""
    if not message.startswith("{"):
        return None
    try:
        return _decode(message)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
