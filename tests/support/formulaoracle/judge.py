"""The oracle itself: a text and a world in, the results string or the code of the error out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError
from millpond.formula import Inputs

from support.formulaoracle.kinds import Is, Wrong, binary, double, interval, number_of, opened
from support.formulaoracle.library import FUNCTIONS, METHODS, Stopped, Unsure, World

SECONDS = {
    "zero": Fraction(0),
    "100ns": Fraction(1, 10**7),
    "microsecond": Fraction(1, 10**6),
    "millisecond": Fraction(1, 1000),
    "second": Fraction(1),
    "minute": Fraction(60),
    "hour": Fraction(3600),
    "day": Fraction(86400),
    "week": Fraction(7 * 86400),
    "year": Fraction(365 * 86400),
}
CONSTANTS = {f"timeinterval_{name}": interval(seconds) for name, seconds in SECONDS.items()}
CONSTANTS |= {word: Is("option", word) for word in ("requeue", "terminate", "taskcompletion", "retaineddata")}
SET = {
    "$targetdedicatednodes": "dedicated",
    "$targetdedicated": "dedicated",
    "$targetlowprioritynodes": "low",
    "$targetlowpriority": "low",
    "$nodedeallocationoption": "option",
}
SAMPLED = {
    f"${name}": f"${name}"
    for name in [
        "CPUPercent",
        "WallClockSeconds",
        "MemoryBytes",
        "DiskBytes",
        "DiskReadBytes",
        "DiskWriteBytes",
        "DiskReadOps",
        "DiskWriteOps",
        "NetworkInBytes",
        "NetworkOutBytes",
        "SampleNodeCount",
        "ActiveTasks",
        "RunningTasks",
        "PendingTasks",
        "SucceededTasks",
        "FailedTasks",
        "CurrentDedicatedNodes",
        "CurrentLowPriorityNodes",
        "UsableNodeCount",
        "PreemptedNodeCount",
    ]
} | {"$CurrentDedicated": "$CurrentDedicatedNodes", "$CurrentLowPriority": "$CurrentLowPriorityNodes"}
MEMBERS = {
    "year": "%Y",
    "month": "%m",
    "day": "%d",
    "weekday": "%u",
    "hour": "%H",
    "minute": "%M",
    "second": "%S",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNSURE = "unsure"
"""What the oracle says of a formula that it cannot judge."""

Value = Callable[["Life"], Is]


class Life:
    """One evaluation: what is assigned so far."""

    def __init__(self, inputs: Inputs) -> None:
        samples = {
            name: [(Fraction(time), value) for time, value in zip(each.times, each.values, strict=True)]
            for name, each in inputs.samples.items()
        }
        ticks = round(Fraction(inputs.now) * 10**7)
        self.world = World(Fraction(ticks, 10**7), samples, inputs.rand)
        self.slots = float(inputs.task_slots_per_node)
        self.own: dict[str, Is] = {}
        self.set = {
            "dedicated": double(inputs.target_dedicated),
            "low": double(inputs.target_low_priority),
            "option": Is("option", "requeue"),
        }

    def assign(self, name: str, value: Is) -> None:
        """To a service variable, of the right kind, or to the formula's own."""
        what = SET.get(name.lower())
        if what == "option" and value.kind != "option":
            raise Wrong
        if what in ("dedicated", "low"):
            value = double(number_of(value))
        (self.set if what else self.own)[what or name] = value


