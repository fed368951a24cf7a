"""How old a task may get."""

from __future__ import annotations

import pytest
from millpond.lifecycle.age import DAY, added_too_early, told_too_old
from support.builders import EPOCH, at


@pytest.mark.parametrize(("created", "too_old"), [(-1, True), (0, True), (1, False), (100, False)])
def test_a_task_is_too_old_when_its_time_is_over(created: float, too_old: bool) -> None:
    now = EPOCH + 180 * DAY + 0.5
    assert (at(created) <= added_too_early(now, 180 * DAY)) is too_old


@pytest.mark.parametrize(("lifetime", "words"), [(180 * DAY, "180 days"), (DAY / 2, "0.5 days")])
def test_the_time_is_told_in_days(lifetime: float, words: str) -> None:
    assert words in told_too_old(lifetime)
