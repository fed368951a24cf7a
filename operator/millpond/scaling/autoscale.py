"""When a pool's formula is evaluated, and what follows from it (reference §5.1, §5.7, §5.9).

A run that fails changes nothing but what is told of it: targets and nodes stay.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import msgspec

from millpond.api import naming
from millpond.api.autoscale import MAX_HISTORY, MAX_RESULTS, AutoScale, AutoScaleError, AutoScaleHistory, AutoScaleRun
from millpond.api.failure import NameValue
from millpond.api.pool import MAX_NODES, NodeDeallocationOption
from millpond.api.reasons import AutoScaleReason
from millpond.formula import Evaluation, Fault, FormulaError, Inputs, evaluate, parse, render

OPTIONS = {option.value.lower(): option for option in NodeDeallocationOption}
"""What pools can do with tasks on nodes that leave, by the language's words."""
GUARD_SECONDS = 30.0
"""Least time between two evaluations, however often settings change (reference §3.2)."""


class Run(msgspec.Struct, frozen=True):
    """An evaluation: what the Pool tells of it, and what is in force from then on. A failed one changes nothing.

    `option` is None where it failed. `reason` and `message` are the condition's; the message may have several lines.
    """

    told: AutoScaleRun
    target_dedicated: int
    target_low_priority: int
    option: NodeDeallocationOption | None
    reason: str
    message: str


def due_at(wanted: AutoScale, last: AutoScaleRun | None, now: float) -> float:
    """When the formula is to be evaluated next: at once while it never was, or other settings are wanted than then.

    A last run that lies ahead was told by a clock that was wrong, and counts as none.
    """
    if last is None or last.time.timestamp() > now + GUARD_SECONDS:
        return now
    if last.settings != digest(wanted):
        return last.time.timestamp() + GUARD_SECONDS
    return last.time.timestamp() + wanted.evaluation_interval_seconds


def digest(settings: AutoScale) -> str:
    """What tells these settings from others."""
    return naming.digest(settings.formula, settings.evaluation_interval_seconds, length=16)


def run(wanted: AutoScale, inputs: Inputs) -> Run:
    """Evaluate the formula. Nothing is raised."""
    told = AutoScaleRun(time=datetime.fromtimestamp(int(inputs.now), UTC), settings=digest(wanted))
    try:
        found = evaluate(parse(wanted.formula), inputs)
    except FormulaError as error:
        return _failed(told, inputs, error.fault)
    told = told.model_copy(update={"results": _cut(found.results)})
    if found.error is not None:
        return _failed(told, inputs, found.error)
    dedicated, low_priority = min(found.target_dedicated, MAX_NODES), min(found.target_low_priority, MAX_NODES)
    option = OPTIONS[found.deallocation_option]
    return Run(told, dedicated, low_priority, option, AutoScaleReason.EVALUATED, _message(found))


def _message(found: Evaluation) -> str:
    """What the formula wants, and what of that pools cannot have."""
    notes = [f"The formula wants {nodes_in_words(found.target_dedicated, found.target_low_priority)}."]
    if max(found.target_dedicated, found.target_low_priority) > MAX_NODES:
        notes.append(f"A pool has {MAX_NODES} of each class at most.")
    return " ".join(notes)


def nodes_in_words(dedicated: int, low_priority: int) -> str:
    """So many nodes of each class; low-priority ones are told of where there are any."""
    return f"{dedicated} dedicated" + (f" and {low_priority} low-priority" if low_priority else "") + " nodes"


def _failed(told: AutoScaleRun, inputs: Inputs, fault: Fault) -> Run:
    values = (NameValue(name="Line", value=str(fault.line)), NameValue(name="Column", value=str(fault.column)))
    place = f"Line {fault.line}, Col {fault.column}"
    error = AutoScaleError(code=fault.code, message=f"{place}: {fault.message} {fault.hint}", values=values)
    dedicated, low_priority = inputs.target_dedicated, inputs.target_low_priority
    message = f"{render(fault)}\nThe pool keeps its target of {nodes_in_words(dedicated, low_priority)}."
    told = told.model_copy(update={"error": error})
    return Run(told, dedicated, low_priority, None, fault.code, message)


def _cut(results: str) -> str:
    return results if len(results) <= MAX_RESULTS else f"{results[: MAX_RESULTS - 1]}…"


def history(last: AutoScaleRun | None, before: AutoScaleHistory) -> AutoScaleHistory:
    """The runs to keep beside a new one."""
    return before if last is None else (last, *before)[:MAX_HISTORY]


def chance(*seed: str | int) -> Callable[[], float]:
    """A source of numbers from 0 up to but not including 1 that gives the same ones for the same seed."""
    draws = count()
    return lambda: naming.number(1 << 53, *seed, next(draws)) / (1 << 53)
