"""Figures as a table of Markdown: what was measured, against which bar, and its ratio to the yardstick of the run."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = "| figure | measured | ratio | to reach |\n|---|---:|---:|---|"


@dataclass(frozen=True)
class Figure:
    """One line. `ratio` is measured in the same run against what the machine can do; "" where none makes sense."""

    name: str
    measured: str
    ratio: str = ""
    bar: str = ""
    met: bool | None = None

    def row(self) -> str:
        """The line of the table; a bar that was missed is named as such."""
        verdict = "" if self.met is None else (", reached" if self.met else ", **missed**")
        return f"| {self.name} | {self.measured} | {self.ratio} | {self.bar}{verdict} |"


def show(about: str, figures: Sequence[Figure]) -> None:
    """Print a table, with what it is about above it."""
    print(f"\n{about}\n\n{HEAD}", flush=True)
    for figure in figures:
        print(figure.row(), flush=True)


def machine() -> str:
    """The machine in one line, with how busy it was."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, load {load:.1f} at the start"


def yardstick() -> float:
    """Seconds of CPU for a million additions."""
    before = time.process_time()
    sum(range(1_000_000))
    return time.process_time() - before


def resident() -> float:
    """Megabytes (10^6 bytes) in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
