"""The formula of a Pool and its runs: bounds and defaults."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.autoscale import AutoScale, AutoScaleRun
from pydantic import ValidationError


def test_defaults() -> None:
    assert AutoScale(formula="x").evaluation_interval_seconds == 900
    run = AutoScaleRun.model_validate({"time": "2026-01-01T00:00:00Z"})
    assert (run.results, run.error) == ("", None)


@pytest.mark.parametrize(
    "fault",
    [
        {"formula": ""},
        {"formula": "x" * 8193},
        {"formula": "x", "evaluationIntervalSeconds": 299},
        {"formula": "x", "evaluationIntervalSeconds": 604_801},
        {"evaluationIntervalSeconds": 300},
    ],
)
def test_faults(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AutoScale.model_validate(fault)


@pytest.mark.parametrize("interval", [300, 604_800])
def test_the_interval_s_bounds_are_inside(interval: int) -> None:
    given = {"formula": "x" * 8192, "evaluationIntervalSeconds": interval}
    assert AutoScale.model_validate(given).evaluation_interval_seconds == interval
