"""Pools that follow a formula, and rows of samples, for tests."""

from __future__ import annotations

from typing import Any

from millpond.api.autoscale import AutoScale
from millpond.api.pool import Pool
from millpond.scaling.samples import SampleStore

from support.builders import a_pool

PENDING = "$TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1));"


def a_formula_pool(formula: str = PENDING, interval: int = 300, **more: Any) -> Pool:
    """A Pool that follows the formula."""
    return a_pool(**{"nodes": None, "autoScale": {"formula": formula, "evaluationIntervalSeconds": interval}} | more)


def settings(formula: str = PENDING, interval: int = 300) -> AutoScale:
    """A Pool's autoScale."""
    return AutoScale(formula=formula, evaluation_interval_seconds=interval)


def some_rows(first: int, count: int, step: int = 30, **values: float) -> SampleStore:
    """So many rows from a time on; names of variables without their $. $ActiveTasks counts the rows."""
    rows = SampleStore()
    for row in range(count):
        known = {f"${name}": value for name, value in values.items()}
        rows.record(first + row * step, {"$ActiveTasks": float(row)} | known)
    return rows
