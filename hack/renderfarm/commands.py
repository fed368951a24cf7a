"""How the demonstration runs other programs: one door, so that tests can record what would be run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nativecluster.progress import ClusterError


class Commands(Protocol):
    """What clusters and phases need of the world's programs."""

    def run(self, *command: str, show: bool = False, text: str | None = None) -> str:
        """The standard output of a command that must succeed; with `show`, it goes to the terminal instead."""

    def succeeds(self, *command: str) -> bool:
        """Whether the command is there and ends with 0."""


@dataclass(frozen=True)
class Programs:
    """The real door. `environment` is added to this process's own."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str, show: bool = False, text: str | None = None) -> str:
        result = subprocess.run(
            command,
            check=False,
            text=True,
            input=text,
            stdin=None if text is not None else subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE,
            stderr=None if show else subprocess.PIPE,
            env={**os.environ, **self.environment},
        )
        if result.returncode:
            said = "" if show else f": {result.stderr.strip() or result.stdout.strip()}"
            raise ClusterError(f"{_short(command)} failed with exit code {result.returncode}{said}")
        return result.stdout or ""

    def succeeds(self, *command: str) -> bool:
        if shutil.which(command[0]) is None:
            return False
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _short(command: Sequence[str]) -> str:
    name = command[0].rpartition("/")[2]
    return " ".join([name, *command[1:6], *(["…"] if len(command) > 6 else [])])
