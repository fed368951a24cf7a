"""Which tasks have ended on one node, each counted once, whatever becomes of the operator.

Each end has a number of its node's own, which the Task's status tells with the end itself. The node's status tells its
totals together with the number up to which they count; so what ended after that is found again from the Tasks. What the
totals are: azure-batch-semantics §2.19.
"""

from __future__ import annotations

from collections import deque

import msgspec

from millpond.api.computenode import MOST_RECENT, NodeTotals, RecentTask
from millpond.api.reasons import TaskResult


class Ended(msgspec.Struct, frozen=True, gc=False):
    """A task that has ended on the node; `exit_code` is None where no process ended.

    `subtask` is which instance of a multi-instance task it was; 0 for its primary, and for any other task.
    """

    job: str
    task: str
    result: TaskResult
    exit_code: int | None = None
    subtask: int = 0


class NodeTally:
    """The totals up to a number, and what is known of later ones."""

    def __init__(self) -> None:
        self.run = 0
        self.succeeded = 0
        self.through = 0
        """The number up to which these count; none of an end that is still being written is among those."""
        self.recent: deque[Ended] = deque(maxlen=MOST_RECENT)
        """Those of them that ended last, oldest first."""
        self.whole = False
        """All Tasks have been asked, once, for ends that an earlier life of the operator wrote."""
        self._last = 0
        self._open: set[int] = set()
        self._ended: dict[tuple[int, Ended], None] = {}

    def recall(self, totals: NodeTotals, recent: tuple[RecentTask, ...]) -> None:
        """Take what the node's status tells, once, from an earlier life of the operator."""
        self.run, self.succeeded, self.through = totals.tasks_run, totals.tasks_succeeded, totals.counted_through
        self._last = max(self._last, self.through)
        self.whole = False
        self.recent.clear()
        self.recent.extend(
            Ended(one.job_name, one.task_name, one.result, one.exit_code, one.subtask_id or 0)
            for one in reversed(recent)
        )

    def begin_after(self, number: int) -> None:
        """Ends up to that number are a former node's, and there are no others yet."""
        self.whole = True
        self.through = self._last = max(self._last, number)

    def begin(self) -> int:
        """A number for an end that is going to be written."""
        self._last += 1
        self._open.add(self._last)
        return self._last

    def drop(self, number: int) -> None:
        """That end was not written, and will not be."""
        self._open.discard(number)

    def end(self, number: int, ended: Ended) -> None:
        """The Task itself tells of that end; telling it again changes nothing."""
        self._open.discard(number)
        if number > self.through:
            self._ended[number, ended] = None
            self._last = max(self._last, number)

    def settle(self) -> None:
        """Count what has ended, up to the first end that is still being written."""
        bound = min(self._open) - 1 if self._open else self._last
        for key in sorted((key for key in self._ended if key[0] <= bound), key=lambda key: key[0]):
            del self._ended[key]
            self.through, ended = key
            self.run += 1
            self.succeeded += ended.result is TaskResult.SUCCESS
            self.recent.append(ended)
