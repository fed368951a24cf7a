"""Whether a job's release task is to run on a node (reference §4.9): at most once, and where the job left something.

Where the job was prepared and no task of it ran, because the job ended meanwhile, there is something to release too.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from millpond.lifecycle.run import Run, RunState


class Release(Enum):
    """How far the release is."""

    NONE = auto()
    """The node has nothing to release."""
    OWED = auto()
    """It is to run when the job's tasks have ended."""
    RUNNING = auto()
    DONE = auto()
    """Successful or not: it is not tried again."""


def judge_release(preparations: Iterable[Run], release: Run | None, *, waits: bool) -> Release:
    """How far it is, by the node's preparations and the release task's own run.

    `waits`: tasks wait for the success of the preparation, so that none has run where it failed.
    """
    if release is not None and release.completed:
        return Release.DONE
    if release is not None and release.state is RunState.RUNNING:
        return Release.RUNNING
    left = (RunState.SUCCEEDED,) if waits else (RunState.SUCCEEDED, RunState.FAILED)
    return Release.OWED if any(run.state in left for run in preparations) else Release.NONE
