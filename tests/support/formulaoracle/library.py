"""The oracle's functions and sample methods, by exact arithmetic where the answer is not a double by itself.

Each takes its arguments and the world, and comes with how many arguments it takes. Source: reference §5.6, §5.8, §5.11.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from support.formulaoracle.kinds import Is, Wrong, double, exact, interval, number_of, timestamp, vec

PERIOD = 30


class Stopped(Exception):  # noqa: N818 - nothing is wrong
    """By stop()."""


class Unsure(Exception):  # noqa: N818 - of this program, not of the formula
    """A text for time() that the oracle cannot tell; such texts are for the cases."""


TEXTS: dict[str, Fraction | None] = {
    "2024-05-06": Fraction(1_714_953_600),
    "2024-05-06T08:00:00Z": Fraction(1_714_982_400),
    "2024-05-06T10:30:00Z": Fraction(1_714_991_400),
    "2024-05-06T11:59:00+02:00": Fraction(1_714_989_540),
    "Mon, 06 May 2024 10:30:00 GMT": Fraction(1_714_991_400),
    "0001-01-01": Fraction(-62_135_596_800),
    "2024-02-30": None,
    "soon": None,
}
"""Texts for time(), and the seconds since 1970 that each tells, if any."""


class World:
    """What is outside the formula: the time as an exact number of seconds, samples as pairs, and chance."""

    def __init__(
        self, now: Fraction, samples: dict[str, list[tuple[Fraction, float]]], chance: Callable[[], float]
    ) -> None:
        self.now = now
        self.chance = chance
        self._samples = samples

    def history(self, name: str) -> list[tuple[Fraction, float]]:
        """What is known of a variable by now, oldest first."""
        return [pair for pair in self._samples.get(name, []) if pair[0] <= self.now]


def flat(arguments: list[Is]) -> list[float]:
    """All elements of doubles and vectors in order."""
    found: list[float] = []
    for argument in arguments:
        if argument.kind not in ("double", "vec"):
            raise Wrong
        found += [argument.held] if argument.kind == "double" else argument.held
    return found


def some(numbers: list[float]) -> list[float]:
    """At least one number."""
    if not numbers:
        raise Wrong
    return numbers


def root(square: Fraction) -> Is:
    """The square root of an exact number."""
    with localcontext() as context:
        context.prec = 60
        return double(float((Decimal(square.numerator) / Decimal(square.denominator)).sqrt()))


def std(numbers: list[float]) -> Is:
    """Sample standard deviation about the mean as a double."""
    mean = exact(sum(map(Fraction, some(numbers))) / 1).held / len(numbers)
    if len(numbers) == 1:
        return double(0)
    squares = [double((number - mean) * (number - mean)).held for number in numbers]
    return double(math.sqrt(exact(sum(map(Fraction, squares), Fraction())).held / (len(numbers) - 1)))


def percentile(numbers: list[float], percent: float) -> Is:
    """Between the neighbours of the rank."""
    if percent < 0 or percent > 100:
        raise Wrong
    ordered = sorted(some(numbers))
    rank = percent / 100 * (len(ordered) - 1)
    low, high = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    return double(low + (high - low) * (rank - math.floor(rank)))


def logarithm(number: float, base: int | None) -> float:
    """To a base, or natural."""
    if number <= 0:
        raise Wrong
    with localcontext() as context:
        context.prec = 40
        natural = Decimal(number).ln()
        return float(natural / Decimal(base).ln() if base else natural)


def rounded(how: str) -> Callable[[float], float]:
    """To a whole number, in a way of `decimal`."""
    return lambda number: float(Decimal(number).to_integral_value(how)) if abs(number) < 2**53 else number


def each(function: Callable[[float], float]) -> Callable[[list[Is], World], Is]:
    """A double for a lone double, else a vector."""

    def apply(arguments: list[Is], _world: World) -> Is:
        if [argument.kind for argument in arguments] == ["double"]:
            return double(function(arguments[0].held))
        return vec([function(number) for number in flat(arguments)])

    return apply


def listed(function: Callable[[list[float]], Is]) -> Callable[[list[Is], World], Is]:
    """A function of a list of numbers."""
    return lambda arguments, _world: function(flat(arguments))


def held(value: Is, kind: str) -> Any:
    """What a value of that kind holds."""
    if value.kind != kind:
        raise Wrong
    return value.held


def element(numbers: list[float], index: float) -> Is:
    """By a place from 0, its fraction cut off."""
    place = math.trunc(index)
    if not 0 <= place < len(numbers):
        raise Wrong
    return double(numbers[place])


def stop(_arguments: list[Is], _world: World) -> Is:
    """No more."""
    raise Stopped


def time(arguments: list[Is], world: World) -> Is:
    """Now, or what a text says."""
    text = held(arguments[0], "string") if arguments else ""
    if not text:
        return timestamp(world.now)
    if text not in TEXTS:
        raise Unsure
    seconds = TEXTS[text]
    if seconds is None:
        raise Wrong
    return timestamp(seconds)


FUNCTIONS: dict[str, tuple[range, Callable[[list[Is], World], Is]]] = {
    "avg": (
        range(1, 999),
        listed(lambda numbers: double(exact(sum(map(Fraction, some(numbers))) / 1).held / len(numbers))),
    ),
    "len": (range(1, 999), listed(lambda numbers: double(len(numbers)))),
    "max": (range(1, 999), listed(lambda numbers: double(sorted(some(numbers))[-1]))),
    "min": (range(1, 999), listed(lambda numbers: double(sorted(some(numbers))[0]))),
    "norm": (range(1, 999), listed(lambda numbers: root(sum((Fraction(n) ** 2 for n in numbers), Fraction())))),
    "percentile": (range(2, 3), lambda two, _world: percentile(held(two[0], "vec"), number_of(two[1]))),
    "rand": (range(1), lambda _none, world: double(world.chance())),
    "range": (range(1, 999), listed(lambda numbers: double(max(some(numbers)) - min(numbers)))),
    "std": (range(1, 999), listed(std)),
    "stop": (range(1), stop),
    "sum": (range(1, 999), listed(lambda numbers: exact(sum(map(Fraction, numbers), Fraction())))),
    "time": (range(2), time),
    "val": (range(2, 3), lambda two, _world: element(held(two[0], "vec"), number_of(two[1]))),
    "vec": (range(1, 999), listed(vec)),
    "lg": (range(1, 999), each(lambda number: logarithm(number, 2))),
    "ln": (range(1, 999), each(lambda number: logarithm(number, None))),
    "log": (range(1, 999), each(lambda number: logarithm(number, 10))),
    "ceil": (range(1, 999), each(rounded(ROUND_CEILING))),
    "floor": (range(1, 999), each(rounded(ROUND_FLOOR))),
    "round": (range(1, 999), each(rounded(ROUND_HALF_UP))),
}


def bound(value: Is, world: World) -> Fraction:
    """A window's end as a moment."""
    if value.kind == "timestamp":
        return value.held
    return timestamp(world.now - held(value, "interval")).held


