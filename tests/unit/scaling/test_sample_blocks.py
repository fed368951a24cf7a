"""Samples as bytes: what is read is what was written, and what is no block is refused with a reason."""

from __future__ import annotations

import zlib
from base64 import b64encode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.scaling.sample_blocks import CorruptBlockError, read_block, write_block
from millpond.scaling.samples import VARIABLES, SampleStore
from support.formulas import some_rows

VALUE = st.none() | st.floats(-1e30, 1e30)


@given(st.lists(st.tuples(st.integers(1, 1000), st.dictionaries(st.sampled_from(VARIABLES), VALUE)), max_size=30))
def test_there_and_back(rows: list[tuple[int, dict[str, float | None]]]) -> None:
    store, time = SampleStore(), 1_800_000_000
    for step, values in rows:
        time += step
        store.record(time, {name: value for name, value in values.items() if value is not None})
    back = read_block(write_block(store))
    assert back.times == store.times
    assert {n: c.tobytes() for n, c in back.columns.items()} == {n: c.tobytes() for n, c in store.columns.items()}


def test_a_day_of_pure_noise_fits_into_an_object_of_256_kib() -> None:
    """All variables at once, none of them alike from one sample to the next: 240 KiB at most, as base64."""
    random, size = Random(1), 0
    for hour in range(24):
        store = SampleStore()
        for row in range(120):
            counts = {name: float(random.randrange(5000)) for name in VARIABLES}
            noise = {name: random.expovariate(1e-8) for name in VARIABLES if "Bytes" in name or "Ops" in name}
            store.record(hour * 3600 + row * 30, counts | noise | {"$CPUPercent": random.random()})
        size += len(b64encode(write_block(store)))
    assert 100_000 < size < 240 * 1024, f"{size} bytes of base64"


def test_an_hour_of_a_quiet_pool_is_next_to_nothing() -> None:
    quiet = dict.fromkeys((name[1:] for name in VARIABLES), 3.0)
    assert len(write_block(some_rows(0, 120, **quiet))) < 1000


def test_columns_of_another_version_are_passed_over_and_missing_ones_are_holes() -> None:
    head = b'{"version":1,"rows":1,"columns":["$NoSuchThing"]}\n'
    rows = read_block(zlib.compress(head + bytes(4) + bytes(4)))
    assert list(rows.times) == [0]
    assert set(rows.columns) == set(VARIABLES)


GOOD = write_block(some_rows(0, 5))


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b"", "cut short"),
        (b"nonsense", "incorrect header"),
        (GOOD[:-5], "cut short"),
        (zlib.compress(b"{}\n"), "missing required field"),
        (zlib.compress(b"{\n"), "truncated"),
        (zlib.compress(b'{"version":2,"rows":0,"columns":[]}\n'), "another version"),
        (zlib.compress(b'{"version":1,"rows":-1,"columns":[]}\n'), "another version"),
        (zlib.compress(b'{"version":1,"rows":2,"columns":[]}\n' + bytes(7)), "its length"),
        (zlib.compress(b'{"version":1,"rows":2,"columns":[]}\n' + bytes(8)), "do not rise"),
        (zlib.compress(b'{"version":1,"rows":1,"columns":["$CPUPercent"]}\n' + bytes(6) + b"\x80\x7f"), "infinite"),
        (zlib.compress(bytes(65 << 20)), "far too long"),
    ],
)
def test_what_is_no_block(block: bytes, why: str) -> None:
    with pytest.raises(CorruptBlockError, match=why):
        read_block(block)


@given(st.data())
def test_a_flipped_bit_is_noticed_or_harms_nobody(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    flipped = bytearray(GOOD)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = read_block(bytes(flipped))
    except CorruptBlockError:
        return
    # The last byte of what is compressed has bits that mean nothing.
    assert write_block(found) == GOOD
