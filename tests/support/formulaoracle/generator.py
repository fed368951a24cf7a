"""Random formulas and worlds from a seed: mostly well-typed, some ill-typed, some broken as text."""

from __future__ import annotations

import random
import string
from array import array
from collections.abc import Callable

from millpond.formula import Inputs, Samples

from support.formulaoracle.library import TEXTS

ILL_TYPED = 0.004
"""The chance of an expression to be of another kind than is wanted."""
BROKEN = 0.12
"""The chance of a formula to have characters changed."""
DEPTH = 3
VARIABLES = ("$ActiveTasks", "$RunningTasks", "$PendingTasks", "$CPUPercent", "$CurrentDedicatedNodes")
OTHER_NAMES = (
    "$CurrentDedicated",
    "$TaskSlotsPerNode",
    "$TargetDedicatedNodes",
    "$TargetLowPriority",
    "$targetdedicated",
)
OWN_NAMES = ("a", "b", "A", "$a", "tasks", "$pendingTasks", "$n_1", "_x")
NOT_NAMES = ("nothing", "$activeTasks", "Tasks", "TimeZoneInterval_Hour", "if")
INTERVALS = ("Zero", "100ns", "Microsecond", "Millisecond", "Second", "Minute", "Hour", "Day", "Week", "Year")
OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")
MEMBERS = ("year", "month", "day", "weekday", "hour", "minute", "second")
REDUCING = ("avg", "len", "max", "min", "norm", "range", "std", "sum")
MAPPING = ("lg", "ln", "log", "ceil", "floor", "round")
TIMES = ("2024-05-06", "2024-05-06T08:00:00Z", *TEXTS, "")
NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "0.5",
    "0.7",
    "10",
    "60",
    "70",
    "100",
    "1.5",
    ".25",
    "1e3",
    "2.5e-3",
    "12345678",
    "1e200",
)
NOISE = string.printable[:-2] + "äß×"
KINDS = ("double", "vec", "timestamp", "interval", "string", "option")


