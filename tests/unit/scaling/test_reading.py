"""A reading survives the way over the network, in a text that Prometheus reads too."""

from __future__ import annotations

import pytest
from millpond.scaling.reading import SERIES, Reading, read_reading, series_name, write_reading
from prometheus_client.parser import text_string_to_metric_families

WHOLE = Reading(*(number + 0.25 for number in range(len(Reading._fields))))
PARTIAL = Reading(memory_used_bytes=0.0, disk_reads=1e15)


@pytest.mark.parametrize("reading", [WHOLE, PARTIAL, Reading()], ids=["whole", "partial", "nothing"])
def test_what_is_written_is_read(reading: Reading) -> None:
    assert read_reading(write_reading(reading)) == reading


def test_prometheus_reads_it_too() -> None:
    families = list(text_string_to_metric_families(write_reading(WHOLE)))
    found = {sample.name: (family.type, sample.value) for family in families for sample in family.samples}
    assert found == {series_name(field): (SERIES[field].kind, value) for field, value in WHOLE._asdict().items()}
    assert all(family.documentation for family in families)


def test_each_field_has_a_series() -> None:
    assert set(SERIES) == set(Reading._fields)


def test_unknown_series_are_passed_over() -> None:
    assert read_reading('up 1\nmillpond_node_disk_reads_total{of="x"} 7\n\nnoise') == Reading()


@pytest.mark.parametrize("value", ["", "many", "nan", "inf", "-1"])
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"millpond_node_disk_reads_total|could not convert"):
        read_reading(f"millpond_node_disk_reads_total {value}\n")
