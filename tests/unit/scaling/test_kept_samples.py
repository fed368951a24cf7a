"""Samples of an earlier life: joined by time, whatever was left where."""

from __future__ import annotations

from millpond.scaling.kept_samples import KeptSamples, Reading
from millpond.scaling.sample_blocks import write_block
from support.formulas import some_rows


def read(**blocks: bytes) -> KeptSamples:
    reading = Reading()
    for name, block in blocks.items():
        reading.add(name.removeprefix("_"), block)
    return reading.kept()


def test_an_hour_that_lies_in_both_places_is_there_once() -> None:
    hour = write_block(some_rows(3600, 120))
    kept = read(_0=write_block(some_rows(0, 120)), _3600=hour, current=hour)
    assert list(kept.rows.times) == list(range(0, 7200, 30))
    assert set(kept.sealed) == {0, 3600}
    assert kept.sealed[3600] == len(hour)
    assert kept.trouble == ""


def test_a_block_that_cannot_be_read_is_left_out_and_told_and_known_as_sealed() -> None:
    kept = read(_0=b"spoilt", current=write_block(some_rows(3600, 2)))
    assert list(kept.rows.times) == [3600, 3630]
    assert kept.sealed == {0: 6}
    assert kept.trouble.startswith("Samples cannot be read and are dropped: 0 (Error -3 while decompressing data")


def test_nothing_kept_is_no_trouble() -> None:
    kept = read()
    assert (len(kept.rows), kept.sealed, kept.trouble) == (0, {}, "")
