"""Whole formulas: every published one with its cases, and what becomes of targets in the end."""

from __future__ import annotations

import pytest
from millpond.formula import DeallocationOption, Inputs, Samples, evaluate, parse
from support.formulacases import Case, World, cases


@pytest.mark.parametrize("case", [*cases("fixtures"), *cases("evaluation")], ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()


def test_an_evaluation_tells_targets_and_option() -> None:
    formula = parse("$TargetDedicatedNodes = 2.9; $TargetLowPriorityNodes = 1; $NodeDeallocationOption = retaineddata")
    told = evaluate(formula, World().inputs())
    assert (told.target_dedicated, told.target_low_priority) == (2, 1)
    assert told.deallocation_option is DeallocationOption.RETAINED_DATA
    assert told.error is None
    assert told.trace == ()


def test_a_trace_tells_each_statement_up_to_the_fault() -> None:
    told = evaluate(parse("a = 1 +\n 2; a * 2\n; b = c; d = 1"), World().inputs(), trace=True)
    told_steps = [(step.text, step.variable, step.value) for step in told.trace]
    assert told_steps == [("a = 1 +\n 2", "a", 3.0), ("a * 2", "", 6.0)]
    assert told.error is not None


def test_equal_inputs_give_equal_evaluations() -> None:
    formula = parse("x = rand() + std($ActiveTasks.GetSample(3))")
    inputs = World(samples={"$ActiveTasks": (30, "1 5 3")}).inputs()
    assert evaluate(formula, inputs) == evaluate(formula, inputs)


def test_what_is_no_number_among_samples_is_refused_where_it_is_read() -> None:
    now = World().now
    for value in (float("nan"), float("inf")):
        samples = {"$ActiveTasks": Samples((now - 60, now - 30), (1.0, value))}
        for text in ("x = $ActiveTasks", "x = $ActiveTasks.GetSample(2)"):
            told = evaluate(parse(text), Inputs(now, 1, 0, 1, samples, lambda: 0.0))
            assert told.error is not None
            assert told.error.column == (5 if text.endswith("s") else 18)
