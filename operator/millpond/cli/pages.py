"""What `show` prints of one object: how it is, why, and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from millpond.cli.ages import duration, seconds_between
from millpond.cli.columns import Document, at, condition, task_state, text
from millpond.cli.schedule_page import schedule_page

Line = tuple[str, str]
LABEL_WIDTH = 16


def page(noun: str, document: Document, now: float) -> list[str]:
    """The lines of the object's page."""
    rows, next_step = _PAGES[noun](document, now)
    head: list[Line] = [("Name", document["metadata"]["name"]), ("Namespace", document["metadata"]["namespace"])]
    lines = [f"{label + ':':<{LABEL_WIDTH}}{value}" for label, value in [*head, *rows] if value != ""]
    lines += _conditions(document, now)
    if next_step:
        lines += ["", f"{'Next:':<{LABEL_WIDTH}}{next_step}"]
    return lines


def _conditions(document: Document, now: float) -> list[str]:
    conditions = at(document, "status", "conditions") or []
    if not conditions:
        return ["", "Nothing has looked at it yet: is the Millpond operator running?"]
    lines = ["", "Conditions:"]
    for found in conditions:
        age = duration(seconds_between(found.get("lastTransitionTime"), None, now))
        lines.append(f"  {found['type']}={found['status']} ({found['reason']}, {age})")
        lines += [f"    {line}" for line in (found.get("message") or "").splitlines()]
    return lines


def _when(document: Document, field: str, now: float) -> str:
    moment = at(document, "status", field)
    return f"{moment} ({duration(seconds_between(moment, None, now))} ago)" if moment else ""


def _took(document: Document, now: float) -> str:
    return duration(seconds_between(at(document, "status", "startTime"), at(document, "status", "endTime"), now))


def _counts(counts: Document | None) -> str:
    """What is not nought; the sum of what has ended is left out."""
    told = {name: amount for name, amount in (counts or {}).items() if amount and name != "completed"}
    return ", ".join(f"{amount} {_words(name)}" for name, amount in told.items())


def _slots_asked(status: Document) -> str:
    """The slots that the tasks require; "" where each takes one."""
    slots = status.get("taskSlotCounts")
    return _counts(slots) if slots != status.get("taskCounts") else ""


def _words(name: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name)


def _failure(failure: Document | None) -> list[Line]:
    if not failure:
        return []
    return [("Failure", f"{failure['code']} ({failure['category']})"), ("Because", text(failure.get("message")))]


def _formula(document: Document) -> list[Line]:
    """When a pool's formula was evaluated last, and what came of it; its faults are in a condition."""
    run = at(document, "status", "autoScaleRun")
    return [("Evaluated", run["time"]), ("Results", run.get("results", ""))] if run else []


def _low_priority(status: Document) -> list[Line]:
    """A pool's low-priority nodes, where it has or wants any."""
    current, target = status.get("currentLowPriorityNodes", 0), status.get("targetLowPriorityNodes", 0)
    if not current and not target:
        return []
    states = _counts(at(status, "nodeCounts", "lowPriority"))
    return [("Low-priority nodes", f"{current} of {target} wanted"), ("Low-priority states", states)]


def _pool(document: Document, _: float) -> tuple[list[Line], str]:
    status, name = document.get("status") or {}, document["metadata"]["name"]
    errors = [(f"Resize error {e['code']}", e.get("message", "")) for e in status.get("resizeErrors") or ()]
    rows: list[Line] = [
        ("Display name", text(at(document, "spec", "displayName"))),
        ("State", text(status.get("state"))),
        ("Allocation", text(status.get("allocationState"))),
        ("Nodes", f"{status.get('currentDedicatedNodes', 0)} of {status.get('targetDedicatedNodes', 0)} wanted"),
        ("Node states", _counts(at(status, "nodeCounts", "dedicated"))),
        *_low_priority(status),
        ("Slots", f"{at(status, 'taskSlotCounts', 'used') or 0} of {at(status, 'taskSlotCounts', 'total') or 0} used"),
        ("Slots per node", text(at(document, "spec", "taskSlotsPerNode"))),
        ("Tasks", _counts(status.get("taskCounts")) or "none"),
        ("Image", text(at(document, "spec", "nodeTemplate", "image"))),
        ("Start task", text(at(document, "spec", "startTask", "commandLine"))),
        *_formula(document),
        *errors,
    ]
    ready = condition(document, "Ready")
    well = ready is None or ready["status"] == "True"
    return rows, "" if well else f"millpond node list --pool {name} -o wide"


