"""Conditions are kept one per type, and remember when they last turned."""

from datetime import UTC, datetime, timedelta

from millpond.api.conditions import Condition, ConditionStatus, find, put
from millpond.api.reasons import ConditionType

_THEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def _condition(status: str, reason: str = "Some", type_: str = "Ready", later: int = 0) -> Condition:
    return Condition(
        type=type_,
        status=ConditionStatus(status),
        reason=reason,
        message="text",
        last_transition_time=_THEN + timedelta(seconds=later),
    )


def test_put_adds_what_is_new() -> None:
    conditions = put((), _condition("True"))
    assert conditions == (_condition("True"),)
    assert put(conditions, _condition("False", type_="Complete")) == (
        *conditions,
        _condition("False", type_="Complete"),
    )


def test_put_keeps_the_time_while_the_status_stays() -> None:
    (kept,) = put((_condition("True", "One"),), _condition("True", "Two", later=60))
    assert kept.reason == "Two"
    assert kept.last_transition_time == _THEN


def test_put_moves_the_time_when_the_status_turns() -> None:
    (turned,) = put((_condition("True"),), _condition("False", later=60))
    assert turned.last_transition_time == _THEN + timedelta(seconds=60)


def test_what_is_not_there_is_not_found() -> None:
    assert find((), ConditionType.READY) is None


def test_document() -> None:
    assert _condition("True").as_document() == {
        "type": "Ready",
        "status": "True",
        "reason": "Some",
        "message": "text",
        "lastTransitionTime": "2026-11-24T10:00:00Z",
    }
