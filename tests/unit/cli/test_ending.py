"""A process that used a store ends with its exit code and all that it printed, and without winding up."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.binaries import ROOT

PROGRAM = """
import atexit, sys
from millpond.cli.ending import end_after
{store}
atexit.register(print, "wound up")
def work():
    print("done")
    {end}
end_after(work)
"""
STORE = "import obstore"


def run(store: str, end: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return ended(PROGRAM.format(store=store, end=end), stdout)


def ended(program: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT / "operator")}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )


@pytest.mark.parametrize(
    ("store", "end", "code", "printed"),
    [
        (STORE, "sys.exit(0)", 0, "done\n"),
        (STORE, "sys.exit()", 0, "done\n"),
        (STORE, "sys.exit(3)", 3, "done\n"),
        (STORE, "sys.exit('why')", 1, "done\n"),
        (STORE, "raise ValueError('why')", 1, "done\n"),
        (STORE, "pass", 0, "done\n"),
        ("", "sys.exit(3)", 3, "done\nwound up\n"),
        ("", "raise ValueError('why')", 1, "done\nwound up\n"),
        ("", "pass", 0, "done\nwound up\n"),
    ],
)
def test_how_it_ends(store: str, end: str, code: int, printed: str) -> None:
    done = run(store, end)
    assert (done.returncode, done.stdout) == (code, printed)
    assert ("why" in done.stderr) is ("why" in end)


def test_the_command_line_ends_so() -> None:
    program = """
import atexit, sys
import obstore
from millpond.cli.main import main
atexit.register(print, "wound up")
sys.argv = ["millpond", "version"]
main()
"""
    done = ended(program)
    assert (done.returncode, done.stdout.split()[0]) == (0, "millpond")
    assert "wound up" not in done.stdout


def test_output_that_reached_nobody_is_told() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert run(STORE, "sys.exit(0)", full.fileno()).returncode == 1
