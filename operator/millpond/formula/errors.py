"""What can be wrong with a formula, where, and what to do about it. Source: azure-batch-semantics §5.9.

Two exceptions: a `Refusal` comes from a value, which does not know where it stands; a `FormulaError` knows the place.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_PIECE = 40
_BEFORE, _SHOWN = 60, 100
"""Of a long line, so many characters before the place are shown, and so many in all."""


class ErrorCode(StrEnum):
    """Azure Batch's words."""

    SYNTAX = "AutoScalingFormulaSyntaxError"
    TOO_LONG = "AutoScalingFormulaTooLong"
    EVALUATION = "AutoScalingFormulaEvaluationError"
    INSUFFICIENT_SAMPLE_DATA = "InsufficientSampleData"


class Fault(msgspec.Struct, frozen=True):
    """One fault. Line and column count from 1; `source` is the line's text; message and hint are sentences."""

    code: ErrorCode
    message: str
    hint: str
    line: int
    column: int
    source: str


class FormulaError(Exception):
    """The text is no formula, or has no value. The only exception of this room that others see."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(render(fault))
        self.fault = fault


class Refusal(Exception):  # noqa: N818 - not an error by itself: evaluation makes one of it, with the place
    """A value or a name that is not to be had; `hint` says what to do instead."""

    def __init__(self, message: str, hint: str, code: ErrorCode = ErrorCode.EVALUATION) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def shortened(text: str) -> str:
    """A piece of somebody's formula, cut to what fits into a message."""
    return text if len(text) <= _PIECE else f"{text[:_PIECE]}…"


def fault_at(text: str, at: int, code: ErrorCode, message: str, hint: str) -> Fault:
    """A fault at the offset `at` of the formula's text."""
    line, start = 1, 0
    for found in _LINE_BREAK.finditer(text, 0, at):
        line, start = line + 1, found.end()
    end = _LINE_BREAK.search(text, at)
    source = text[start : end.start() if end else len(text)]
    return Fault(code, message, hint, line, at - start + 1, source)


def render(fault: Fault) -> str:
    """Code, place and message; the line with a caret under the place; what to do. Several lines, none very long."""
    first = max(0, fault.column - 1 - _BEFORE) if len(fault.source) > _SHOWN else 0
    shown = fault.source[first : first + _SHOWN]
    opening = "…" if first else ""
    closing = "…" if first + _SHOWN < len(fault.source) else ""
    line = opening + "".join(char if char.isprintable() else " " for char in shown) + closing
    caret = " " * (len(opening) + fault.column - 1 - first) + "^"
    head = f"{fault.code}: Line {fault.line}, Col {fault.column}: {fault.message}"
    return f"{head}\n    {line}\n    {caret}\n{fault.hint}"
