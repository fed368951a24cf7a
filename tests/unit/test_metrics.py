"""Series are recorded under the names that dashboards use, and none grows with what users apply."""

from __future__ import annotations

import inspect
import re
import socket
import urllib.request
from pathlib import Path

import millpond
import pytest
from millpond import metrics
from prometheus_client import REGISTRY, generate_latest

FACTS: dict[str, tuple[tuple[object, ...], str, dict[str, str]]] = {
    "request_answered": (
        ("GET", "pods", 200, 0.01),
        "millpond_api_request_seconds_count",
        {"verb": "GET", "resource": "pods", "code": "200"},
    ),
    "request_retried": (("GET", "pods"), "millpond_api_retries_total", {"verb": "GET", "resource": "pods"}),
    "watch_told": (("tasks", "ADDED"), "millpond_watch_events_total", {"resource": "tasks", "type": "ADDED"}),
    "watch_ended": (("tasks", "closed"), "millpond_watch_ends_total", {"resource": "tasks", "cause": "closed"}),
    "listed": (("tasks",), "millpond_lists_total", {"resource": "tasks"}),
    "object_invalid": (("tasks",), "millpond_invalid_objects_total", {"resource": "tasks"}),
    "planned": ((0.001,), "millpond_plan_seconds_count", {}),
    "performed": ((0.1,), "millpond_perform_seconds_count", {}),
    "action_ended": (
        ("StartAttempt", "Done"),
        "millpond_actions_total",
        {"action": "StartAttempt", "outcome": "Done"},
    ),
    "cycle_failed": ((), "millpond_cycle_failures_total", {}),
    "event_published": ((), "millpond_events_total", {"fate": "published"}),
    "event_withheld": ((), "millpond_events_total", {"fate": "withheld"}),
    "event_failed": ((), "millpond_events_total", {"fate": "failed"}),
    "reading_taken": ((), "millpond_readings_total", {"fate": "taken"}),
    "reading_missed": ((), "millpond_readings_total", {"fate": "missed"}),
    "leading": ((True,), "millpond_leading", {}),
    "loop_lagged": ((1.0,), "millpond_loop_lag_seconds", {}),
}
"""Each function, how it is called, and the sample that rises by one."""

LABELS = {"verb", "resource", "code", "type", "cause", "action", "outcome", "fate", "le"}
"""Closed lists all: verbs, plurals of kinds, HTTP statuses, names of classes."""


def value(name: str, labels: dict[str, str]) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def recorders() -> set[str]:
    """The functions of `metrics` that record something."""
    found = inspect.getmembers(metrics, inspect.isfunction)
    return {name for name, function in found if function.__module__ == metrics.__name__} - {"serve"}


@pytest.fixture(autouse=True)
def at_rest() -> None:
    metrics.leading(False)
    metrics.loop_lagged(0.0)


@pytest.mark.parametrize("name", FACTS)
def test_each_fact_raises_its_series(name: str) -> None:
    arguments, series, labels = FACTS[name]
    before = value(series, labels)
    getattr(metrics, name)(*arguments)
    assert value(series, labels) == before + 1


def test_every_function_is_tried_above() -> None:
    assert recorders() == set(FACTS)


def test_every_function_is_called_by_the_operator() -> None:
    package = Path(next(iter(millpond.__path__)))
    text = "\n".join(file.read_text() for file in package.rglob("*.py"))
    assert {name for name in recorders() if not re.search(rf"\bmetrics\.{name}\(", text)} == set()


def test_labels_are_closed_lists_and_never_names_of_objects() -> None:
    for arguments, name in ((fact[0], name) for name, fact in FACTS.items()):
        getattr(metrics, name)(*arguments)
    text = generate_latest(REGISTRY).decode()
    lines = [line for line in text.splitlines() if line.startswith("millpond_")]
    used = {label for line in lines for label in re.findall(r"[{,](\w+)=", line)}
    assert used <= LABELS


def test_every_series_is_ours_and_described() -> None:
    ours = [one for one in REGISTRY.collect() if one.name.startswith("millpond_")]
    assert len(ours) >= 12
    assert all(one.documentation for one in ours)


def test_the_series_are_served() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    metrics.serve(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert "millpond_leading 0.0" in answer.read().decode()
