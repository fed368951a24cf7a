"""Text to tokens. A token knows its offset; lines and columns are counted only for a fault (`errors.fault_at`).

Source: azure-batch-semantics §5.2.
"""

from __future__ import annotations

import math
import re

import msgspec

from millpond.formula.errors import ErrorCode, FormulaError, fault_at

_TOKEN = re.compile(
    r"""
      (?P<blank>   (?: [ \t\r\n]+ | //[^\r\n]* )+ )
    | (?P<name>    \$? [A-Za-z_] [A-Za-z0-9_]* )
    | (?P<number>  (?: [0-9]+ (?: \.[0-9]+ )? | \.[0-9]+ ) (?: [eE] [+-]? [0-9]+ )? )
    | (?P<string>  "[^"\r\n]*" )
    | (?P<symbol>  && | \|\| | [<>=!]=? | [-+*/?:(),.;] )
    """,
    re.VERBOSE,
)

_INSTEAD = {
    '"': ("The string has no end.", 'End it with " on the same line.'),
    "'": ("A ' begins nothing.", 'Put strings in double quotes, as in time("2024-05-06T12:00:00Z").'),
    "&": ("A single & is no operator.", 'Write && for "and".'),
    "|": ("A single | is no operator.", 'Write || for "or".'),
    "[": ("Vectors are not written in brackets.", "Write vec(1, 2, 3)."),
    "{": ("There are no blocks.", "Write condition ? value : value to choose between values."),
    "%": ("There is no operator %.", "There are + - * / and the functions floor, ceil and round."),
    "^": ("There is no operator ^.", "There are + - * /."),
    "#": ("A # begins nothing.", "Begin comments with //."),
    "$": ("A $ alone is no name.", "Write a letter right after it, as in $tasks."),
}


class Token(msgspec.Struct, frozen=True, gc=False):
    """`kind` is "name", "number", "string" or "end", and for an operator or a bracket the symbol itself."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """All tokens, the last one of the kind "end". Raises FormulaError where no token begins."""
    found: list[Token] = []
    at, end = 0, len(text)
    match = _TOKEN.match
    while at < end:
        token = match(text, at)
        if token is None:
            raise _no_token(text, at)
        kind = token.lastgroup
        if kind == "symbol":
            word = token.group()
            found.append(Token(word, word, at))
        elif kind != "blank":
            found.append(Token(kind or "", token.group(), at))
        at = token.end()
    found.append(Token("end", "", end))
    return found


def number(text: str, token: Token) -> float:
    """The value of a number. Raises FormulaError for one that no double holds."""
    value = float(token.text)
    if math.isfinite(value):
        return value
    hint = "The largest number is about 1.8e308."
    raise FormulaError(fault_at(text, token.at, ErrorCode.SYNTAX, "The number is too large.", hint))


def _no_token(text: str, at: int) -> FormulaError:
    char = text[at]
    plain = f"The character {char if char.isprintable() else ascii(char)} has no meaning here."
    hint = "Outside comments and strings, a formula is of plain letters, digits and operators."
    message, hint = _INSTEAD.get(char, (plain, hint))
    return FormulaError(fault_at(text, at, ErrorCode.SYNTAX, message, hint))
