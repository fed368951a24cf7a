"""The names that the language gives: service variables, with their other names, and constants.

Letter case: the variables a formula sets match in any case, and so do constants; those that it only reads match as
documented, so that `$pendingTasks` is a name users may have for their own. Source: azure-batch-semantics §5.5, §5.11.
"""

from __future__ import annotations

from millpond.formula.values import TICKS, DeallocationOption, TimeInterval, Value

TARGET_DEDICATED = "$TargetDedicatedNodes"
TARGET_LOW_PRIORITY = "$TargetLowPriorityNodes"
DEALLOCATION_OPTION = "$NodeDeallocationOption"
TASK_SLOTS = "$TaskSlotsPerNode"

SETTABLE = {
    **dict.fromkeys(("$targetdedicatednodes", "$targetdedicated"), TARGET_DEDICATED),
    **dict.fromkeys(("$targetlowprioritynodes", "$targetlowpriority"), TARGET_LOW_PRIORITY),
    DEALLOCATION_OPTION.lower(): DEALLOCATION_OPTION,
}
"""What a formula sets, by its names in small letters."""

_SAMPLED = (
    "$CPUPercent",
    "$WallClockSeconds",
    "$MemoryBytes",
    "$DiskBytes",
    "$DiskReadBytes",
    "$DiskWriteBytes",
    "$DiskReadOps",
    "$DiskWriteOps",
    "$NetworkInBytes",
    "$NetworkOutBytes",
    "$SampleNodeCount",
    "$ActiveTasks",
    "$RunningTasks",
    "$PendingTasks",
    "$SucceededTasks",
    "$FailedTasks",
    "$CurrentDedicatedNodes",
    "$CurrentLowPriorityNodes",
    "$UsableNodeCount",
    "$PreemptedNodeCount",
)
SAMPLED = {
    **{name: name for name in _SAMPLED},
    "$CurrentDedicated": "$CurrentDedicatedNodes",
    "$CurrentLowPriority": "$CurrentLowPriorityNodes",
}
"""What has samples, by its names."""

READ_ONLY = (*SAMPLED, TASK_SLOTS)

_TICKS_OF = {
    "TimeInterval_Zero": 0,
    "TimeInterval_100ns": 1,
    "TimeInterval_Microsecond": TICKS // 1_000_000,
    "TimeInterval_Millisecond": TICKS // 1_000,
    "TimeInterval_Second": TICKS,
    "TimeInterval_Minute": 60 * TICKS,
    "TimeInterval_Hour": 3_600 * TICKS,
    "TimeInterval_Day": 86_400 * TICKS,
    "TimeInterval_Week": 7 * 86_400 * TICKS,
    "TimeInterval_Year": 365 * 86_400 * TICKS,
}
INTERVALS = {name: TimeInterval(ticks) for name, ticks in _TICKS_OF.items()}
OPTIONS = {option.value: option for option in DeallocationOption}
CONSTANTS: dict[str, Value] = {
    **{name.lower(): interval for name, interval in INTERVALS.items()},
    **OPTIONS,
}
"""By names in small letters."""

NAMES = (TARGET_DEDICATED, TARGET_LOW_PRIORITY, DEALLOCATION_OPTION, *READ_ONLY, *INTERVALS, *OPTIONS)
"""All of them as documented, for suggestions."""
