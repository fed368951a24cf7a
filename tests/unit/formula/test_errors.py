"""Faults as text: the place in lines and columns, the caret under it, and long lines cut to what fits."""

from __future__ import annotations

import pytest
from millpond.formula.errors import ErrorCode, fault_at, render

PLACES = [
    # text, offset, line, column, the line's text
    ("x = 1", 0, 1, 1, "x = 1"),
    ("x = 1", 5, 1, 6, "x = 1"),
    ("", 0, 1, 1, ""),
    ("a\nbc", 2, 2, 1, "bc"),
    ("a\r\nbc\r\nd", 4, 2, 2, "bc"),
    ("a\rb", 2, 2, 1, "b"),
    ("a\n\nb", 2, 2, 1, ""),
    ("a\n", 2, 2, 1, ""),
]


@pytest.mark.parametrize(("text", "at", "line", "column", "source"), PLACES)
def test_places(text: str, at: int, line: int, column: int, source: str) -> None:
    fault = fault_at(text, at, ErrorCode.SYNTAX, "m", "h")
    assert (fault.line, fault.column, fault.source) == (line, column, source)


def test_a_fault_is_rendered_with_a_caret_under_its_place() -> None:
    fault = fault_at("a = 1;\n\tb = c + 1;\n", 12, ErrorCode.EVALUATION, "The name c has no value.", "Did you mean a?")
    assert render(fault) == (
        "AutoScalingFormulaEvaluationError: Line 2, Col 6: The name c has no value.\n"
        "     b = c + 1;\n"
        "         ^\n"
        "Did you mean a?"
    )


@pytest.mark.parametrize("at", [0, 1, 59, 60, 61, 99, 100, 4000, 7999, 8000])
def test_a_long_line_is_cut_around_the_place(at: int) -> None:
    text = "".join(chr(33 + position % 90) for position in range(8000))
    _, line, caret, _ = render(fault_at(text, at, ErrorCode.SYNTAX, "m", "h")).split("\n")
    assert len(line) <= 4 + 102
    column = caret.index("^")
    if at < 8000:
        assert line[column] == text[at]
    else:
        assert column == len(line)
