"""Laziness, conditions, members, and the budget of work."""

from __future__ import annotations

import pytest
from millpond.formula import ErrorCode, Fault, evaluate, parse
from support.formulacases import Case, World, cases


@pytest.mark.parametrize("case", cases("evaluator"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()


def fault_of(text: str, samples: int = 2880) -> Fault:
    """What is wrong with the text, where running tasks have so many samples."""
    told = evaluate(parse(text), World(samples={"$RunningTasks": (30, f"1x{samples}")}).inputs())
    assert told.error is not None
    return told.error


def test_a_vector_has_a_bound() -> None:
    fault = fault_of("v = $RunningTasks.GetSample(5000);\nw = vec(v, v, 1)", samples=5000)
    assert (fault.code, fault.line, fault.column) == (ErrorCode.EVALUATION, 2, 5)
    assert "10,001 elements; 10,000 are allowed" in fault.message


def test_all_work_together_has_a_bound() -> None:
    day = "$RunningTasks.GetSample(TimeInterval_Day)"
    world = World(samples={"$RunningTasks": (0, "1x2880")})
    text = "x = 0" + f" + avg({day})" * 34
    assert evaluate(parse(text), world.inputs()).error is None
    text += f" + avg({day})"
    fault = fault_of(text)
    assert (fault.code, fault.column) == (ErrorCode.EVALUATION, text.rindex("GetSample") + 1)
    assert "more than 100,000 elements" in fault.message


def test_vectors_that_double_end_soon() -> None:
    doubling = "v = $RunningTasks.GetSample(9);" + "v = vec(v, v);" * 99
    assert fault_of(doubling).code is ErrorCode.EVALUATION


def test_reading_a_vector_is_work_too() -> None:
    fault = fault_of("v = $RunningTasks.GetSample(2000); x = 0" + " + std(v)" * 500)
    assert "more than 100,000 elements" in fault.message
