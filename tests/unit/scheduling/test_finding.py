"""A finding as a condition tells it."""

from millpond.scheduling.finding import Finding, joined


def test_message_and_remedy_are_one_text() -> None:
    assert Finding("Waits", "It waits.", True, "Wait.").told == "It waits. Wait."
    assert Finding("Waits", "It waits.").told == "It waits."


def test_what_is_not_there_leaves_no_gap() -> None:
    assert joined("One.", "") == "One."
