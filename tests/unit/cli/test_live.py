"""The picture of a job's progress on a terminal."""

from __future__ import annotations

import io

from millpond.cli.live import LiveView, picture
from rich.console import Console

from .test_progress import BAD, GOOD, job, progress, task


def test_the_picture_shows_state_tallies_running_tasks_and_failures() -> None:
    running = [task(f"r{n}", "Running", nodeName="render-a", startTime="2026-11-24T17:59:00Z") for n in range(1, 11)]
    seen = progress(task("good", **GOOD), task("bad", **BAD), *running)
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None, legacy_windows=False)
    console.print(picture(seen, 65, 1_795_543_200.0))
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert lines[0] == "Job frames on pool render  Active"
    assert lines[1].endswith("1:05")
    assert lines[2] == "2/12 done, 1 failed, 10 running"
    assert lines[3].split() == ["▸", "r1", "render-a", "running", "60s"]
    assert lines[11] == "  and 2 more"
    assert lines[12] == "✗ bad FailureExitCode: It exited with 3."


def test_the_last_picture_stays() -> None:
    out = io.StringIO()
    view = LiveView(Console(file=out, width=80, force_terminal=True, color_system=None, legacy_windows=False))
    seen = progress(task("good", **GOOD), of=job("Completed"))
    view.show(seen, 1)
    view.close(seen, 2)
    assert out.getvalue().rstrip().endswith("1/1 done\n\x1b[?25h") or "1/1 done" in out.getvalue().splitlines()[-1]
