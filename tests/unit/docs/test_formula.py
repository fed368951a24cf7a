"""The page of formulas: each of its examples gives what it says, and its tables name what there is, nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from millpond.formula import ErrorCode, FormulaError, evaluate, limits, parse, render, show
from millpond.formula.functions import FUNCTIONS
from millpond.formula.methods import METHODS
from millpond.formula.times import MEMBERS
from millpond.formula.variables import INTERVALS, OPTIONS, READ_ONLY, SETTABLE
from support.formulacases import World, told

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formula.md").read_text()
_PART = re.compile(
    r"<!-- (?P<world>@.*?) -->|```formula\n(?P<formula>.*?)```|```text\n(?P<outcome>.*?)```"
    r"|^\| `(?P<expression>[^`]+)` \| `(?P<value>[^`]+)` \|$",
    re.DOTALL | re.MULTILINE,
)


def examples() -> list[tuple[World, str, str]]:
    """Formulas and expressions with what comes of them, each in the world that the page has told by then."""
    found: list[tuple[World, str, str]] = []
    world, formula = World(), ""
    for part in _PART.finditer(PAGE):
        if part["world"]:
            world = told(world, part["world"])
        elif part["formula"]:
            assert not formula, f"a formula without its outcome: {formula}"
            formula = part["formula"]
        elif part["outcome"]:
            found.append((world, formula, part["outcome"].rstrip("\n")))
            formula = ""
        else:
            found.append((world, part["expression"], part["value"]))
    assert not formula
    return found


def outcome(world: World, text: str) -> str:
    """The rendered fault, or the value of an expression, or the results."""
    try:
        evaluation = evaluate(parse(text), world.inputs(), trace=True)
    except FormulaError as error:
        return str(error)
    if evaluation.error is not None:
        return render(evaluation.error)
    (last,) = evaluation.trace[-1:]
    return evaluation.results if last.variable else show(last.value)


@pytest.mark.parametrize(("world", "text", "expected"), examples(), ids=[text[:40] for _, text, _ in examples()])
def test_an_example(world: World, text: str, expected: str) -> None:
    assert outcome(world, text) == expected


def names(title: str, head: str) -> set[str]:
    """The names of what is called in the first column of a table."""
    section = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    body = section.split(f"\n| {head} |", 1)[1].split("\n\n", 1)[0]
    return {call for row in body.splitlines()[2:] for call in re.findall(r"`(\w+)\(", row.split("|")[1])}


def test_functions_and_methods() -> None:
    assert names("Functions", "Function") == set(FUNCTIONS)
    assert names("Samples", "Method") == {method.name for method in METHODS.values()}


def test_variables() -> None:
    settable, readable = (
        set(re.findall(r"`(\$\w+)`", part))
        for part in PAGE.split("\n## Variables\n", 1)[1].split("\n## ", 1)[0].split("\nA formula reads these", 1)
    )
    assert {name.lower() for name in settable} == set(SETTABLE)
    assert readable == set(READ_ONLY)


@pytest.mark.parametrize("word", [*INTERVALS, *OPTIONS, *MEMBERS])
def test_each_constant_and_member_is_named(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_error_codes() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| (?!`)", PAGE.split("\n## When a formula fails\n")[1], re.MULTILINE)) == {
        code.value for code in ErrorCode
    }


def test_bounds() -> None:
    told_bounds = [int(number.replace(",", "")) for number in re.findall(r"\| ([\d,]+) \|$", PAGE, re.MULTILINE)]
    bounds = (limits.CHARACTERS, limits.STATEMENTS, limits.NESTING, limits.VECTOR, limits.SHOWN, limits.WORK)
    assert told_bounds == list(bounds)