def _node(document: Document, now: float) -> tuple[list[Line], str]:
    status, name = document.get("status") or {}, document["metadata"]["name"]
    start = status.get("startTask") or {}
    outcome = " ".join(
        part
        for part in (
            text(start.get("state")),
            text(start.get("result")),
            f"exit code {start['exitCode']}" if start.get("exitCode") is not None else "",
            f"after {start['retryCount']} retries" if start.get("retryCount") else "",
        )
        if part
    )
    rows: list[Line] = [
        ("Pool", text(at(document, "spec", "poolName"))),
        ("State", text(status.get("state"))),
        ("Host", text(status.get("hostName"))),
        ("Pod", text(status.get("podName"))),
        ("Address", text(status.get("ipAddress"))),
        ("Slots", f"{at(status, 'slots', 'used') or 0} of {at(status, 'slots', 'total') or 0} used"),
        ("Offers", ", ".join(f"{amount} {what}" for what, amount in (status.get("resources") or {}).items())),
        (
            "Tasks run",
            f"{at(status, 'totals', 'tasksRun') or 0}, {at(status, 'totals', 'tasksSucceeded') or 0} succeeded",
        ),
        ("Recent tasks", ", ".join(f"{one['taskName']} {one['result']}" for one in status.get("recentTasks") or ())),
        ("Joined", _when(document, "allocationTime", now)),
        ("Started", _when(document, "lastBootTime", now)),
        ("Outdated", "its pool was changed since it started" if status.get("outdated") else ""),
        ("Start task", outcome),
        *_failure(start.get("failure")),
        *[("Preparation", f"{job['jobName']}: {_outcome(job.get('preparation'))}") for job in status.get("jobs") or ()],
        *[(f"Error {error['code']}", error.get("message", "")) for error in status.get("errors") or ()],
    ]
    if status.get("state") == "StartTaskFailed":
        return rows, f"millpond node files get {name} 'startup/*.txt'"
    if at(document, "spec", "schedulable") is False:
        return rows, f"millpond node enable {name}"
    return rows, f"millpond node reboot {name}" if status.get("outdated") else ""


def _outcome(run: Document | None) -> str:
    """How a command that the service runs went, in few words."""
    if not run or run["state"] != "Completed":
        return "runs"
    return (
        "succeeded" if run.get("result") == "Success" else f"failed (exit code {text(run.get('exitCode')) or 'none'})"
    )


def _job(document: Document, now: float) -> tuple[list[Line], str]:
    status, name = document.get("status") or {}, document["metadata"]["name"]
    most = at(document, "spec", "maxParallelTasks")
    rows: list[Line] = [
        ("Display name", text(at(document, "spec", "displayName"))),
        ("State", text(status.get("state"))),
        ("Pool", text(status.get("poolName") or at(document, "spec", "poolName"))),
        ("Priority", text(at(document, "spec", "priority") or 0)),
        ("Pre-emption", "allowed" if at(document, "spec", "allowTaskPreemption") else ""),
        ("Max parallel", text(most) if most and most > 0 else ""),
        ("When all done", text(at(document, "spec", "onAllTasksComplete"))),
        ("Tasks", _counts(status.get("taskCounts")) or "none"),
        ("Slots", _slots_asked(status)),
        ("Started", _when(document, "startTime", now)),
        ("Ended", _when(document, "endTime", now)),
        ("Took", _took(document, now)),
        ("Ended because", text(status.get("terminateReason"))),
    ]
    if at(status, "taskCounts", "failed"):
        return rows, f"millpond task list --job {name} --result Failure -o wide"
    return rows, "" if status.get("state") == "Completed" else f"millpond job watch {name}"


def _depends_on(document: Document) -> str:
    """Ids, and ranges of them, that the task waits for."""
    needs = at(document, "spec", "dependsOn") or {}
    ranges = [f"{each['start']} to {each['end']}" for each in needs.get("taskIdRanges") or ()]
    return ", ".join([*(needs.get("taskIds") or ()), *ranges])


def _best_run_on(document: Document) -> str:
    affinity = at(document, "spec", "affinity") or {}
    if affinity.get("taskName"):
        return f"the node of task {affinity['taskName']}"
    return text(affinity.get("nodeName"))


def _task(document: Document, now: float) -> tuple[list[Line], str]:
    status, name = document.get("status") or {}, document["metadata"]["name"]
    rows: list[Line] = [
        ("Id", text(at(document, "spec", "id"))),
        ("Display name", text(at(document, "spec", "displayName"))),
        ("Job", text(at(document, "spec", "jobName"))),
        ("Command", text(at(document, "spec", "commandLine"))),
        ("Image", text(at(document, "spec", "containerSettings", "imageName"))),
        ("Slots", text(at(document, "spec", "requiredSlots") or 1)),
        ("Instances", text(at(document, "spec", "multiInstanceSettings", "numberOfInstances"))),
        ("Depends on", _depends_on(document)),
        ("Best run on", _best_run_on(document)),
        ("State", task_state(document)),
        ("Result", text(status.get("result"))),
        ("Exit code", text(status.get("exitCode"))),
        *_failure(status.get("failure")),
        ("Attempt", text(status.get("attempt") or "")),
        ("Retries", text(status.get("retryCount") or "")),
        ("Requeues", text(status.get("requeueCount") or "")),
        ("Node", text(status.get("nodeName"))),
        ("Pod", text(status.get("podName"))),
        ("Started", _when(document, "startTime", now)),
        ("Ended", _when(document, "endTime", now)),
        ("Took", _took(document, now)),
        ("Directory", text(status.get("directory"))),
    ]
    match status.get("state"), status.get("result"):
        case "Completed", "Success":
            return rows, f"millpond task stdout {name}"
        case "Completed", _:
            return rows, f"millpond task stderr {name}" if status.get("exitCode") is not None else ""
        case "Running", _:
            return rows, f"millpond task stdout -f {name}"
        case _:
            return rows, f"millpond explain task {name}"


_PAGES: dict[str, Callable[[Document, float], tuple[list[Line], str]]] = {
    "pool": _pool,
    "node": _node,
    "job": _job,
    "schedule": schedule_page,
    "task": _task,
}
