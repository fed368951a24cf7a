"""Running checks: one line each, the tool's own words on failure, all of them run."""

import sys
from pathlib import Path

from checks.running import Check, Command, Result, found, run_all


def outcome(*checks: Check) -> tuple[bool, list[str]]:
    lines: list[str] = []
    return run_all(checks, lines.append, workers=2), lines


def a_command(code: str, silent: bool = False, **environment: str) -> Command:
    return Command((sys.executable, "-c", code), Path("/"), environment, silent)


def test_each_check_has_its_line_in_order() -> None:
    slow = Check("slow", a_command("import time; time.sleep(0.2)"))
    passed, lines = outcome(slow, Check("fast", lambda: Result(True)))
    assert passed
    assert [line.split()[:2] for line in lines] == [["ok", "slow"], ["ok", "fast"]]
    assert all(line.endswith(" s") for line in lines)


def test_a_failure_shows_the_tool_s_words_and_the_others_run_on() -> None:
    passed, lines = outcome(
        Check("bad", a_command("import sys; print('line 3: oops'); sys.exit(2)")), Check("good", lambda: Result(True))
    )
    assert not passed
    assert lines[0].startswith("FAIL  bad")
    assert lines[1] == "line 3: oops"
    assert lines[2].startswith("ok    good")


def test_a_tool_that_is_missing_fails_with_its_remedy() -> None:
    passed, lines = outcome(Check("none", Command(("/no/such/tool",), Path("/"))))
    assert not passed
    assert "hack/install" in lines[1]


def test_a_silent_tool_fails_when_it_speaks() -> None:
    assert not a_command("print('main.go')", silent=True)().passed
    assert a_command("pass", silent=True)().passed


def test_environment_reaches_the_tool() -> None:
    assert a_command("import os; print(os.environ['X'])", X="seen")().output == "seen\n"


def test_notes_are_shown_though_all_is_well() -> None:
    passed, lines = outcome(Check("sizes", lambda: found([], ["f has 41 lines"])))
    assert passed
    assert "note: f has 41 lines" in lines[1]


def test_faults_fail() -> None:
    assert found(["a", "b"]) == Result(False, "a\nb")
