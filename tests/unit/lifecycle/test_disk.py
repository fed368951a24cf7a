"""From which share of a disk on a node takes no tasks, and down to which retained files go."""

from __future__ import annotations

import pytest
from millpond.lifecycle.disk import disk_is_full, makes_room


@pytest.mark.parametrize(
    ("share", "full", "room"),
    [(0.0, False, False), (0.84, False, False), (0.85, False, True), (0.9, True, True), (1.0, True, True)],
)
def test_a_disk_is_full_from_nine_tenths_on_and_room_is_made_for_another_half_tenth(
    share: float, full: bool, room: bool
) -> None:
    assert (disk_is_full(share), makes_room(share)) == (full, room)