class Writer:
    """Writes one formula."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._kinds: dict[str, str] = {}
        """What is known of the formula's own names so far."""

    def formula(self) -> str:
        """Statements with blanks, comments and now and then without a semicolon, perhaps broken."""
        draw = self._random
        text = ""
        for _ in range(draw.choice((1, 1, 2, 3, 4, 6))):
            assigns, statement = self._statement()
            if text:
                omit = assigns and draw.random() < 0.1
                text += (
                    draw.choice((" ", "\n")) if omit else draw.choice((";", "; ", ";\n", " ;\r\n", "; // so\n", ";;"))
                )
            text += statement
        text += draw.choice(("", ";", "; // end", "\n"))
        return self._break(text) if draw.random() < BROKEN else text

    def _statement(self) -> tuple[bool, str]:
        """Whether it assigns, and its text."""
        draw = self._random
        chance = draw.random()
        if chance < 0.03:
            return False, draw.choice(("stop()", "0 ? stop() : 1", self._value(draw.choice(KINDS), 2)))
        if chance < 0.04:
            name = draw.choice(
                ("$ActiveTasks", "requeue", "TimeInterval_Hour", "$TaskSlotsPerNode", "$taskSlotsPerNode")
            )
            return True, f"{name} = {self._value('double', 1)}"
        if chance < 0.3:
            name = self._cased(draw.choice(("$TargetDedicatedNodes", "$TargetDedicated", "$TargetLowPriorityNodes")))
            return True, f"{name} = {self._value('double', DEPTH)}"
        if chance < 0.35:
            return True, f"$NodeDeallocationOption={self._value('option', 2)}"
        name = draw.choice(OWN_NAMES)
        kind = draw.choices(KINDS, (10, 4, 2, 2, 0.5, 0.5))[0]
        text = name + draw.choice((" = ", "=", "  =\n ")) + self._value(kind, DEPTH)
        self._kinds[name] = kind
        return True, text

    def _value(self, kind: str, depth: int) -> str:
        """An expression of a kind, or once in a while of another."""
        draw = self._random
        if draw.random() < ILL_TYPED:
            kind = draw.choice(KINDS)
        known = [name for name, its in self._kinds.items() if its == kind]
        if known and draw.random() < 0.25:
            return draw.choice(known)
        if depth <= 0 or draw.random() < 0.15:
            return self._leaf(kind)
        if draw.random() < 0.08:
            test, chosen, other = (
                self._value("double", depth - 1),
                self._value(kind, depth - 1),
                self._value(kind, depth - 1),
            )
            return f"({test} ? {chosen} : {other})"
        makers: dict[str, Callable[[int], str]] = {
            "double": self._double,
            "vec": self._vec,
            "timestamp": self._timestamp,
            "interval": self._interval,
        }
        make = makers.get(kind)
        return make(depth - 1) if make else self._leaf(kind)

    def _leaf(self, kind: str) -> str:
        draw = self._random
        match kind:
            case "double":
                if draw.random() < 0.005:
                    return draw.choice(NOT_NAMES)
                return draw.choice((*NUMBERS, *VARIABLES, *OTHER_NAMES))
            case "vec":
                return draw.choice(("vec(1,2,3)", "vec(4)", f"{draw.choice(VARIABLES)}.GetSample(3)"))
            case "timestamp":
                return draw.choice(
                    ("time()", f'time("{draw.choice(TIMES)}")', f"{draw.choice(VARIABLES)}.HistoryBeginTime()")
                )
            case "interval":
                return self._cased(f"TimeInterval_{draw.choices(INTERVALS, (1, 1, 1, 1, 4, 9, 3, 1, 1, 1))[0]}")
            case "string":
                return draw.choice(('"a"', '"B"', '""', '"2024-05-06"'))
        return self._cased(draw.choice(OPTIONS))

    def _double(self, depth: int) -> str:
        draw = self._random
        return draw.choices(
            (
                self._sum,
                self._comparison,
                self._logic,
                self._sign,
                self._reduced,
                self._of_time,
                self._of_history,
                self._two,
            ),
            (10, 4, 3, 2, 6, 1, 2, 2),
        )[0](depth)

    def _sum(self, depth: int) -> str:
        draw = self._random
        text = self._value("double", depth)
        for _ in range(draw.choice((1, 1, 2, 3))):
            symbol = draw.choice((" + ", " - ", " * ", " / ", "*", "/", "+"))
            fair = "/" in symbol and draw.random() < 0.7
            text += symbol + (draw.choice(NUMBERS[1:]) if fair else self._value("double", depth))
        return f"({text})" if draw.random() < 0.4 else text

    def _comparison(self, depth: int) -> str:
        kind = self._random.choices(("double", "timestamp", "interval", "string"), (8, 1, 1, 1))[0]
        symbol = self._random.choice(("<", "<=", "==", "!=", ">=", ">"))
        return f"{self._value(kind, depth)} {symbol} {self._value(kind, depth)}"

    def _logic(self, depth: int) -> str:
        symbols = self._random.choices(("&&", "||"), k=self._random.choice((1, 2)))
        return self._value("double", depth) + "".join(f" {each} {self._value('double', depth)}" for each in symbols)

    def _sign(self, depth: int) -> str:
        return self._random.choice("-!") + self._value("double", depth)

    def _reduced(self, depth: int) -> str:
        name = self._random.choice((*REDUCING, *MAPPING))
        if name not in MAPPING:
            return f"{self._cased(name)}({self._list(depth, 'double')})"
        number = self._value("double", depth)
        return f"{self._cased(name)}({number if self._random.random() < 0.5 else f'max({number}, 1)'})"

    def _list(self, depth: int, first: str) -> str:
        kinds = [first, *self._random.choices(("double", "vec"), k=self._random.choice((0, 0, 1, 2)))]
        if self._random.random() < 0.5:
            kinds[0] = "vec"
        return ", ".join(self._value(kind, depth) for kind in kinds)

    def _of_time(self, depth: int) -> str:
        return f"({self._value('timestamp', depth)}).{self._cased(self._random.choice(MEMBERS))}"

    def _of_history(self, depth: int) -> str:
        name = self._random.choice((*VARIABLES, "$CurrentDedicated"))
        call = self._random.choice(("Count()", f"GetSamplePercent({self._window(depth)})"))
        return f"{name}.{call}"

    def _two(self, depth: int) -> str:
        name = self._random.choice(("val", "percentile", "rand"))
        if name == "rand":
            return "rand()"
        number = self._random.choice(("0", "1", "50", "95", self._value("double", depth)))
        return f"{name}({self._value('vec', depth)}, {number})"

    def _vec(self, depth: int) -> str:
        draw = self._random
        match draw.randrange(5):
            case 0:
                return f"vec({self._list(depth, 'double')})"
            case 1:
                other = self._value(draw.choice(("double", "double", "vec")), depth)
                return f"({self._value('vec', depth)} {draw.choice('+-*/')} {other})"
            case 2:
                return f"{draw.choice(MAPPING)}({self._value('vec', depth)})"
            case 3:
                return f"{draw.choice(VARIABLES)}.{self._cased('GetSample')}({draw.choice('0125')})"
        percent = draw.choice(("", "", ", 70", ", 0", f", {self._value('double', 0)}"))
        return f"{draw.choice(VARIABLES)}.GetSample({self._window(depth)}{percent})"

    def _window(self, depth: int) -> str:
        draw = self._random
        often = ("TimeInterval_Minute * 3", "180 * TimeInterval_Second", "TimeInterval_Hour", "5 * TimeInterval_Minute")
        bounds = [
            draw.choice(often)
            if draw.random() < 0.7
            else self._value(draw.choice(("interval", "timestamp")), min(depth, 1))
            for _ in range(draw.choice((1, 1, 2)))
        ]
        return ", ".join(bounds)

    def _timestamp(self, depth: int) -> str:
        draw = self._random
        interval, moment = self._value("interval", depth), self._value("timestamp", depth)
        return draw.choice((f"({moment} + {interval})", f"({interval} + {moment})", f"({moment} - {interval})"))

    def _interval(self, depth: int) -> str:
        draw = self._random
        match draw.randrange(5):
            case 0:
                return f"{self._value('double', depth)} * {self._leaf('interval')}"
            case 1:
                return f"{self._leaf('interval')} {draw.choice('*/')} {self._leaf('double')}"
            case 2:
                return f"({self._value('interval', depth)} {draw.choice('+-')} {self._value('interval', depth)})"
            case 3:
                return f"({self._value('timestamp', depth)} - {self._value('timestamp', depth)})"
        return f"-{self._leaf('interval')}"

    def _cased(self, name: str) -> str:
        return self._random.choice((name, name, name, name.lower(), name.upper()))

    def _break(self, text: str) -> str:
        draw = self._random
        for _ in range(draw.choice((1, 1, 2, 5))):
            at = draw.randrange(len(text) + 1)
            piece = draw.choice((draw.choice(NOISE), "", "=", ";", "(", ")", " x = ", "&&", '"', "//", "."))
            text = text[:at] + piece + text[at + draw.choice((0, 0, 1, 3)) :]
        return text


def world(seed: int) -> Inputs:
    """A world for a formula; its chance is the same each time it is asked for."""
    draw = random.Random(seed)
    now = 1_714_996_800.0 + draw.choice((0.0, 0.5, 37.25))
    samples = {}
    for name in VARIABLES:
        length = draw.choice((0, 1, 5, 12, 40))
        times = [now - 30.0 * place - draw.choice((0.0, 30.0)) for place in range(length, 0, -1)]
        kept = sorted({time for time in times if draw.random() < 0.9})
        samples[name] = Samples(
            array("d", kept), array("d", [draw.choice((0, 0, 1, 2, 5, 8, 30, 0.7, 0.15)) for _ in kept])
        )
    chance = random.Random(seed)
    return Inputs(now, draw.choice((0, 2, 9)), draw.choice((0, 0, 4)), draw.choice((1, 4)), samples, chance.random)
