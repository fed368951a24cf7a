"""A job's progress as its watcher sees it: tallies kept step by step, and the verdict that ends the watching."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from millpond.cli.columns import Document, at, condition

WAITING, PREPARING, RUNNING, SUCCEEDED, FAILED = "waiting", "preparing", "running", "succeeded", "failed"
_TALLIES = {"Preparing": PREPARING, "Running": RUNNING}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What is kept of a task: its tally, and what a person wants to read while it runs or when it failed."""

    name: str
    tally: str
    node: str = ""
    started: str = ""
    why: str = ""


def task_line(document: Document) -> TaskLine:
    """The line of a Task."""
    status = document.get("status") or {}
    name, node = document["metadata"]["name"], status.get("nodeName") or ""
    if status.get("state") == "Completed":
        if status.get("result") == "Success":
            return TaskLine(name, SUCCEEDED)
        failure = status.get("failure") or {}
        why = f"{failure.get('code', 'failed')}: {failure.get('message', '')}".strip(": ")
        return TaskLine(name, FAILED, node, "", why)
    tally = _TALLIES.get(status.get("state") or "", WAITING)
    problem = condition(document, "Scheduled") if tally == WAITING else None
    why = problem["message"] if problem and problem["status"] == "False" else ""
    return TaskLine(name, tally, node if tally != WAITING else "", status.get("startTime") or "", why)


@dataclass
class Progress:
    """The job and its tasks. `job` is None once it was deleted."""

    name: str
    job: Document | None
    pool: Document | None = None
    tasks: dict[str, TaskLine] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    running: dict[str, TaskLine] = field(default_factory=dict)
    failures: list[TaskLine] = field(default_factory=list)
    stuck: dict[str, TaskLine] = field(default_factory=dict)
    """Waiting tasks that say what is wrong with them."""

    def put(self, document: Document) -> None:
        """A Task as it is now."""
        line = task_line(document)
        self.drop(line.name)
        self.tasks[line.name] = line
        self.tally[line.tally] += 1
        if line.tally in (RUNNING, PREPARING):
            self.running[line.name] = line
        elif line.tally == FAILED and all(line.name != known.name for known in self.failures):
            self.failures.append(line)
        elif line.tally == WAITING and line.why:
            self.stuck[line.name] = line

    def drop(self, name: str) -> None:
        """A Task that is gone, or comes anew."""
        old = self.tasks.pop(name, None)
        if old is not None:
            self.tally[old.tally] -= 1
            self.running.pop(name, None)
            self.stuck.pop(name, None)

    def replace(self, documents: list[Document]) -> None:
        """All Tasks as they are now: what is not among them is gone."""
        for name in set(self.tasks) - {document["metadata"]["name"] for document in documents}:
            self.drop(name)
        for document in documents:
            self.put(document)

    @property
    def total(self) -> int:
        return len(self.tasks)

    @property
    def done(self) -> int:
        return self.tally[SUCCEEDED] + self.tally[FAILED]

    @property
    def state(self) -> str:
        return at(self.job, "status", "state") or "Active"

    @property
    def told(self) -> bool:
        """True when the tasks seen are as many done as the job's own status counts."""
        return self.done >= (at(self.job, "status", "taskCounts", "completed") or 0)

    def trouble(self) -> str:
        """Why nothing runs, in one sentence; "" while something does or nothing is known to be wrong."""
        if self.tally[RUNNING] or self.job is None or self.done == self.total > 0 or self.state == "Completed":
            return ""
        scheduled = condition(self.job, "Scheduled")
        if scheduled and scheduled["status"] == "False":
            return str(scheduled["message"])
        ready = condition(self.pool, "Ready") if self.pool else None
        if self.pool and ready and ready["status"] != "True":
            return f"Pool {self.pool['metadata']['name']}: {ready['message']}"
        return ""

    def verdict(self, *, until_complete: bool) -> int | None:
        """The exit code when there is nothing more to watch, else None."""
        if self.job is None:
            return 1
        if self.state == "Completed":
            succeeded = condition(self.job, "Succeeded")
            if succeeded is not None:
                return 0 if succeeded["status"] == "True" else 1
            return self._code()
        ends_itself = at(self.job, "spec", "onAllTasksComplete") == "TerminateJob" or self.state == "Terminating"
        if until_complete or ends_itself or not self.total or self.done < self.total:
            return None
        return self._code()

    def _code(self) -> int:
        return 0 if self.done == self.total and not self.tally[FAILED] else 1


def counts_line(progress: Progress) -> str:
    """The tallies in one line: what is done, of how many, and what the rest does."""
    tally = progress.tally
    parts = [f"{progress.done}/{progress.total} done"]
    parts += [f"{tally[name]} {name}" for name in (FAILED, RUNNING, PREPARING, WAITING) if tally[name]]
    return ", ".join(parts)
