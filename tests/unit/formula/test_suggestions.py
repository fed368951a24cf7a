"""Which name was meant."""

from __future__ import annotations

import time

import pytest
from millpond.formula.suggestions import similar, suggestion

KNOWN = ("$ActiveTasks", "$PendingTasks", "avg", "GetSample", "x")
MEANT = [
    ("$activetasks", "$ActiveTasks"),
    ("$ActivTasks", "$ActiveTasks"),
    ("ActiveTasks", "$ActiveTasks"),
    ("avgg", "avg"),
    ("getSamples", "GetSample"),
    ("nothing", None),
    ("y", None),
]


@pytest.mark.parametrize(("name", "meant"), MEANT)
def test_similar(name: str, meant: str | None) -> None:
    assert similar(name, KNOWN) == meant


def test_a_hint_is_given_in_any_case() -> None:
    assert suggestion("avgg", KNOWN, "No.") == "Did you mean avg?"
    assert suggestion("nothing", KNOWN, "No.") == "No."


def test_long_names_are_not_compared() -> None:
    started = time.process_time()
    assert similar("a" * 8000, ["a" * 7999] * 100) is None
    assert similar("abc", ["a" * 8000] * 100) is None
    assert time.process_time() - started < 0.1
