"""hack/test: which levels, in which order, with what built before."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from checks.sources import ROOT

from ladder.levels import LAW_STEPS, Level, Track, build, levels
from ladder.running import Run, climb, last_line, tail, watch

LOGS = ROOT / "out" / "test"
BUILD_LINES = 60


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the levels asked for; 1 when any failed, 2 when the call itself is wrong."""
    parser = argparse.ArgumentParser(prog="hack/test", description="Runs the test ladder, or the levels named.")
    parser.add_argument("levels", nargs="*", metavar="LEVEL", help="one of its levels; default: all")
    parser.add_argument("--steps", type=int, default=LAW_STEPS, help="length of the laws' histories, in steps")
    asked = parser.parse_args(arguments)
    ladder = levels(ROOT, asked.steps)
    unknown = sorted(set(asked.levels) - {level.name for level in ladder})
    if unknown:
        parser.error(f"no such level: {', '.join(unknown)}; there are {', '.join(level.name for level in ladder)}")
    if not (ROOT / ".venv" / "bin" / "python").exists():
        say("The Python environment is missing: run hack/install first.")
        return 1
    wanted = [level for level in ladder if level.name in asked.levels or not asked.levels]
    empty = [level.name for level in wanted if not level.steps]
    if empty and asked.levels:
        parser.error(f"no tests in this checkout for: {', '.join(empty)}")
    return run(wanted)


def run(wanted: list[Level]) -> int:
    """Climb each level, whether or not one before it failed, and say what came of it."""
    started = time.monotonic()
    for level in wanted:
        if not level.steps:
            say(f"none  {level.name}: this checkout has no tests of this level")
    there = [level for level in wanted if level.steps]
    tracks = [[level for level in there if level.track is track] for track in Track]
    with building(there) as under_way, ThreadPoolExecutor(len(tracks) + 1) as threads:
        built = threads.submit(lambda: under_way is None or is_built(under_way))
        climbing = [threads.submit(climb_track, track, built) for track in tracks]
        failures = [name for track in climbing for name in track.result()]
    failed = [level.name for level in there if level.name in failures]
    outcome = f"FAILED: {', '.join(failed)}" if failed else "all passed"
    say(f"hack/test: {outcome}, in {time.monotonic() - started:.0f} s; output in {LOGS}")
    return 1 if failed else 0


def climb_track(track: list[Level], built: Future[bool]) -> list[str]:
    """Climb levels in order, those that need the cluster's programs when they are built; which of them failed."""
    return [
        level.name for level in track if (level.needs_binaries and not built.result()) or not climb(level, LOGS, say)
    ]


@contextlib.contextmanager
def building(wanted: list[Level]) -> Iterator[Run | None]:
    """Build the cluster's programs beside the lower levels, where a level above needs them."""
    step = build(ROOT) if any(level.needs_binaries and level.steps for level in wanted) else None
    if step is None:
        yield None
        return
    log = LOGS / "binaries.log"
    Path(log).unlink(missing_ok=True)
    say("==    binaries: the cluster's programs, built beside the first levels unless they are there")
    under_way = Run("binaries", step, log)
    try:
        yield under_way
    finally:
        under_way.stop()


def is_built(under_way: Run) -> bool:
    """Wait for the build; whether it went well. Its words are shown when it did not."""
    passed = watch(under_way, say)
    if not passed:
        say(tail(under_way.log, BUILD_LINES))
    seconds = time.monotonic() - under_way.started
    say(f"{'ok  ' if passed else 'FAIL'}  {under_way.name:<10} {seconds:6.1f} s  {last_line(under_way.log)}")
    return passed
