"""The gates of multi-instance tasks on simulated hosts: who may run what, and who ends with whom.

No instance runs anything before all of one gathering have started; the primary's command takes its time from then on,
and the others end with it. One that nobody tells goes on until it is stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from millpond.api import labels

from support.model.store import Document, Key
from support.model.verbs import Verbs
from support.scheduler import is_terminal
from support.scripts import Run

NEVER = 10.0**12
COORDINATION_SECONDS = 0.1
FAILED = 3

End = tuple[int, str]
"""Exit code and the launcher's cause."""


class Lived(Protocol):
    """What is known of a Pod on its host."""

    stage: str
    began: float


class Gates:
    """All groups of a cluster."""

    def __init__(self, verbs: Verbs, lives: Mapping[Key, Lived]) -> None:
        self._verbs = verbs
        self._lives = lives

    def due(self, pod: Document, run: Run) -> float:
        """When a running instance ends by itself, as things stand."""
        if self._ended_before(pod):
            return NEVER if run.deaf else self._verbs.clock()
        opened = self._opened(pod)
        if opened is None:
            return NEVER
        if run.coordination == _instance(pod):
            return opened + COORDINATION_SECONDS
        return NEVER if _instance(pod) else opened + run.seconds

    def end(self, pod: Document, run: Run) -> End:
        """How it ends then."""
        before = self._ended_before(pod)
        if before:
            well = _instance(pod) > 0 and any(_instance(other) == 0 and _by_itself(other) for other in before)
            return (0, "Exited") if well else (143, "Group")
        return (FAILED, "Coordination") if run.coordination == _instance(pod) else (run.exit_code, run.cause)

    def _group(self, pod: Document) -> list[Document]:
        """All instances that find each other."""
        mine = _word(pod)
        return [other for other in self._verbs.store.all("pods").values() if _word(other) == mine]

    def _ended_before(self, pod: Document) -> list[Document]:
        return [other for other in self._group(pod) if is_terminal(other) and _instance(other) != _instance(pod)]

    def _opened(self, pod: Document) -> float | None:
        """When the last of them had started."""
        group = self._group(pod)
        lives = [self._lives.get((one["metadata"]["namespace"], one["metadata"]["name"])) for one in group]
        began = [life.began for life in lives if life is not None and life.stage == "running"]
        return max(began) if len(began) == int(pod["metadata"]["labels"][labels.INSTANCES]) else None


def is_part(pod: Document) -> bool:
    """True for an instance of a multi-instance task."""
    return labels.INSTANCES in (pod["metadata"].get("labels") or {})


def _instance(pod: Document) -> int:
    return int(pod["metadata"]["labels"][labels.INSTANCE])


def _word(pod: Document) -> tuple[str, ...]:
    tags = pod["metadata"].get("labels") or {}
    return tuple(tags.get(name, "") for name in (labels.TASK, labels.ATTEMPT, labels.GATHERING))


def _by_itself(pod: Document) -> bool:
    """True for one whose command came to its end, however that was."""
    states = [status["state"].get("terminated") or {} for status in pod["status"].get("containerStatuses") or ()]
    return any('"cause": "Exited"' in state.get("message", "") for state in states)
