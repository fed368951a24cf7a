"""What simulated containers do: how long a task runs, how it ends, what its start task does. Told by tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    """One attempt of a task on a simulated host."""

    seconds: float = 5.0
    exit_code: int = 0
    cause: str = "Exited"
    """The launcher's cause when the command ends by itself."""
    term_seconds: float = 0.2
    """How long it takes to end after TERM; None-like large values are cut by the Pod's grace."""
    oom: bool = False
    image_missing: bool = False
    coordination: int | None = None
    """The instance of a multi-instance task whose coordination command fails."""
    deaf: bool = False
    """Instances of a multi-instance task lose touch with each other: none hears of another's end."""
    fetch_seconds: float = 0.5
    """How long the download of its resource files takes, where it has any."""
    not_fetched: str = ""
    """The code with which the download of its resource files fails."""
    install_seconds: float = 0.5
    """How long the installation of its packages takes, where it has any."""
    not_installed: str = ""
    """The code with which that fails."""
    upload_seconds: float = 1.0
    """How long its output files take, where it has any."""
    upload_code: int = 0
    upload_says: str = ""
    """The last word of an upload that fails."""
    start_seconds: float = 0.4
    """From admission to the first container's start."""


@dataclass(frozen=True)
class StartRun:
    """The start task of a node."""

    seconds: float = 1.0
    exit_code: int = 0
    retries: int = 0


@dataclass
class Scripts:
    """Runs by task and attempt; the last one given serves all later attempts."""

    tasks: dict[str, list[Run]] = field(default_factory=dict)
    otherwise: Callable[[str, int], Run] = lambda task, attempt: Run()
    start_task: Callable[[str], StartRun] = lambda node: StartRun()
    failing_installs: Callable[[str], float] = lambda node: 0
    """How often the packages of a node's pool cannot be installed there."""
    job_task: Callable[[str, str, str], Run] = lambda role, job, node: Run(seconds=1.0)
    """What a job's preparation (role prep) or release (role release) task does on a node."""
    eraser: Run = Run(seconds=1.0)
    """What a Pod that erases a node directory does."""

    def run(self, task: str, attempt: int) -> Run:
        """What attempt (from 1) of the task does."""
        told = self.tasks.get(task)
        if not told:
            return self.otherwise(task, attempt)
        return told[min(max(attempt, 1), len(told)) - 1]
