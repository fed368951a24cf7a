"""Formulas with what must come of them, read from text: the language's cases as data.

A file is of lines. `# …` is a comment; `@…` tells the world of the cases that follow:

    @world                           as at first: noon of Monday 2024-05-06, no nodes, one slot, no samples
    @at 2024-05-06T18:00:00Z         the time
    @targets 2 0                     current targets, dedicated and low-priority
    @slots 4                         task slots of a node
    @samples $ActiveTasks 30: 1 8x3 - 2
                                     every 30 s, oldest first, the last one 30 s ago; 8x3 is 8 8 8, - is a missing one
    @formula                         the lines below it that are indented by four blanks; cases may leave theirs out

A case is a formula (with \\n, \\r and \\t for what a line cannot hold), a sign, and what is expected:

    1 + 2 -> 3                       the value of the last statement
    x = 1 => ...;x=1                 the results; ... stands for no nodes and requeue
    1 + !! syntax 1:4 a value        the code, line and column, and a part of the message or the hint
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from millpond.formula import ErrorCode, Evaluation, FormulaError, Inputs, Samples, evaluate, parse, render, show

PLACE = Path(__file__).resolve().parents[1] / "unit" / "formula" / "cases"
PERIOD = 30.0
NONE = "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
CODES = {
    "syntax": ErrorCode.SYNTAX,
    "long": ErrorCode.TOO_LONG,
    "evaluation": ErrorCode.EVALUATION,
    "samples": ErrorCode.INSUFFICIENT_SAMPLE_DATA,
}
_CASE = re.compile(r"(?P<formula>.*?)\s*(?P<sign>->|=>|!!)\s(?P<expected>.*)")
_ESCAPES = {r"\n": "\n", r"\r": "\r", r"\t": "\t"}


@dataclass(frozen=True)
class World:
    """What a case is evaluated in."""

    now: float = datetime.fromisoformat("2024-05-06T12:00:00Z").timestamp()
    targets: tuple[int, int] = (0, 0)
    slots: int = 1
    samples: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Seconds since the last sample, and the samples as text, by variable."""

    def inputs(self) -> Inputs:
        """For `evaluate`; every draw of chance is 0.25."""
        histories = {name: history(self.now - ago, text) for name, (ago, text) in self.samples.items()}
        return Inputs(self.now, *self.targets, self.slots, histories, lambda: 0.25)


@dataclass(frozen=True)
class Case:
    """One case, and where it stands."""

    where: str
    world: World
    formula: str
    sign: str
    expected: str

    def check(self) -> None:
        """Hold what comes of the formula against what is expected."""
        match self.sign:
            case "!!":
                self._check_fault()
            case "->":
                evaluation = self._evaluated()
                assert show(evaluation.trace[-1].value) == self.expected
            case _:
                assert self._evaluated().results == self.expected.replace("...", NONE)

    def _evaluated(self) -> Evaluation:
        evaluation = evaluate(parse(self.formula), self.world.inputs(), trace=True)
        assert evaluation.error is None, render(evaluation.error)
        return evaluation

    def _check_fault(self) -> None:
        code, place, fragment = self.expected.split(" ", 2)
        try:
            evaluation = evaluate(parse(self.formula), self.world.inputs())
        except FormulaError as error:
            fault = error.fault
            assert fault.code in (ErrorCode.SYNTAX, ErrorCode.TOO_LONG)
        else:
            assert evaluation.error is not None, evaluation.results
            fault = evaluation.error
            dedicated, low_priority = self.world.targets
            current = NONE.replace("0;", f"{dedicated};", 1).replace("=0;", f"={low_priority};")
            assert evaluation.results == current
            assert (evaluation.target_dedicated, evaluation.target_low_priority) == self.world.targets
        assert (fault.code, f"{fault.line}:{fault.column}") == (CODES[code], place), render(fault)
        assert fragment in f"{fault.message} {fault.hint}"


def history(last: float, text: str) -> Samples:
    """Samples from a line of a case file, the last of them at `last`."""
    words = [word for part in text.split() for word in [part.partition("x")[0]] * int(part.partition("x")[2] or 1)]
    times = [last - PERIOD * (len(words) - 1 - position) for position in range(len(words))]
    there = [(time, float(word)) for time, word in zip(times, words, strict=True) if word != "-"]
    return Samples(array("d", [time for time, _ in there]), array("d", [value for _, value in there]))


def cases(name: str) -> list[Case]:
    """The cases of a file."""
    found: list[Case] = []
    world, block, in_block = World(), "", False
    for number, line in enumerate((PLACE / f"{name}.cases").read_text().splitlines(), start=1):
        if in_block and (line.startswith("    ") or not line):
            block += line[4:] + "\n"
            continue
        in_block = line == "@formula"
        if in_block:
            block = ""
        elif line.startswith("@"):
            world = told(world, line)
        elif line and not line.startswith("# "):
            match = _CASE.fullmatch(line)
            if match is None:
                raise ValueError(f"{name}.cases, line {number}: a case has ->, => or !!")
            formula = re.sub(r"\\[nrt]", lambda escape: _ESCAPES[escape.group()], match["formula"]) or block
            found.append(Case(f"{name}:{number}", world, formula, match["sign"], match["expected"]))
    return found


def told(world: World, line: str) -> World:
    """The world as a line with @ changes it."""
    word, _, rest = line[1:].partition(" ")
    match word:
        case "world":
            return World()
        case "at":
            return replace(world, now=datetime.fromisoformat(rest).timestamp())
        case "targets":
            dedicated, low_priority = map(int, rest.split())
            return replace(world, targets=(dedicated, low_priority))
        case "slots":
            return replace(world, slots=int(rest))
        case "samples":
            head, _, text = rest.partition(":")
            name, ago = head.split()
            return replace(world, samples=world.samples | {name: (float(ago), text)})
    raise ValueError(f"unknown: {line}")
