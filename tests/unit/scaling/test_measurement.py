"""What a node did between two readings, and what nodes did together."""

from __future__ import annotations

import pytest
from millpond.scaling.measurement import Measurement, Taken, combine, measure
from millpond.scaling.reading import Reading

MIB, GIB = 2**20, 2**30
BEFORE = Reading(
    cpu_busy_seconds=100.0,
    cpu_seconds=400.0,
    memory_used_bytes=1.0 * MIB,
    disk_used_bytes=1.0 * GIB,
    disk_available_bytes=9.0 * GIB,
    disk_read_bytes=1000.0,
    disk_written_bytes=2000.0,
    disk_reads=10.0,
    disk_writes=20.0,
    network_received_bytes=5000.0,
    network_sent_bytes=6000.0,
)
AFTER = Reading(
    cpu_busy_seconds=130.0,
    cpu_seconds=520.0,
    memory_used_bytes=512.0 * MIB,
    disk_used_bytes=3.0 * GIB,
    disk_available_bytes=9.0 * GIB,
    disk_read_bytes=1600.0,
    disk_written_bytes=2300.0,
    disk_reads=16.0,
    disk_writes=20.0,
    network_received_bytes=5060.0,
    network_sent_bytes=6006.0,
)
RESTED = {
    "memory_megabytes": 512.0,
    "disk_gigabytes": 3.0,
    "disk_fraction": 0.25,
}
"""What needs no earlier reading."""


def test_amounts_are_those_of_a_period_whatever_time_was_between() -> None:
    """Here 60 seconds: half of what was counted."""
    assert measure(Taken(1060.0, AFTER), Taken(1000.0, BEFORE)) == Measurement(
        at=1060.0,
        cpu_fraction=0.25,
        disk_read_bytes=300.0,
        disk_write_bytes=150.0,
        disk_read_operations=3.0,
        disk_write_operations=0.0,
        network_in_bytes=30.0,
        network_out_bytes=3.0,
        **RESTED,
    )


@pytest.mark.parametrize(
    ("title", "before"),
    [
        ("first reading", None),
        ("the host began anew", Taken(1030.0, AFTER._replace(**dict.fromkeys(AFTER._fields, 1e9)))),
        ("it could not read them before", Taken(1030.0, Reading())),
    ],
)
def test_without_an_earlier_reading_there_are_no_amounts(title: str, before: Taken | None) -> None:
    assert measure(Taken(1060.0, AFTER), before) == Measurement(at=1060.0, **RESTED)


def test_a_clock_that_stands_or_goes_back_gives_no_amounts() -> None:
    for earlier in (1060.0, 2000.0):
        found = measure(Taken(1060.0, AFTER), Taken(earlier, BEFORE))
        assert (found.disk_read_bytes, found.network_in_bytes, found.cpu_fraction) == (None, None, 0.25)


def test_what_the_agent_cannot_read_is_not_known() -> None:
    assert measure(Taken(1060.0, Reading()), Taken(1030.0, BEFORE)) == Measurement(at=1060.0)


def test_an_idle_moment_is_no_division_by_nothing() -> None:
    still = Taken(1060.0, BEFORE._replace(disk_used_bytes=0.0, disk_available_bytes=0.0))
    found = measure(still, Taken(1030.0, BEFORE))
    assert (found.cpu_fraction, found.disk_fraction) == (None, None)


ONE = Measurement(
    990.0,
    cpu_fraction=0.2,
    memory_megabytes=100.0,
    disk_gigabytes=1.0,
    disk_read_bytes=1.0,
    disk_write_bytes=2.0,
    disk_read_operations=3.0,
    disk_write_operations=4.0,
    network_in_bytes=5.0,
    network_out_bytes=6.0,
)
TWO = Measurement(
    970.0,
    cpu_fraction=0.6,
    memory_megabytes=300.0,
    disk_gigabytes=2.0,
    disk_read_bytes=10.0,
    disk_write_bytes=20.0,
    disk_read_operations=30.0,
    disk_write_operations=40.0,
    network_in_bytes=50.0,
    network_out_bytes=60.0,
)


def test_averages_of_what_is_used_and_sums_of_what_was_moved() -> None:
    assert combine([ONE, TWO], 1000.0) == pytest.approx(
        {
            "$CPUPercent": 0.4,
            "$MemoryBytes": 200.0,
            "$DiskBytes": 1.5,
            "$DiskReadBytes": 11.0,
            "$DiskWriteBytes": 22.0,
            "$DiskReadOps": 33.0,
            "$DiskWriteOps": 44.0,
            "$NetworkInBytes": 55.0,
            "$NetworkOutBytes": 66.0,
            "$SampleNodeCount": 2.0,
            "$WallClockSeconds": 60.0,
        }
    )


def test_stale_measurements_do_not_count() -> None:
    found = combine([ONE, TWO], 1031.0)
    assert (found["$SampleNodeCount"], found["$CPUPercent"], found["$DiskReadBytes"]) == (1.0, 0.2, 1.0)


def test_a_variable_that_no_node_knows_has_no_value() -> None:
    assert combine([], 1000.0) == {"$SampleNodeCount": 0.0, "$WallClockSeconds": 0.0}
    found = combine([Measurement(1000.0, memory_megabytes=7.0), ONE], 1000.0)
    assert (found["$CPUPercent"], found["$MemoryBytes"], found["$SampleNodeCount"]) == (0.2, 53.5, 2.0)
    assert "$NetworkInBytes" not in combine([Measurement(1000.0, memory_megabytes=7.0)], 1000.0)
