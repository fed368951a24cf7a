"""The room of a host."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.cluster.room import AGENT_CPU_MILLIS, AGENT_MEMORY_BYTES, room_of
from millpond.control.outcomes import Room

GIB = 2**30
ALLOCATABLE = {
    "cpu": "4",
    "memory": "8Gi",
    "pods": "110",
    "ephemeral-storage": "9Gi",
    "hugepages-2Mi": "0",
    "a/gpu": "2",
}
ALL = Room(4000 - AGENT_CPU_MILLIS, 8 * GIB - AGENT_MEMORY_BYTES, {"a/gpu": 2})


@pytest.mark.parametrize(
    ("others", "template", "room"),
    [
        ([], {}, ALL),
        ([{"cpu": "500m", "memory": "1Gi"}, {"a/gpu": "1"}, {}], {},
         Room(ALL.cpu_millis - 500, ALL.memory_bytes - GIB, {"a/gpu": 1})),
        ([], {"cpu": "2", "memory": "1Gi"}, Room(2000, GIB, {"a/gpu": 2})),
        ([{"cpu": "3"}], {"cpu": "2"}, Room(1000 - AGENT_CPU_MILLIS, ALL.memory_bytes, {"a/gpu": 2})),
        ([{"cpu": "40", "memory": "80Gi", "a/gpu": "5"}], {}, Room(0, 0, {})),
    ],
    ids=["empty host", "others", "template", "template larger than what is left", "overcommitted"],
)  # fmt: skip
def test_room(others: list[dict[str, str]], template: dict[str, str], room: Room) -> None:
    assert room_of(ALLOCATABLE, others, template) == room


def test_host_that_says_nothing() -> None:
    nothing: dict[str, Any] = {}
    assert room_of(nothing, [], {}) == Room(0, 0, {})
