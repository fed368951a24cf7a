"""Runs checks side by side and tells of each in one line; a failing one adds its tool's own words."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """How a check went. `output` is shown when it failed, `notes` always."""

    passed: bool
    output: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A name and what to do: it tells the result, or raises OSError when its tool is missing."""

    name: str
    run: Callable[[], Result]


@dataclass(frozen=True)
class Command:
    """A tool, run at a place; it passes when it exits with 0 and, where silence is asked for, prints nothing."""

    arguments: tuple[str, ...]
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    silent: bool = False

    def __call__(self) -> Result:
        done = subprocess.run(
            self.arguments,
            cwd=self.directory,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Result(done.returncode == 0 and not (self.silent and done.stdout), done.stdout)


def found(faults: Iterable[str], notes: Iterable[str] = ()) -> Result:
    """The result of a check that lists faults."""
    lines = list(faults)
    return Result(not lines, "\n".join(lines), tuple(notes))


def run_all(checks: Iterable[Check], say: Callable[[str], None], workers: int) -> bool:
    """Run each, `workers` at a time, and say how each went as it ends; whether all passed."""
    passed = True
    with ThreadPoolExecutor(workers) as pool:
        pending = [pool.submit(_timed, check) for check in checks]
        for future in pending:
            check, result, seconds = future.result()
            passed &= result.passed
            say(f"{'ok  ' if result.passed else 'FAIL'}  {check.name:<24} {seconds:6.1f} s")
            for note in result.notes:
                say(f"        note: {note}")
            if not result.passed:
                say(result.output.rstrip() or "(no output)")
    return passed


def _timed(check: Check) -> tuple[Check, Result, float]:
    started = time.monotonic()
    try:
        result = check.run()
    except OSError as error:
        result = Result(False, f"{error}. Run hack/install, then this again.")
    return check, result, time.monotonic() - started
