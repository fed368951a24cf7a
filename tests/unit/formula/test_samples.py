"""Windows, percentages and counts of samples."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import pytest
from millpond.formula import Inputs, Samples, evaluate, parse
from support.formulacases import Case, World, cases


@pytest.mark.parametrize("case", cases("samples"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("kind", [tuple, list, lambda values: array("I", values), lambda values: array("d", values)])
def test_a_history_may_be_kept_in_any_sequence(kind: Callable[[list[int]], Sequence[float]]) -> None:
    now = World().now
    samples = {"$ActiveTasks": Samples(kind([int(now) - 60, int(now) - 30, int(now)]), kind([1, 2, 3]))}
    text = "a = $ActiveTasks / 2; b = $ActiveTasks.GetSample(2) / 2; c = $ActiveTasks.GetSample(TimeInterval_Minute)"
    told = evaluate(parse(text), Inputs(now, 0, 0, 1, samples, lambda: 0.0))
    assert told.results.endswith(";a=1.5;b=[1,1.5];c=[2,3]")


def test_a_history_is_not_copied() -> None:
    """Only what is asked for is read: of a day, some positions to find the window by, and its samples."""
    read: list[int | slice] = []

    class Watched(array):  # type: ignore[type-arg]
        def __getitem__(self, place: int | slice) -> float | array[float]:  # type: ignore[override]
            read.append(place)
            return super().__getitem__(place)

    now = World().now
    times = Watched("d", [now - 30 * place for place in range(2879, -1, -1)])
    samples = {"$ActiveTasks": Samples(times, times)}
    formula = parse("x = len($ActiveTasks.GetSample(TimeInterval_Minute * 5))")
    assert evaluate(formula, Inputs(now, 0, 0, 1, samples, lambda: 0.0)).results.endswith("x=10")
    assert len(read) < 50
    assert [place for place in read if isinstance(place, slice)] == [slice(2870, 2880)]
