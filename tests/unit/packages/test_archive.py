"""Which archives are unpacked, as which files; those that are refused are `support.zips.BAD`."""

from __future__ import annotations

import io
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from millpond.packages.archive import check, judge, read
from millpond.packages.zipformat import ArchiveError
from support import zips


@pytest.mark.parametrize("case", zips.BAD)
def test_a_bad_archive_is_refused(case: str) -> None:
    make, words = zips.BAD[case]
    with pytest.raises(ArchiveError) as refused:
        check(io.BytesIO(make()))
    assert words in str(refused.value)


def test_what_an_application_unpacks_to() -> None:
    file = io.BytesIO(zips.app(b"text"))
    contents = check(file)
    assert contents.directories == (("bin",),)
    assert [(one.parts, one.executable) for one in contents.files] == [
        (("bin", "run"), True),
        (("a", "b", "data"), False),
    ]
    assert contents.size == 14
    assert b"".join(read(file, contents.files[1])) == b"text"


def test_an_empty_archive_is_an_application_without_files() -> None:
    assert check(io.BytesIO(zips.packed([]))).files == ()


def test_marks_that_give_rights_are_not_heard() -> None:
    (file,) = judge(io.BytesIO(zips.one("a", stat.S_IFREG | 0o6777))).files
    assert file.executable


def test_a_small_file_may_be_packed_as_well_as_it_can_be() -> None:
    assert check(io.BytesIO(zips.one(content=bytes(zips.BOMB)))).size == zips.BOMB


PARTS = st.sampled_from(["a", "b", "..", ".", "", "a\\b", "~", "con:", "\x01"])


@settings(max_examples=100)
@given(st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join), max_size=4, unique=True))
def test_what_is_accepted_lies_inside_and_apart(names: list[str]) -> None:
    try:
        contents = check(io.BytesIO(zips.packed([(name, b"x" * (not name.endswith("/")), 0) for name in names])))
    except ArchiveError:
        return
    paths = [file.parts for file in contents.files]
    assert len(set(paths)) == len(paths)
    for parts in (*paths, *contents.directories):
        assert not {"", ".", ".."} & set(parts)
        assert all(parts[:depth] not in paths for depth in range(1, len(parts)))
