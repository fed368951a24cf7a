"""What a job's preparation on a node means for its tasks there, and whether it is to run (reference §4.9).

A start of the node is told by its node Pod: one that was replaced is a reboot. The runs' own Pods are all there is to
know, so nothing needs to be written down.
"""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from millpond.lifecycle.run import Run, RunState


class Preparation(Enum):
    """How the node stands with the job."""

    ABSENT = auto()
    """The next task of the job there has it run first."""
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    """For good, if tasks wait for it: the node is barred to the job until another one takes its place."""


class PreparationFacts(msgspec.Struct, frozen=True, gc=False):
    """`current` is the run of the node's present start, `earlier` are those of its starts before."""

    waits: bool
    """The job's tasks wait for its success."""
    reruns: bool
    """It runs again where the node has started anew since it succeeded."""
    current: Run | None = None
    earlier: tuple[Run, ...] = ()


def judge_preparation(facts: PreparationFacts) -> Preparation:
    """How the node stands. A run that was lost, or cut off by a reboot, counts for nothing."""
    if facts.waits and any(run.state is RunState.FAILED for run in facts.earlier):
        return Preparation.FAILED
    current = facts.current.state if facts.current is not None else RunState.LOST
    match current:
        case RunState.RUNNING:
            return Preparation.RUNNING
        case RunState.SUCCEEDED:
            return Preparation.DONE
        case RunState.FAILED:
            return Preparation.FAILED
    done_before = not facts.reruns and any(run.completed for run in facts.earlier)
    return Preparation.DONE if done_before else Preparation.ABSENT
