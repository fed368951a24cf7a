"""The meeting: its phase is a function of what the instances have reported, in whatever order."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from millpond.agent.meeting import Meeting, Phase, RefusedReportError, Report, State, read_report

WORDS = {"token": "secret", "instance": 1, "instances": 3, "address": "10.0.0.5", "cores": 2, "state": "joined"}


def says(instance: int, state: str = "joined", address: str = "", message: str = "") -> Report:
    return Report("secret", instance, 3, address or f"10.0.0.{instance}", 1, State(state), message)


def meeting(*reports: Report) -> Meeting:
    made = Meeting(3)
    for report in reports:
        made.hear(report)
    return made


JOINED = (says(0), says(1), says(2))
READY = (says(0, "ready"), says(1, "ready"), says(2, "ready"))


@pytest.mark.parametrize(
    ("reports", "phase"),
    [
        ((), Phase.GATHERING),
        (JOINED[:2], Phase.GATHERING),
        (READY[:2], Phase.GATHERING),
        (JOINED, Phase.COORDINATING),
        ((*JOINED, *READY[:2]), Phase.COORDINATING),
        (READY, Phase.RUNNING),
        ((*READY, says(0, "ended")), Phase.OVER),
        ((says(0), says(1, "failed")), Phase.OVER),
    ],
)
def test_how_far_all_may_go(reports: tuple[Report, ...], phase: Phase) -> None:
    assert meeting(*reports).phase is phase


def test_the_order_of_reports_does_not_matter() -> None:
    reports = (says(0, "ready"), says(1), says(2, "ready"))
    assert len({meeting(*order).answer() for order in permutations(reports)}) == 1


def test_all_are_told_who_is_there_once_all_are() -> None:
    assert json.loads(meeting(*JOINED[:2]).answer()) == {"phase": "gathering"}
    hosts = [{"address": f"10.0.0.{number}", "cores": 1} for number in range(3)]
    assert json.loads(meeting(*reversed(JOINED)).answer()) == {"phase": "coordinating", "hosts": hosts}


def test_the_first_end_is_the_one_that_counts() -> None:
    over = meeting(*READY, says(1, "failed", message="Instance 1 has ended."), says(0, "ended"))
    assert json.loads(over.answer()) == {"phase": "over", "why": "Instance 1 has ended."}
    assert json.loads(meeting(*READY, says(0, "ended"), says(1, "failed")).answer()) == {"phase": "over", "why": ""}


def test_an_instance_may_have_another_address_only_before_it_was_told_to_others() -> None:
    assert meeting(says(0), says(0, address="10.9.9.9")).phase is Phase.GATHERING
    moved = meeting(*JOINED, says(1, address="10.9.9.9"))
    assert "10.9.9.9" in json.loads(moved.answer())["why"]


def test_another_size_is_refused() -> None:
    with pytest.raises(RefusedReportError, match="has 3 instances, not 2"):
        meeting(says(0)).hear(Report("secret", 1, 2, "10.0.0.1", 1, State.JOINED))


def test_a_report_is_read() -> None:
    found = read_report(json.dumps(WORDS | {"message": "x" * 9999, "more": 1}).encode())
    assert (found.instance, found.address, found.state, len(found.message)) == (1, "10.0.0.5", State.JOINED, 2000)


@pytest.mark.parametrize(
    "change",
    [
        {"instance": 3},
        {"instance": -1},
        {"instance": "x"},
        {"instances": 10_001},
        {"cores": 0},
        {"token": ""},
        {"token": "x" * 129},
        {"address": "localhost"},
        {"address": 5},
        {"state": "done"},
        {"state": None},
        {"instances": None},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RefusedReportError, match="no report of an instance"):
        read_report(json.dumps(WORDS | change).encode())


@pytest.mark.parametrize("line", [b"", b"GET / HTTP/1.1", b"[]", b"3", b"\xff", b"[" * 5000])
def test_what_is_no_object_is_refused(line: bytes) -> None:
    with pytest.raises(RefusedReportError):
        read_report(line)
