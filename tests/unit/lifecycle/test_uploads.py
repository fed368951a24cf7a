"""The failure table has every end of an upload; here is what a look at a Pod tells meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.lifecycle.exits import Ending
from millpond.lifecycle.record import read_record
from millpond.lifecycle.uploads import FAILED, NOTHING, SUCCEEDED, conditions_met, judge_attempt, uploads
from support.builders import a_task_pod, ended, exited, record, running, waiting
from support.failuretable.uploads import DENIED, after


@pytest.mark.parametrize(
    ("task", "upload", "so"),
    [
        (running(), running(), False),
        (exited(0), running(), True),
        (exited(137), running(), True),
        (exited(0), ended(0), False),
        (exited(0), waiting("CrashLoopBackOff"), False),
        (waiting(), running(), False),
        (None, running(), False),
    ],
)
def test_when_output_files_are_uploaded(task: dict[str, Any] | None, upload: dict[str, Any], so: bool) -> None:
    assert uploads(a_task_pod("frame", task, **after(upload, phase="Running"))) is so


def test_a_pod_without_output_files_never_uploads() -> None:
    assert not uploads(a_task_pod("frame", exited(0)))
    assert judge_attempt(a_task_pod("frame", exited(0))).ending is Ending.SUCCESS


def test_what_the_command_left_stays_when_its_upload_fails() -> None:
    state = exited(3, startTime="2026-01-01T00:00:01Z", endTime="2026-01-01T00:00:02Z", retries=0)
    found = judge_attempt(a_task_pod("frame", state, **after(DENIED)))
    assert (found.ending, found.exit_code) == (Ending.FILE_UPLOAD, 3)
    assert (found.start_time, found.end_time) == ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z")


@pytest.mark.parametrize(
    ("cause", "code", "met"),
    [
        ("Exited", 0, SUCCEEDED),
        ("Exited", 3, FAILED),
        ("Exited", 137, FAILED),
        ("WallClock", 143, FAILED),
        ("WallClock", 0, FAILED),
        ("Terminated", 143, NOTHING),
        ("Terminated", 0, NOTHING),
        ("CommandNotFound", 127, NOTHING),
        ("NotExecutable", 126, NOTHING),
        ("NodeDirectory", 125, NOTHING),
        ("DiskFull", 125, NOTHING),
    ],
)
def test_the_end_decides_what_is_uploaded(cause: str, code: int, met: frozenset[str]) -> None:
    assert conditions_met(read_record(record(cause, code, name="t-1")), "t-1", begun=True) == met


def test_a_run_without_a_record_failed_if_it_had_begun() -> None:
    assert conditions_met(None, "t-1", begun=True) == FAILED
    assert conditions_met(None, "t-1", begun=False) == NOTHING


def test_an_earlier_run_s_record_means_that_this_one_never_began() -> None:
    assert conditions_met(read_record(record("Exited", 0, name="t-1")), "t-2", begun=True) == NOTHING
    assert conditions_met(read_record(record("Exited", 0)), "t-2", begun=True) == NOTHING
