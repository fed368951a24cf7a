"""The test ladder: its levels, its lines, its end."""

import sys
from pathlib import Path

import pytest
from checks.sources import ROOT
from ladder import cli
from ladder.levels import Level, Step, Track, build, levels
from ladder.running import Run, climb, last_line, watch


def a_level(*codes: str, name: str = "unit") -> Level:
    return Level(name, "a level", tuple(Step((sys.executable, "-c", code), Path("/")) for code in codes))


def test_the_ladder_has_its_levels_in_order() -> None:
    assert [level.name for level in levels(ROOT)] == ["check", "unit", "laws", "component", "clusters", "e2e"]
    assert [level.name for level in levels(ROOT) if level.needs_binaries] == ["component", "clusters", "e2e"]
    assert [level.name for level in levels(ROOT) if level.track is Track.KUBELETS] == ["e2e"]


def test_the_laws_get_their_steps_and_are_no_part_of_unit() -> None:
    ladder = {level.name: level for level in levels(ROOT, 123)}
    assert any("--ignore" in step.arguments for step in ladder["unit"].steps)
    for step in ladder["laws"].steps:
        assert step.environment["MILLPOND_LAW_STEPS"] == "123"


def test_a_checkout_without_a_level_has_no_steps(tmp_path: Path) -> None:
    assert [level.name for level in levels(tmp_path) if level.steps] == ["check"]
    assert build(tmp_path) is None


def test_a_level_keeps_the_last_line_of_each_command(tmp_path: Path) -> None:
    lines: list[str] = []
    assert climb(a_level("print('3 passed')", "print('ok launcher')"), tmp_path, lines.append)
    assert lines[0] == "==    unit: a level"
    assert lines[-1].startswith("ok    unit")
    assert lines[-1].endswith("3 passed; ok launcher")


def test_a_failing_level_stops_and_shows_its_output(tmp_path: Path) -> None:
    lines: list[str] = []
    level = a_level("print('assert 1 == 2'); print('1 failed'); raise SystemExit(1)", "print('never')")
    assert not climb(level, tmp_path, lines.append)
    assert "assert 1 == 2\n1 failed" in lines
    assert lines[-1].startswith("FAIL  unit")
    assert "never" not in (tmp_path / "unit.log").read_text()


def test_a_program_that_is_missing_fails_its_level(tmp_path: Path) -> None:
    lines: list[str] = []
    assert not climb(Level("unit", "a level", (Step(("/no/such/tool",), Path("/")),)), tmp_path, lines.append)
    assert "hack/install" in lines[-1]


def test_progress_is_told_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ladder.running.HEARTBEAT_SECONDS", 0.2)
    lines: list[str] = []
    code = "import time; print('half way'); time.sleep(1)"
    assert climb(a_level(code), tmp_path, lines.append)
    assert any("half way" in line and line.startswith("  …") for line in lines)


def test_an_interrupted_run_leaves_no_process(tmp_path: Path) -> None:
    run = Run("long", a_level("import time; time.sleep(600)").steps[0], tmp_path / "log")

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    run.wait = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        watch(run, interrupt)
    assert run._process.poll() is not None


def test_the_last_line_is_the_last_that_says_something(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\n5 passed in 1s\n\n  \n")
    assert last_line(tmp_path / "log") == "5 passed in 1s"


def test_all_levels_are_climbed_and_failures_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "LOGS", tmp_path)
    bad, good = a_level("raise SystemExit(1)", name="unit"), a_level("print('fine')", name="laws")
    assert cli.run([bad, good, Level("e2e", "nothing yet", ())]) == 1
    printed = capsys.readouterr().out
    assert "ok    laws" in printed
    assert "none  e2e" in printed
    assert "FAILED: unit" in printed
    assert cli.run([good]) == 0


def test_a_failed_build_fails_the_levels_that_need_it_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "LOGS", tmp_path)
    monkeypatch.setattr(cli, "build", lambda _: a_level("print('no compiler'); raise SystemExit(1)").steps[0])
    needs = Level("e2e", "a level", a_level("print('ran')").steps, needs_binaries=True)
    assert cli.run([a_level("print('fine')"), needs]) == 1
    printed = capsys.readouterr().out
    assert "no compiler" in printed
    assert "FAILED: e2e" in printed
    assert "ran" not in printed


def test_tracks_are_climbed_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each waits for a file that the other makes."""
    monkeypatch.setattr(cli, "LOGS", tmp_path)
    monkeypatch.setattr(cli, "build", lambda _: a_level("print('built')").steps[0])
    code = "import pathlib, time; pathlib.Path({0!r}).touch()\nwhile not pathlib.Path({1!r}).exists(): time.sleep(0.01)"
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    fails = code.format(other, one) + "\nraise SystemExit(1)"
    pair = [("component", "a level", code.format(one, other)), ("e2e", "a level", fails)]
    tracks = (Track.SERVERS, Track.KUBELETS)
    both = [Level(*named, a_level(text).steps, True, track) for (*named, text), track in zip(pair, tracks, strict=True)]
    assert cli.run(both) == 1
    printed = capsys.readouterr().out
    assert "ok    component" in printed
    assert "FAILED: e2e," in printed


@pytest.mark.parametrize("arguments", [["nonsense"], ["--steps", "x"]])
def test_a_wrong_call_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        cli.main(arguments)
    assert refused.value.code == 2
