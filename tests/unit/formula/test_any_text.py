"""No text whatever raises anything but FormulaError, is told of at length, or takes longer than its budget allows."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from millpond.formula import Fault, FormulaError, evaluate, limits, parse, render
from millpond.formula.functions import FUNCTIONS
from millpond.formula.methods import METHODS
from millpond.formula.times import MEMBERS
from millpond.formula.variables import NAMES
from support.formulacases import World

SECONDS = 0.5
"""Ten times what the most expensive formulas take on a machine that has nothing else to do."""
SYMBOLS = [
    "&&",
    "||",
    "<",
    "<=",
    "==",
    ">=",
    ">",
    "!=",
    "+",
    "-",
    "*",
    "/",
    "!",
    "?",
    ":",
    "=",
    "(",
    ")",
    ",",
    ".",
    ";",
    "//",
    "\n",
    "\r\t",
]
WORDS = (
    *NAMES,
    *FUNCTIONS,
    *METHODS,
    *MEMBERS,
    *SYMBOLS,
    "x",
    "$y",
    "1",
    "0",
    "0.5",
    "1e308",
    '"2024-05-06"',
    '"',
    "@",
)
WORLD = World(samples={"$ActiveTasks": (30, "1 5 0x2 - 8"), "$CPUPercent": (30, "0.5x2000")})


def fault_of(text: str) -> Fault | None:
    """What is wrong with the text, if anything is, found within the time."""
    started = time.process_time()
    try:
        told = evaluate(parse(text), WORLD.inputs(), trace=True)
    except FormulaError as error:
        fault: Fault | None = error.fault
    else:
        fault = told.error
        assert (told.target_dedicated, told.target_low_priority) >= (0, 0)
        assert told.results.startswith("$TargetDedicatedNodes=")
    assert time.process_time() - started < SECONDS
    if fault is not None:
        assert len(fault.message) < 200
        assert len(render(fault)) < 1_000
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert lines[fault.line - 1] == fault.source
        assert 1 <= fault.column <= len(fault.source) + 1
    return fault


@given(st.text())
def test_any_characters(text: str) -> None:
    fault_of(text)


@given(st.lists(st.sampled_from(WORDS), max_size=60))
@settings(max_examples=300)
def test_any_words_of_the_language(words: list[str]) -> None:
    fault_of(" ".join(words))


LONG = {
    "brackets": "(" * limits.CHARACTERS,
    "signs": "-" * 8_191 + "1",
    "choices": "1?" * 4_096,
    "members": "a" + ".a" * 4_095,
    "calls": "a(" * 4_096,
    "sums": "1+" * 4_095 + "1",
    "ands": "1&&" * 2_730 + "1",
    "blanks": " " * limits.CHARACTERS,
    "comments": "//" * 4_096,
    "lines": "\n" * 8_191 + "@",
    "semicolons": ";" * limits.CHARACTERS,
    "a name": "a" * limits.CHARACTERS,
    "a name of a function": "a" * 8_190 + "()",
    "a name of a method": "$ActiveTasks." + "a" * 8_170 + "(1)",
    "a member": "time()." + "a" * 8_180,
    "digits": "9" * limits.CHARACTERS,
    "a string": '"' + "a" * 8_190 + '"',
    "a string without an end": '"' + "a" * 8_191,
    "a time": 'time("' + " " * 4_000 + "6 May 2024" + " " * 4_000 + 'x")',
    "too long": "x" * 1_000_000,
    "names like others": ";".join(f"abcdefghij{number:054}=1" for number in range(99)) + ";x=abcdefghik",
    "a vector of many": "vec(" + ",".join("1" * 4_000) + ")",
    "vectors that double": "v=$CPUPercent.GetSample(2000);" + "v=vec(v,v);" * 98,
    "a vector that is read": "v=$CPUPercent.GetSample(2000);x=0" + "+std(v)" * 1_100,
    "windows that are read": "x=0" + "+$CPUPercent.GetSamplePercent(TimeInterval_Year)" * 160,
    "vectors that are shown": "".join(f"v{number}=$CPUPercent.GetSample(2000);" for number in range(50)),
}


@pytest.mark.parametrize("name", LONG)
def test_long_texts(name: str) -> None:
    fault_of(LONG[name])
