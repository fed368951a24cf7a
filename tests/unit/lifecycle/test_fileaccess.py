"""The exit codes by which agents say why a file cannot be had."""

from __future__ import annotations

from millpond.lifecycle import fileaccess


def test_each_reason_has_a_code_of_its_own() -> None:
    """0 is success, 1 any other refusal, 2 wrong arguments."""
    codes = [fileaccess.NO_DIRECTORY, fileaccess.NO_FILE, fileaccess.NO_SUCH_RANGE]
    assert len({0, 1, 2, *codes}) == 6
