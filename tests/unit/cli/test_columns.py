"""Columns agree with what `kubectl get` shows, and find their values wherever they lie."""

from __future__ import annotations

import pytest
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import Resource
from millpond.api.pool import Pool
from millpond.api.task import Task
from millpond.cli.columns import COLUMNS, at, condition, text

MODELS: dict[str, type[Resource]] = {
    "pool": Pool,
    "node": ComputeNode,
    "job": Job,
    "schedule": JobSchedule,
    "task": Task,
}
MERGED = {"TARGET": "DEDICATED", "LOW-PRIORITY-TARGET": "LOW-PRIORITY", "USED": "SLOTS", "ENDED": "TOOK"}
"""Columns of kubectl that the command line shows in another one."""


@pytest.mark.parametrize("noun", MODELS)
def test_every_column_of_kubectl_is_there(noun: str) -> None:
    shown = {column.header for column in COLUMNS[noun]}
    offered = {column.name.upper() for column in MODELS[noun].KIND.columns}
    assert {MERGED.get(name, name) for name in offered} <= shown


DOCUMENT = {"a": {"b": [{"c": 0}]}, "n": None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("a", "b", 0, "c"), 0),
        (("a", "b", 1, "c"), None),
        (("a", "x", "y"), None),
        (("n", "x"), None),
        (("a", 0), None),
    ],
)
def test_values_are_found_or_none(path: tuple[str | int, ...], value: object) -> None:
    assert at(DOCUMENT, *path) == value


def test_nothing_is_no_text() -> None:
    assert (text(None), text(0), text("x")) == ("", "0", "x")


def test_conditions_by_type() -> None:
    ready = {"type": "Ready", "status": "True"}
    assert condition({"status": {"conditions": [{"type": "Other"}, ready]}}, "Ready") is ready
    assert condition({}, "Ready") is None
