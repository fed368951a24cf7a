"""Series are recorded under the names that dashboards use."""

from __future__ import annotations

from millpond import metrics
from prometheus_client import REGISTRY


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_facts_are_counted() -> None:
    before = _value("millpond_actions_total", action="StartAttempt", outcome="Done")
    metrics.action_ended("StartAttempt", "Done")
    assert _value("millpond_actions_total", action="StartAttempt", outcome="Done") == before + 1
    asked = _value("millpond_api_request_seconds_count", verb="GET", resource="pods", code="200")
    metrics.request_answered("GET", "pods", 200, 0.01)
    assert _value("millpond_api_request_seconds_count", verb="GET", resource="pods", code="200") == asked + 1


def test_leading_is_a_gauge() -> None:
    metrics.leading(True)
    assert _value("millpond_leading") == 1
    metrics.leading(False)
    assert _value("millpond_leading") == 0
