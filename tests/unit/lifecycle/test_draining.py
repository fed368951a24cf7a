"""What becomes of the tasks of a node that is being emptied."""

from __future__ import annotations

import pytest
from millpond.api.pool import NodeDeallocationOption as Option
from millpond.lifecycle.draining import Fate, fate_of

CASES = [
    # option, node or pool being deleted, fate
    (Option.REQUEUE, False, Fate.REQUEUED),
    (Option.REQUEUE, True, Fate.REQUEUED),
    (Option.TERMINATE, False, Fate.ENDED),
    (Option.TERMINATE, True, Fate.ENDED),
    (Option.TASK_COMPLETION, False, Fate.STAYS),
    (Option.TASK_COMPLETION, True, Fate.REQUEUED),
    (Option.RETAINED_DATA, False, Fate.STAYS),
    (Option.RETAINED_DATA, True, Fate.REQUEUED),
]


def test_every_option_has_cases() -> None:
    assert {option for option, _, _ in CASES} == set(Option)


@pytest.mark.parametrize(("option", "hurried", "fate"), CASES)
def test_each_option_has_a_fate(option: Option, hurried: bool, fate: Fate) -> None:
    assert fate_of(option, hurried=hurried) is fate
