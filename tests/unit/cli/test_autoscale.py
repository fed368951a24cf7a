"""`pool autoscale`: what is asked, and what is wrong with the asking."""

from __future__ import annotations

from pathlib import Path

from .conftest import Shell


def test_what_to_evaluate_must_be_said(shell: Shell) -> None:
    answer = shell("pool", "autoscale", "evaluate")
    assert answer.exit_code == 2
    assert "give the name of a pool, or --samples FILE" in answer.stderr


def test_a_file_that_is_not_there(shell: Shell, tmp_path: Path) -> None:
    for option in ("-f", "--samples"):
        answer = shell("pool", "autoscale", "evaluate", "p", option, str(tmp_path / "none"))
        assert answer.exit_code == 1
        assert "cannot be read: No such file or directory." in answer.stderr


def test_a_file_that_is_no_export_of_samples(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "s").write_text('{"pool": "p"}')
    answer = shell("pool", "autoscale", "evaluate", "--samples", str(tmp_path / "s"))
    assert answer.exit_code == 1
    assert "is no export of samples: Object missing required field `time`." in answer.stderr
    assert "millpond pool autoscale samples POOL" in answer.stderr


def test_a_pool_that_is_not_there(shell: Shell) -> None:
    assert "There is no pool p in namespace team." in shell("pool", "autoscale", "samples", "p").stderr