@v_args(inline=True)
class Closures(Transformer[Token, Any]):
    """Each expression becomes a function of a life. What is wrong in any life is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.hopeless = False

    def start(self, *runs: Any) -> list[tuple[str, Value]]:
        return [statement for run in runs for statement in run]

    def run(self, *statements: Any) -> list[tuple[str, Value]]:
        return [each if isinstance(each, tuple) else ("", each) for each in statements]

    def assignment(self, name: Token, value: Value) -> tuple[str, Value]:
        self.hopeless |= name in SAMPLED or name == "$TaskSlotsPerNode" or name.lower() in CONSTANTS
        return str(name), value

    def number(self, token: Token) -> Value:
        value = double(float(token))
        return lambda _life: value

    def string(self, token: Token) -> Value:
        value = Is("string", token[1:-1])
        return lambda _life: value

    def group(self, value: Value) -> Value:
        return value

    def name(self, token: Token) -> Value:
        name, lower = str(token), token.lower()

        def read(life: Life) -> Is:
            if name in life.own:
                return life.own[name]
            if name in SAMPLED:
                history = life.world.history(SAMPLED[name])
                return double(history[-1][1] if history else 0)
            if name == "$TaskSlotsPerNode":
                return double(life.slots)
            if lower in SET:
                return life.set[SET[lower]]
            if lower in CONSTANTS:
                return CONSTANTS[lower]
            raise Wrong

        read.variable = name  # type: ignore[attr-defined]
        return read

    def choice(self, test: Value, chosen: Value, otherwise: Value) -> Value:
        return lambda life: (chosen if number_of(test(life)) else otherwise)(life)

    def either(self, left: Value, right: Value) -> Value:
        return lambda life: double(bool(number_of(left(life)) or number_of(right(life))))

    def both(self, left: Value, right: Value) -> Value:
        return lambda life: double(bool(number_of(left(life)) and number_of(right(life))))

    def binary(self, left: Value, symbol: Token, right: Value) -> Value:
        return lambda life: binary(left(life), str(symbol), right(life))

    def sign(self, symbol: Token, operand: Value) -> Value:
        def apply(life: Life) -> Is:
            value = opened(operand(life))
            if symbol == "!":
                return double(not number_of(value))
            return interval(-value.held) if value.kind == "interval" else double(-number_of(value))

        return apply

    def arguments(self, *values: Value) -> list[Value]:
        return list(values)

    def call(self, name: Token, arguments: list[Value]) -> Value:
        counts, function = FUNCTIONS.get(name.lower(), (range(0), None))
        self.hopeless |= len(arguments) not in counts
        return lambda life: function([value(life) for value in arguments], life.world)  # type: ignore[misc]

    def method(self, subject: Value, name: Token, arguments: list[Value]) -> Value:
        counts, function = METHODS.get(name.lower(), (range(0), None))
        variable = SAMPLED.get(getattr(subject, "variable", ""), "")
        self.hopeless |= len(arguments) not in counts or not variable
        return lambda life: function([value(life) for value in arguments], variable, life.world)  # type: ignore[misc]

    def member(self, subject: Value, name: Token) -> Value:
        form = MEMBERS.get(name.lower())
        self.hopeless |= form is None

        def apply(life: Life) -> Is:
            value = subject(life)
            if value.kind != "timestamp":
                raise Wrong
            return double(float((EPOCH + timedelta(seconds=value.held // 1)).strftime(form or "")))

        return apply


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The parser, made once."""
    return Lark((Path(__file__).parent / "grammar.lark").read_text(), parser="lalr", lexer="basic")


def judge(text: str, inputs: Inputs) -> str:
    """The results string, the code of the error, or UNSURE."""
    if len(text) > 8192:
        return "AutoScalingFormulaTooLong"
    closures = Closures()
    try:
        statements = closures.transform(grammar().parse(text))
    except (UnexpectedInput, VisitError):
        return "AutoScalingFormulaSyntaxError"
    if len(statements) > 100:
        return "AutoScalingFormulaTooLong"
    life = Life(inputs)
    try:
        if closures.hopeless:
            raise Wrong
        for name, value in statements:
            made = value(life)
            if name:
                life.assign(name, made)
    except Stopped:
        pass
    except Wrong as wrong:
        return wrong.code
    except Unsure:
        return UNSURE
    return results(life)


def results(life: Life) -> str:
    """Service variables, then the formula's own in order."""
    dedicated, low = (min(max(0, int(life.set[which].held)), 2**31 - 1) for which in ("dedicated", "low"))
    head = [
        f"$TargetDedicatedNodes={dedicated:g}",
        f"$TargetLowPriorityNodes={low:g}",
        f"$NodeDeallocationOption={life.set['option'].held}",
    ]
    return ";".join(head + [f"{name}={shown(life.own[name])}" for name in sorted(life.own)])


def shown(value: Is) -> str:
    """As results tell it."""
    match value.kind:
        case "double":
            return "0" if not value.held else "%g" % value.held  # noqa: UP031 - C's own
        case "vec":
            return "[" + ",".join(shown(double(number)) for number in value.held) + "]"
        case "interval":
            return shown(double(float(value.held)))
        case "timestamp":
            milliseconds = (value.held * 1000 + Fraction(1, 2)) // 1
            moment = EPOCH + timedelta(milliseconds=milliseconds)
            return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"
        case "string":
            return f'"{value.held}"'
    return str(value.held)
