"""The names of the language do not meet each other."""

from __future__ import annotations

from millpond.formula.variables import CONSTANTS, NAMES, READ_ONLY, SAMPLED, SETTABLE


def test_no_name_means_two_things() -> None:
    lower = [*SETTABLE, *(name.lower() for name in READ_ONLY), *CONSTANTS]
    assert len(lower) == len(set(lower))


def test_service_variables_begin_with_a_dollar_sign_and_constants_do_not() -> None:
    assert all(name.startswith("$") for name in (*SETTABLE, *READ_ONLY))
    assert not any(name.startswith("$") for name in CONSTANTS)


def test_each_name_is_there_for_suggestions() -> None:
    known = {name.lower() for name in NAMES}
    assert known >= {name.lower() for name in SAMPLED} | set(CONSTANTS) | {name.lower() for name in SETTABLE.values()}
