"""What the tables of each noun show: columns of `list`, in `kubectl get`'s order, and what an object's row holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from millpond.cli.ages import duration, seconds_between

Document = dict[str, Any]
Cell = Callable[[Document, float], str]


def at(document: Any, *path: str | int) -> Any:
    """The value at a path of names and places; None where there is none."""
    for step in path:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int):
            document = document[step] if step < len(document) else None
        else:
            return None
    return document


def text(value: Any) -> str:
    return "" if value is None else str(value)


def condition(document: Document, kind: str) -> Document | None:
    """The condition of that type."""
    return next((c for c in at(document, "status", "conditions") or () if c["type"] == kind), None)


def task_state(document: Document) -> str:
    """The state of a Task; nothing is written of one that just waits."""
    return text(at(document, "status", "state") or "Active")


@dataclass(frozen=True)
class Column:
    """`elastic` columns are shortened first where a terminal is narrow; `wide` ones need `-o wide`."""

    header: str
    cell: Cell
    wide: bool = False
    elastic: bool = False
    right: bool = False


def _path(header: str, *path: str | int, wide: bool = False, elastic: bool = False, right: bool = False) -> Column:
    return Column(header, lambda document, _: text(at(document, *path)), wide, elastic, right)


def _count(header: str, *path: str) -> Column:
    return Column(header, lambda document, _: text(at(document, *path) or 0))


def _ratio(header: str, part: tuple[str, ...], whole: tuple[str, ...]) -> Column:
    return Column(header, lambda document, _: f"{at(document, *part) or 0}/{at(document, *whole) or 0}")


def _age(document: Document, now: float) -> str:
    return duration(seconds_between(at(document, "metadata", "creationTimestamp"), None, now))


def _reason(kind: str) -> Cell:
    return lambda document, _: text((condition(document, kind) or {}).get("reason"))


def _waits_for(document: Document, _: float) -> str:
    found = condition(document, "Scheduled")
    return text(found["reason"]) if found and found["status"] == "False" else ""


def _took(document: Document, now: float) -> str:
    return duration(seconds_between(at(document, "status", "startTime"), at(document, "status", "endTime"), now))


def _task_id(document: Document, _: float) -> str:
    return text(at(document, "spec", "id") or at(document, "metadata", "name"))


NAME = _path("NAME", "metadata", "name")
NAMESPACE = _path("NAMESPACE", "metadata", "namespace")
AGE = Column("AGE", _age)
STATE = _path("STATE", "status", "state")

COLUMNS: dict[str, tuple[Column, ...]] = {
    "pool": (
        NAME,
        STATE,
        _path("ALLOCATION", "status", "allocationState"),
        _ratio("DEDICATED", ("status", "currentDedicatedNodes"), ("status", "targetDedicatedNodes")),
        _ratio("LOW-PRIORITY", ("status", "currentLowPriorityNodes"), ("status", "targetLowPriorityNodes")),
        _ratio("SLOTS", ("status", "taskSlotCounts", "used"), ("status", "taskSlotCounts", "total")),
        _count("ACTIVE", "status", "taskCounts", "active"),
        _count("RUNNING", "status", "taskCounts", "running"),
        AGE,
        _path("IDLE", "status", "nodeCounts", "dedicated", "idle", wide=True),
        _path("PREEMPTED", "status", "nodeCounts", "lowPriority", "preempted", wide=True),
        Column("READY", _reason("Ready"), wide=True),
        Column("AUTOSCALE", _reason("AutoscaleSucceeded"), wide=True),
        _path("IMAGE", "spec", "nodeTemplate", "image", wide=True, elastic=True),
    ),
    "node": (
        NAME,
        _path("POOL", "spec", "poolName"),
        _path("CLASS", "spec", "nodeClass"),
        STATE,
        _ratio("SLOTS", ("status", "slots", "used"), ("status", "slots", "total")),
        _path("TASKS", "status", "totals", "tasksRun"),
        _path("HOST", "status", "hostName", elastic=True),
        _path("START-TASK", "status", "startTask", "result"),
        AGE,
        _path("IP", "status", "ipAddress", wide=True),
        _path("CPU", "status", "resources", "cpu", wide=True),
        _path("MEMORY", "status", "resources", "memory", wide=True),
        _path("SUCCEEDED", "status", "totals", "tasksSucceeded", wide=True),
        Column("READY", _reason("Ready"), wide=True),
        _path("OUTDATED", "status", "outdated", wide=True),
        _path("ERROR", "status", "errors", 0, "code", wide=True),
    ),
    "job": (
        NAME,
        STATE,
        _path("POOL", "spec", "poolName"),
        Column("PRIORITY", lambda document, _: text(at(document, "spec", "priority") or 0)),
        _count("ACTIVE", "status", "taskCounts", "active"),
        _count("RUNNING", "status", "taskCounts", "running"),
        _count("SUCCEEDED", "status", "taskCounts", "succeeded"),
        _count("FAILED", "status", "taskCounts", "failed"),
        AGE,
        Column("TOOK", _took, wide=True),
        _path("REASON", "status", "terminateReason", wide=True),
        _path("MAX-PARALLEL", "spec", "maxParallelTasks", wide=True),
    ),
    "schedule": (
        NAME,
        STATE,
        _path("NEXT-RUN", "status", "nextRunTime"),
        _path("RECENT-JOB", "status", "recentJobName"),
        _count("JOBS", "status", "jobsCreated"),
        AGE,
        Column("WHY", _reason("Ready"), wide=True),
        _path("INTERVAL", "spec", "schedule", "recurrenceIntervalSeconds", wide=True),
        _path("CRON", "spec", "schedule", "cron", wide=True),
        _path("TIME-ZONE", "spec", "schedule", "timeZone", wide=True),
        _path("POOL", "spec", "jobTemplate", "spec", "poolName", wide=True),
    ),
    "task": (
        NAME,
        _path("JOB", "spec", "jobName", elastic=True),
        Column("STATE", lambda document, _: task_state(document)),
        _path("RESULT", "status", "result"),
        _path("EXIT", "status", "exitCode"),
        _path("NODE", "status", "nodeName", elastic=True),
        _count("RETRIES", "status", "retryCount"),
        AGE,
        Column("TOOK", _took, wide=True),
        Column("ID", _task_id, wide=True),
        Column("REQUEUES", lambda document, _: text(at(document, "status", "requeueCount") or 0), True),
        _path("FAILURE", "status", "failure", "code", wide=True),
        Column("WAITS-FOR", _waits_for, wide=True),
        _path("POD", "status", "podName", wide=True),
        _path("COMMAND", "spec", "commandLine", wide=True, elastic=True),
    ),
}
