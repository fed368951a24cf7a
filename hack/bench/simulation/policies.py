"""Ways to size a pool: a formula, as the operator follows it, and what node autoscalers commonly do."""

from __future__ import annotations

import math

from millpond.api.autoscale import AutoScale, AutoScaleRun
from millpond.formula import Inputs
from millpond.scaling.autoscale import due_at, run
from millpond.scaling.samples import Histories, SampleStore

from .farm import SLOTS, Farm

SAMPLE_SECONDS = 30.0
IDLE_SECONDS = 600.0
START = 1_700_000_000
"""The beginning of the week, in seconds since 1970."""

FORMULA = """
$samples = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 5);
$tasks = $samples < 70 ? max(0, $PendingTasks.GetSample(1))
  : max($PendingTasks.GetSample(1), avg($PendingTasks.GetSample(TimeInterval_Minute * 5)));
$TargetDedicatedNodes = min(60, ($tasks + $TaskSlotsPerNode - 1) / $TaskSlotsPerNode);
$NodeDeallocationOption = taskcompletion;
"""


class FollowFormula:
    """Samples every 30 s, an evaluation every five minutes."""

    def __init__(self, formula: str = FORMULA) -> None:
        self._wanted = AutoScale.model_validate({"formula": formula, "evaluationIntervalSeconds": 300})
        self._store = SampleStore()
        self._last: AutoScaleRun | None = None
        self._target = 0
        self.evaluations = 0

    def look(self, farm: Farm, now: float) -> float:
        """Take a sample, and evaluate where that is due."""
        at = START + int(now)
        values = {
            "$PendingTasks": farm.pending,
            "$ActiveTasks": len(farm.queue),
            "$RunningTasks": farm.running,
            "$CurrentDedicatedNodes": len(farm.nodes),
        }
        self._store.record(at, values)
        if at >= due_at(self._wanted, self._last, at):
            found = run(self._wanted, Inputs(at, self._target, 0, SLOTS, Histories(self._store), lambda: 0.5))
            if found.told.error is not None:
                raise SystemExit(f"the formula failed: {found.message}")
            self._last, self._target = found.told, found.target_dedicated
            self.evaluations += 1
        farm.resize(self._target, now)
        return now + SAMPLE_SECONDS


class IdleTimeout:
    """A node for each task that finds none, at once; a node that was idle for ten minutes goes."""

    def look(self, farm: Farm, now: float) -> float:
        """Grow by what waits, shrink by what is idle."""
        for node in farm.staying:
            if node.ready and node.used == 0 and now - node.idle_since >= IDLE_SECONDS:
                farm.remove(node, now)
        farm.resize(max(len(farm.staying), math.ceil(farm.pending / SLOTS)), now)
        return now + SAMPLE_SECONDS
