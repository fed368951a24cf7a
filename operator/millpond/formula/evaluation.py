"""A formula with its inputs gives targets, results, and on request the value of each statement.

A formula that fails leaves everything as it is: its targets are the current ones.
Source: azure-batch-semantics §5.7 (cut, clamp, stop), §5.9 (results).
"""

from __future__ import annotations

import msgspec

from millpond.formula.checks import find_fault
from millpond.formula.errors import Fault, Refusal, fault_at
from millpond.formula.evaluator import Evaluator
from millpond.formula.functions import Moment, Stop
from millpond.formula.inputs import Inputs
from millpond.formula.nodes import Formula
from millpond.formula.results import results
from millpond.formula.scope import Scope
from millpond.formula.values import DeallocationOption, Timestamp, Value, ticks_of
from millpond.formula.variables import TARGET_DEDICATED, TARGET_LOW_PRIORITY

MOST_NODES = 2**31 - 1
"""Greater targets are this one: what a 32 bit integer holds."""


class Step(msgspec.Struct, frozen=True):
    """A statement that was evaluated: its text, the variable that it assigns to, "" if none, and the value."""

    text: str
    variable: str
    value: Value


class Evaluation(msgspec.Struct, frozen=True):
    """What came of it. With an `error`, the targets are the current ones, and the trace ends before the fault."""

    target_dedicated: int
    target_low_priority: int
    deallocation_option: DeallocationOption
    results: str
    error: Fault | None = None
    trace: tuple[Step, ...] = ()


def evaluate(formula: Formula, inputs: Inputs, *, trace: bool = False) -> Evaluation:
    """Evaluate a formula. What is wrong with it is in the evaluation; nothing is raised."""
    steps: list[Step] | None = [] if trace else None
    now = Timestamp(ticks_of(inputs.now))
    scope = Scope(inputs, now)
    fault = find_fault(formula) or _run(formula, scope, Evaluator(scope, Moment(now, inputs.rand)), steps)
    told = tuple(steps or ())
    if fault is not None:
        return _unchanged(inputs, fault, told)
    dedicated, low_priority = _nodes(scope.targets[TARGET_DEDICATED]), _nodes(scope.targets[TARGET_LOW_PRIORITY])
    text = results(dedicated, low_priority, scope.option, scope.assigned)
    return Evaluation(dedicated, low_priority, scope.option, text, None, told)


def _run(formula: Formula, scope: Scope, evaluator: Evaluator, steps: list[Step] | None) -> Fault | None:
    """Evaluate each statement in order, up to the first fault or `stop()`."""
    try:
        for statement in formula.statements:
            value = evaluator.value(statement.value)
            if statement.variable:
                evaluator.at = statement.at
                scope.write(statement.variable, value)
            if steps is not None:
                steps.append(Step(formula.text[statement.at : statement.end], statement.variable, value))
    except Stop:
        return None
    except Refusal as refusal:
        return fault_at(formula.text, evaluator.at, refusal.code, refusal.message, refusal.hint)
    return None


def _nodes(target: float) -> int:
    """A number of nodes: the fraction cut off, none below 0."""
    return min(max(0, int(target)), MOST_NODES)


def _unchanged(inputs: Inputs, fault: Fault, steps: tuple[Step, ...]) -> Evaluation:
    dedicated, low_priority, option = inputs.target_dedicated, inputs.target_low_priority, DeallocationOption.REQUEUE
    text = results(dedicated, low_priority, option, {})
    return Evaluation(dedicated, low_priority, option, text, fault, steps)
