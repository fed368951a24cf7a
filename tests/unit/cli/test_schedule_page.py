"""The page of a schedule: when the next job comes, and what to do where none does."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.cli.schedule_page import in_words, schedule_page

NOW = 1_795_543_200.0
"""2026-11-24T18:00:00Z"""


def document(reason: str = "Scheduled", **status: Any) -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True", "reason": reason}
    tasks = [{"metadata": {"name": f"t{number}"}} for number in range(6)]
    spec = {"jobTemplate": {"spec": {"poolName": "farm"}, "tasks": tasks}}
    return {"metadata": {"name": "x"}, "spec": spec, "status": {"conditions": [ready], **status}}


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({}, "once"),
        ({"recurrenceIntervalSeconds": 3600, "startWindowSeconds": 60}, "every 60m, at most 60s late"),
        ({"cron": "0 2 * * 1-5"}, "cron 0 2 * * 1-5 in UTC"),
        ({"cron": "0 2 * * *", "timeZone": "Europe/Zurich"}, "cron 0 2 * * * in Europe/Zurich"),
        ({"doNotRunUntil": "A", "doNotRunAfter": "B"}, "once, from A, until B"),
    ],
)
def test_due_times_in_words(schedule: dict[str, Any], words: str) -> None:
    assert in_words(schedule) == words


def test_a_page_in_full() -> None:
    rows, _ = schedule_page(
        document(state="Active", nextRunTime="2026-11-24T20:00:00Z", recentJobName="x-3", jobsCreated=3), NOW
    )
    told = dict(rows)
    assert told["Next job"] == "2026-11-24T20:00:00Z (in 120m)"
    assert (told["Recent job"], told["Jobs made"], told["Pool"]) == ("x-3", "3", "farm")
    assert told["Tasks of a job"] == "t0, t1, t2, t3, t4, …"


def test_what_is_overdue_is_told_so() -> None:
    told = dict(schedule_page(document(nextRunTime="2026-11-24T17:59:00Z"), NOW)[0])
    assert told["Next job"] == "2026-11-24T17:59:00Z (due for 60s)"


@pytest.mark.parametrize(
    ("reason", "status", "step"),
    [
        ("Disabled", {}, "millpond schedule enable x"),
        ("InvalidSchedule", {}, "kubectl edit bjs x"),
        ("JobActive", {"recentJobName": "x-1"}, "millpond explain job x-1"),
        ("Scheduled", {"recentJobName": "x-1"}, "millpond job show x-1"),
        ("Scheduled", {}, ""),
    ],
)
def test_the_next_step(reason: str, status: dict[str, Any], step: str) -> None:
    assert schedule_page(document(reason, **status), NOW)[1] == step
