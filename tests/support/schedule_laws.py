"""What must hold of schedules at any moment, whatever users, clocks, crashes and watches do."""

from __future__ import annotations

from typing import Protocol

from millpond.api import labels
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.reasons import JobScheduleState
from millpond.control.schedule_facts import due_time_of, facts_of, is_active, schedule_of
from millpond.lifecycle.occurrences import first_from, last_until

from support.model.store import Change, Document
from support.model.verbs import Verbs

SLACK = 120
"""Seconds that a job may come later than judged: requests that are delayed or fail, and the pauses after them."""
STEP = 60
"""Seconds of the shortest recurrence: a clock that was set back by more makes due times come again."""


class Stage(Protocol):
    """Where schedules live."""

    verbs: Verbs

    def now(self) -> float:
        """The clock that the operator reads."""


class ScheduleLaws:
    """Listens to the store. `made` are the names of all jobs that were ever made, in order.

    `broken` tells what was seen of broken laws: an error raised here would be taken for one of the API server.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.made: list[str] = []
        self.broken: list[str] = []
        self._served: dict[str, set[int]] = {}
        """Due times that have had a job, by the schedule's uid."""
        self._templates: dict[tuple[str, int], Document] = {}
        self._edited: dict[str, float] = {}
        self._latest = stage.now()
        stage.verbs.store.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        try:
            self._hold(change)
        except AssertionError as error:
            self.broken.append(str(error))

    def _hold(self, change: Change) -> None:
        now = self._stage.now()
        if now < self._latest - STEP:
            self._served.clear()
            self._latest = now
        self._latest = max(self._latest, now)
        meta = change.after["metadata"]
        if change.plural == "jobschedules" and change.type != "DELETED":
            key = (meta["uid"], meta["generation"])
            if key not in self._templates:
                self._templates[key] = change.after["spec"]["jobTemplate"]
                self._edited[meta["uid"]] = now
        elif change.plural == "jobs" and change.type == "ADDED":
            self._job_is_made(Job.model_validate(change.after), now)
        elif change.plural == "tasks" and change.type == "ADDED" and meta.get("ownerReferences"):
            self._task_is_made(change.after)

    def _job_is_made(self, job: Job, now: float) -> None:
        name, uid = schedule_of(job)
        if not uid:
            return
        others = [other for other in self._jobs() if other.metadata.uid != job.metadata.uid]
        active = [other.metadata.name for other in others if schedule_of(other)[1] == uid and is_active(other)]
        assert not active, f"{job.metadata.name} is made while {active} are active"
        due = due_time_of(job)
        assert due not in self._served.setdefault(uid, set()), f"{job.metadata.name} is a second job for {due}"
        self._served[uid].add(due)
        self.made.append(job.metadata.name)
        self._its_tasks_are_there(job.metadata.name, uid)
        document = self._stage.verbs.store.get("jobschedules", (job.metadata.namespace, name))
        if document is not None and document["metadata"]["uid"] == uid and abs(now - self._edited[uid]) > SLACK:
            self._is_in_time(JobSchedule.model_validate(document), due, now)

    def _is_in_time(self, schedule: JobSchedule, due: int, now: float) -> None:
        """For the newest due time, within its window: what was slept through makes no burst."""
        facts = facts_of(schedule, [])
        newest = last_until(facts.calendar, due, int(now) - SLACK) if now - SLACK > due else due
        assert newest == due, f"a job for {due} at {now}, though {newest} was due since"
        assert due <= now or self._latest > now, f"a job for {due} already at {now}"
        closes = due + (facts.window or now) + SLACK
        assert now <= closes, f"a job for {due} at {now}: its window was missed"

    def _its_tasks_are_there(self, job: str, uid: str) -> None:
        tasks = [task for task in self._stage.verbs.list("tasks") if task["spec"]["jobName"] == job]
        generations = {int(task["metadata"]["labels"][labels.TEMPLATE]) for task in tasks}
        assert len(generations) <= 1, f"{job} has tasks of templates {generations}"
        names = sorted(task["metadata"]["name"] for task in tasks)
        wanted = [
            sorted(f"{job}-{task['metadata']['name']}" for task in template["tasks"])
            for (owner, generation), template in self._templates.items()
            if owner == uid and (not generations or generation in generations)
        ]
        assert names in wanted, f"{job} is made with tasks {names}"
        owners = {owner["uid"] for task in tasks for owner in task["metadata"]["ownerReferences"]}
        assert owners <= {uid}, f"{job} has tasks of another schedule"

    def _task_is_made(self, task: Document) -> None:
        job = self._stage.verbs.store.get("jobs", (task["metadata"]["namespace"], task["spec"]["jobName"]))
        assert job is None, f"{task['metadata']['name']} is made after its job"

    def _jobs(self) -> list[Job]:
        return [Job.model_validate(document) for document in self._stage.verbs.list("jobs")]

    # At rest

    def that_must_go_on(self) -> dict[str, int]:
        """How many jobs the active schedules that recur have made so far, by name."""
        found: dict[str, int] = {}
        for document in self._stage.verbs.list("jobschedules"):
            schedule = JobSchedule.model_validate(document)
            facts = facts_of(schedule, [])
            recurs = first_from(facts.calendar, int(self._stage.now()) + 1) is not None
            if schedule.status.state is JobScheduleState.ACTIVE and recurs:
                found[schedule.metadata.name] = schedule.status.jobs_created
        return found

    def have_gone_on(self, waiting: dict[str, int]) -> None:
        told = {found["metadata"]["name"]: found["status"] for found in self._stage.verbs.list("jobschedules")}
        for name, before in waiting.items():
            status = told[name]
            assert status.get("jobsCreated", 0) > before, f"{name} makes no job any more: {status}"

    def no_pool_outlives_its_schedule(self) -> None:
        """One that has ended has deleted the pool that it owned."""
        for document in self._stage.verbs.list("jobschedules"):
            meta, state = document["metadata"], document["status"]["state"]
            owned = [name for name, owners in self._pools() if meta["uid"] in owners]
            assert state != "Completed" or not owned, f"{meta['name']} has ended, and its pool {owned} is there"

    def nothing_is_left(self) -> None:
        for plural in ("jobschedules", "jobs", "tasks"):
            left = self._names(plural)
            assert not left, f"{plural} are left: {left}"
        owned = [name for name, owners in self._pools() if owners]
        assert not owned, f"pools are left: {owned}"

    def _names(self, plural: str) -> list[str]:
        return [document["metadata"]["name"] for document in self._stage.verbs.list(plural)]

    def _pools(self) -> list[tuple[str, list[str]]]:
        """Names of pools, and the uids of those who own them."""
        return [
            (pool["metadata"]["name"], [owner["uid"] for owner in pool["metadata"].get("ownerReferences") or ()])
            for pool in self._stage.verbs.list("pools")
        ]
