"""What `millpond schedule show` prints: when the next job comes, and what to do where none does."""

from __future__ import annotations

from millpond.cli.ages import duration, moment
from millpond.cli.columns import Document, at, condition, text

Line = tuple[str, str]


def schedule_page(document: Document, now: float) -> tuple[list[Line], str]:
    """The rows of the page, and the next step."""
    status, spec = document.get("status") or {}, document["spec"]
    tasks = at(spec, "jobTemplate", "tasks") or []
    rows: list[Line] = [
        ("Display name", text(spec.get("displayName"))),
        ("State", text(status.get("state"))),
        ("Due", in_words(spec.get("schedule") or {})),
        ("Next job", _when(status.get("nextRunTime"), now)),
        ("Recent job", text(status.get("recentJobName"))),
        ("Jobs made", text(status.get("jobsCreated") or 0)),
        ("Tasks of a job", ", ".join(task["metadata"]["name"] for task in tasks[:5]) + (", …" if tasks[5:] else "")),
        ("Pool", text(at(spec, "jobTemplate", "spec", "poolName"))),
        ("Ended", text(status.get("endTime"))),
    ]
    return rows, _next_step(document)


def in_words(schedule: Document) -> str:
    """A schedule's due times, in one line."""
    if schedule.get("cron"):
        words = f"cron {schedule['cron']} in {schedule.get('timeZone') or 'UTC'}"
    elif schedule.get("recurrenceIntervalSeconds"):
        words = f"every {duration(schedule['recurrenceIntervalSeconds'])}"
    else:
        words = "once"
    limits = (("from", "doNotRunUntil"), ("until", "doNotRunAfter"))
    words += "".join(f", {word} {schedule[field]}" for word, field in limits if schedule.get(field))
    window = schedule.get("startWindowSeconds")
    return words + (f", at most {duration(window)} late" if window else "")


def _when(time: str | None, now: float) -> str:
    if not time:
        return ""
    seconds = moment(time) - now
    return f"{time} (in {duration(seconds)})" if seconds >= 0 else f"{time} (due for {duration(-seconds)})"


def _next_step(document: Document) -> str:
    name, recent = document["metadata"]["name"], at(document, "status", "recentJobName")
    ready = condition(document, "Ready") or {}
    match ready.get("reason"):
        case "Disabled":
            return f"millpond schedule enable {name}"
        case "InvalidSchedule" | "JobCreationFailed":
            return f"kubectl edit bjs {name}"
        case "JobActive":
            return f"millpond explain job {recent}"
    return f"millpond job show {recent}" if recent else ""
