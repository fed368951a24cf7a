"""What the language is spelt with, and what each wrong character is told."""

from __future__ import annotations

import pytest
from millpond.formula.lexer import tokens
from support.formulacases import Case, cases


@pytest.mark.parametrize("case", cases("lexer"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()


def test_tokens_know_their_places() -> None:
    found = [(token.kind, token.text, token.at) for token in tokens('$a >= .5 // no\n&& "x"')]
    assert found == [
        ("name", "$a", 0),
        (">=", ">=", 3),
        ("number", ".5", 6),
        ("&&", "&&", 15),
        ("string", '"x"', 18),
        ("end", "", 21),
    ]


def test_a_longest_text_of_blanks_is_read_at_once() -> None:
    assert [token.kind for token in tokens(" //\n\t" * 1600)] == ["end"]
