"""Reading the launcher's record: what it wrote, and what somebody else wrote there."""

from __future__ import annotations

import pytest
from millpond.lifecycle.record import read_record
from support.builders import record

NO_RECORDS = ["", "oops", "[1]", "{", '{"cause": 3}', '{"exitCode": 0}', record("Bored"), record(exitCode="x"), "null"]


@pytest.mark.parametrize("message", NO_RECORDS)
def test_other_messages_are_no_record(message: str) -> None:
    assert read_record(message) is None


@pytest.mark.parametrize(
    "cause",
    [
        *("Exited", "Terminated", "WallClock", "Coordination", "Group"),
        *("CommandNotFound", "NotExecutable", "NodeDirectory", "DiskFull"),
    ],
)
def test_every_cause_is_read(cause: str) -> None:
    found = read_record(record(cause, 3, signal=2, retries=1, startTime="a", endTime="b", message="m", later="field"))
    assert found is not None
    assert (found.cause, found.exit_code, found.signal, found.retries) == (cause, 3, 2, 1)
    assert (found.start_time, found.end_time, found.message) == ("a", "b", "m")