def window(bounds: list[Is], name: str, world: World) -> tuple[list[float], Fraction]:
    """What lies between the bounds, and the percentage that it is."""
    moments = [bound(value, world) for value in bounds]
    start, end = sorted([*moments, world.now][:2])
    found = [value for time, value in world.history(name) if start < time <= end]
    return found, min(Fraction(100), Fraction(100 * len(found), max(1, (end - start) // PERIOD)))


def get_sample(arguments: list[Is], name: str, world: World) -> Is:
    """Of a count, or of a window."""
    first = arguments[0]
    if first.kind not in ("timestamp", "interval"):
        count = number_of(first) if len(arguments) == 1 else -1
        if count < 0:
            raise Wrong
        found = [value for _, value in world.history(name)]
        return vec(found[max(0, len(found) - int(count)) :])
    wanted = None
    bounds = arguments
    if len(arguments) == 3 or arguments[-1].kind in ("double", "vec"):
        if arguments[-1].kind == "vec" and len(arguments[-1].held) != 1:
            raise Wrong
        bounds, wanted = arguments[:-1], number_of(arguments[-1])
    found, percent = window(bounds, name, world)
    if not world.history(name) or (not found if wanted is None else float(percent) < wanted):
        raise Wrong("InsufficientSampleData")
    return vec(found)


def begin(_none: list[Is], name: str, world: World) -> Is:
    """The time of the oldest."""
    if not world.history(name):
        raise Wrong("InsufficientSampleData")
    return timestamp(world.history(name)[0][0])


METHODS: dict[str, tuple[range, Callable[[list[Is], str, World], Is]]] = {
    "getsample": (range(1, 4), get_sample),
    "getsampleperiod": (range(1), lambda _none, _name, _world: interval(Fraction(PERIOD))),
    "count": (range(1), lambda _none, name, world: double(len(world.history(name)))),
    "historybegintime": (range(1), begin),
    "getsamplepercent": (range(1, 3), lambda bounds, name, world: exact(window(bounds, name, world)[1])),
}
