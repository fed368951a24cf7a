"""What must hold of schedules and of pools made for others at every write, whatever the operator believes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from millpond.api import labels
from millpond.api.times import parse_time

from support.model.store import Change, Document
from support.model.verbs import Verbs

SLACK = 2.0
"""Seconds that may pass between a judgement and the write it leads to: due times are whole seconds."""


class ScheduleBooks:
    """Listens to every write. `say` is told each breach; `now` is the clock that the operator reads."""

    def __init__(self, verbs: Verbs, now: Callable[[], float], say: Callable[[str], None]) -> None:
        self._verbs, self._now, self._say = verbs, now, say
        self.jobs_made: dict[str, int] = defaultdict(int)
        """By the schedule's uid."""
        self._served: dict[str, set[str]] = defaultdict(set)
        """Due times that had their job since the clock was set back, by the schedule's uid."""
        self._specs: dict[str, list[Document]] = defaultdict(list)
        """What each schedule, by uid, ever said: a change may not be known yet."""
        verbs.store.listeners.append(self._hear)

    def clock_set_back(self) -> None:
        """Due times that come again may have another job."""
        self._served.clear()

    def _hear(self, change: Change) -> None:
        if change.plural == "jobschedules" and change.type != "DELETED":
            uid, spec = change.after["metadata"]["uid"], change.after["spec"]
            if spec not in self._specs[uid]:
                self._specs[uid].append(spec)
        if change.type != "ADDED":
            return
        if change.plural == "jobs" and _schedule_uid(change.after):
            self._job_made(change.after, _schedule_uid(change.after))
        if change.plural == "tasks" and _schedule_uid(change.after):
            self._task_made(change.after)
        if change.plural == "pools":
            self._pool_made(change.after)

    def _job_made(self, job: Document, uid: str) -> None:
        self.jobs_made[uid] += 1
        name = job["metadata"]["name"]
        beside = [
            other["metadata"]["name"]
            for other in self._verbs.list("jobs")
            if _schedule_uid(other) == uid and other["metadata"]["name"] != name and not _has_ended(other)
        ]
        if beside:
            self._say(f"job {name} is made while {beside} of its schedule are active")
        due = job["metadata"]["annotations"][labels.DUE_TIME_ANNOTATION]
        if due in self._served[uid]:
            self._say(f"job {name} is made for {due}, which had its job")
        self._served[uid].add(due)
        self._check_time(name, uid, parse_time(due))
        self._check_tasks(name, uid)

    def _check_time(self, job: str, uid: str, due: float) -> None:
        """In the start window of the newest due time: what came due before it is lost, so that no burst follows."""
        late = self._now() - due
        plans = [spec["schedule"] for spec in self._specs[uid]]
        allowed = max(
            min(plan.get("recurrenceIntervalSeconds") or late, plan.get("startWindowSeconds") or late) for plan in plans
        )
        if not 0 <= late <= allowed + SLACK:
            self._say(f"job {job} is made {late} s after its due time, at most {allowed} s are allowed")

    def _check_tasks(self, job: str, uid: str) -> None:
        """All tasks of one version of the template, and no others, are there before their job."""
        made = {t["metadata"]["name"] for t in self._verbs.list("tasks") if t["spec"]["jobName"] == job}
        versions = [
            {f"{job}-{task['metadata']['name']}" for task in spec["jobTemplate"].get("tasks") or ()}
            for spec in self._specs[uid]
        ]
        if made not in versions:
            self._say(f"job {job} is made with the tasks {sorted(made)}")

    def _task_made(self, task: Document) -> None:
        job = task["spec"]["jobName"]
        if self._verbs.store.get("jobs", (task["metadata"]["namespace"], job)) is not None:
            self._say(f"task {task['metadata']['name']} is made after its job, by the schedule")

    def _pool_made(self, pool: Document) -> None:
        maker = pool["metadata"].get("labels", {}).get(labels.MADE_FOR)
        same = [
            other["metadata"]["name"]
            for other in self._verbs.list("pools")
            if maker and other["metadata"].get("labels", {}).get(labels.MADE_FOR) == maker
        ]
        if len(same) > 1:
            self._say(f"pools {same} are made for one job or schedule")


def _schedule_uid(document: Document) -> str:
    owners = document["metadata"].get("ownerReferences") or ()
    return next((str(owner["uid"]) for owner in owners if owner["kind"] == "JobSchedule"), "")


def _has_ended(job: Document) -> bool:
    """Whether it has, though it may be on its way out by now."""
    status = job.get("status") or {}
    return status.get("state") == "Completed" or "endTime" in status
