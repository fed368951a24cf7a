"""What must hold in the API server's own objects at every moment, whatever the operator believes."""

from __future__ import annotations

from collections import defaultdict
from math import inf

from millpond.api import labels, naming

from support.model.store import Change, Document
from support.model.verbs import Verbs
from support.predecessors import readings, satisfies, unmet
from support.preparations import Preparations, role_of
from support.scheduler import is_terminal
from support.sizes import Sizes
from support.tallies import Tallies


class Books:
    """Listens to every write and keeps the books of each task: which attempts began, which were counted, and how."""

    def __init__(self, verbs: Verbs) -> None:
        self.verbs = verbs
        self.violations: list[str] = []
        self.begun: dict[str, list[int]] = defaultdict(list)
        """Attempt numbers of Pods created, by task uid."""
        self.counted: dict[str, dict[int, str]] = defaultdict(dict)
        """Ledger of each counted attempt, by task uid."""
        self._deleted: set[tuple[str, str, str | int]] = set()
        """Namespace, job and reading of tasks that satisfied others until their deletion, of which nobody may know."""
        self.loosest: dict[str, float] = defaultdict(int)
        """The highest `maxParallelTasks` that each job, by uid, ever had: a lower one may not be known yet."""
        self.offered: set[str] = set()
        """Jobs, by uid, that have ever allowed that their tasks are stopped for others."""
        self.doubted: set[str] = set()
        """Hosts that were ever silent: what ran there may have been given up."""
        self.managed: set[str] = set()
        """Jobs, by uid, whose manager's Task was made."""
        verbs.store.listeners.append(self._hear)
        Preparations(self)
        Sizes(self)
        self._tallies = Tallies(self)

    def _hear(self, change: Change) -> None:
        if change.plural == "tasks" and change.type != "DELETED":
            self._task_written(change.before, change.after)
            self.managed |= {
                o["uid"] for o in change.after["metadata"].get("ownerReferences") or () if o["kind"] == "Job"
            }
        if change.plural == "tasks" and change.type == "DELETED" and satisfies(change.after):
            space, job = change.after["metadata"]["namespace"], change.after["spec"]["jobName"]
            self._deleted |= {(space, job, reading) for reading in readings(change.after)}
        if change.plural == "jobs" and change.type != "DELETED":
            self._bound_set(change.after)
            if change.after["spec"].get("allowTaskPreemption"):
                self.offered.add(change.after["metadata"]["uid"])
        if change.plural == "pods" and change.type == "ADDED" and role_of(change.after) in labels.TASK_ROLES:
            self._attempt_begun(change.after)
        if change.plural == "nodes" and change.type != "DELETED" and not _is_ready(change.after):
            self.doubted.add(change.after["metadata"]["name"])
        if change.plural == "pods" and change.type == "MODIFIED":
            self._displaced(change.before or {}, change.after)

    def _bound_set(self, job: Document) -> None:
        most, uid = job["spec"].get("maxParallelTasks", -1), job["metadata"]["uid"]
        self.loosest[uid] = max(self.loosest[uid], inf if most < 0 else most)

    def say(self, sentence: str) -> None:
        self.violations.append(f"at revision {self.verbs.store.revision}: {sentence}")

    # Tasks: terminal is for ever, each attempt is counted once, ledgers only grow by one (law 8)

    def _task_written(self, before: Document | None, after: Document) -> None:
        old, new = (before or {}).get("status") or {}, after.get("status") or {}
        if old == new:
            return
        name, uid = after["metadata"]["name"], after["metadata"]["uid"]
        if old.get("state") == "Completed" and old.get("served") != new.get("served") and new["state"] == "Active":
            self._reactivated(name, uid, old, new)
            return
        if old.get("state") == "Completed":
            facts = ("state", "result", "exitCode", "attempt", "retryCount", "requeueCount", "endTime")
            if any(old.get(fact) != new.get(fact) for fact in facts):
                self.say(f"task {name} changed after its end: {old} -> {new}")
            return
        retries = new.get("retryCount", 0) - old.get("retryCount", 0)
        requeues = new.get("requeueCount", 0) - old.get("requeueCount", 0)
        if retries < 0 or requeues < 0 or retries + requeues > 1:
            self.say(f"task {name}: counts jump: {old} -> {new}")
        state, number = new.get("state", "Active"), new.get("attempt", 0)
        if number < old.get("attempt", 0):
            self.say(f"task {name}: attempt falls from {old.get('attempt')} to {number}")
        if state == "Completed":
            self._count(name, uid, number, str(new.get("result")), was_running=old.get("state") != "Active")
        elif state == "Active" and (number > old.get("attempt", 0) or old.get("state") in ("Preparing", "Running")):
            ledger = "Retry" if retries else "Requeue" if requeues else "Recovery"
            self._count(name, uid, number, ledger, was_running=True)
        elif retries or requeues:
            self.say(f"task {name}: counts rise without an attempt's end: {old} -> {new}")

    def _reactivated(self, name: str, uid: str, old: Document, new: Document) -> None:
        """A failed task begins anew: its retries are forgotten, its attempts and requeues are not."""
        if old.get("result") != "Failure" or new.get("retryCount") or new.get("result"):
            self.say(f"task {name} is reactivated wrongly: {old} -> {new}")
        ledgers = self.counted[uid]
        ledgers |= {number: "Forgotten" for number, ledger in ledgers.items() if ledger == "Retry"}

    def _count(self, name: str, uid: str, number: int, ledger: str, *, was_running: bool) -> None:
        ledgers = self.counted[uid]
        if number in ledgers:
            if was_running or ledger == "Success":
                self.say(f"task {name}: attempt {number} counted twice: {ledgers[number]}, then {ledger}")
            return
        if number and number not in self.begun[uid]:
            self.say(f"task {name}: attempt {number} counted as {ledger} and never begun")
        if number:
            ledgers[number] = ledger

    def check_ledgers(self, *, in_flight: bool = True) -> None:
        """Law 8 for every task that exists: attempts begun are counted or in flight, and the counts say so."""
        for task in self.verbs.list("tasks"):
            name, uid, status = task["metadata"]["name"], task["metadata"]["uid"], task.get("status") or {}
            ledgers = self.counted[uid]
            open_ = set(self.begun[uid]) - set(ledgers)
            if len(open_) > 1 or (open_ and (not in_flight or status.get("state") == "Completed")):
                self.say(f"task {name}: attempts {sorted(open_)} are not counted: {status}")
            for ledger, field in (("Retry", "retryCount"), ("Requeue", "requeueCount")):
                said = sum(1 for kept in ledgers.values() if kept == ledger)
                if said != status.get(field, 0):
                    self.say(f"task {name}: {field} is {status.get(field, 0)}, the ledger says {said}")
        if not in_flight:
            self._tallies.check()

    # Pods: no double booking, no surprise (laws 2 and 4)

    def _attempt_begun(self, pod: Document) -> None:
        tags, meta = pod["metadata"]["labels"], pod["metadata"]
        uid = meta["ownerReferences"][0]["uid"]
        number = int(tags[labels.ATTEMPT])
        if number in self.counted[uid]:
            self.say(f"Pod {meta['name']}: attempt {number} begins after it was counted")
        first = not self.begun[uid]
        self.begun[uid].append(number)
        space = meta["namespace"]
        mine = [p for p in self.verbs.list("pods", space) if role_of(p) in labels.TASK_ROLES and self.holds(p)]
        self._check_slots(pod, mine)
        self._check_directory(pod, mine)
        self._check_managers(pod, mine)
        self._check_job(pod, mine)
        self._check_dependencies(pod, first=first)
        own = [p for p in mine if p["metadata"]["ownerReferences"][0]["uid"] == uid]
        others = [p for p in own if p["metadata"]["labels"][labels.ATTEMPT] != str(number)]
        rivals = [p for p in others if int(p["metadata"]["labels"][labels.ATTEMPT]) not in self.counted[uid]]
        rivals += [p for p in others if p["spec"]["nodeName"] not in self.doubted]
        if rivals:
            self.say(f"Pod {meta['name']} begins while {[p['metadata']['name'] for p in rivals]} are under way")
        nodes = [p["metadata"]["labels"][labels.NODE] for p in own if p not in others]
        if len(set(nodes)) < len(nodes):
            self.say(f"Pod {meta['name']} begins on a node that has another Pod of its group: {nodes}")

    def _displaced(self, before: Document, pod: Document) -> None:
        """Only what was offered gives way, or what stands in the way of a manager; and never a manager."""
        tags, name = pod["metadata"]["labels"], pod["metadata"]["name"]
        to_job = tags.get(labels.DISPLACED)
        if to_job is None or labels.DISPLACED in before["metadata"]["labels"]:
            return
        jobs = [self.verbs.store.get("jobs", (pod["metadata"]["namespace"], job)) for job in (tags[labels.JOB], to_job)]
        own, other = jobs
        if own is None or other is None:
            return
        if tags[labels.ROLE] == labels.Role.MANAGER:
            self.say(f"Pod {name} of a manager gives way to job {to_job}")
        if own["metadata"]["uid"] not in self.offered and "jobManagerTask" not in other["spec"]:
            self.say(f"Pod {name} gives way to job {to_job}, and its job never allowed it")

    def holds(self, pod: Document) -> bool:
        """True while the Pod has a place: it has not ended, and its host is there."""
        return not is_terminal(pod) and self.verbs.store.get("nodes", ("", pod["spec"].get("nodeName"))) is not None

    def _check_slots(self, pod: Document, alive: list[Document]) -> None:
        tags, space = pod["metadata"]["labels"], pod["metadata"]["namespace"]
        pool = self.verbs.store.get("pools", (space, tags[labels.POOL]))
        if pool is None:
            self.say(f"Pod {pod['metadata']['name']} begins in pool {tags[labels.POOL]}, which does not exist")
            return
        total = pool["spec"].get("taskSlotsPerNode", 1)
        host = pod["spec"]["nodeName"]
        used = sum(int(p["metadata"]["labels"][labels.SLOTS]) for p in alive if p["spec"].get("nodeName") == host)
        if used > total:
            names = [p["metadata"]["name"] for p in alive if p["spec"].get("nodeName") == host]
            self.say(f"host {host} has {used} of {total} slots in use by {names}")

    def _check_directory(self, pod: Document, alive: list[Document]) -> None:
        """No two Pods of one id of a job live in one node directory, be they of one Task or not."""
        name = pod["metadata"]["name"]
        beside = [p["metadata"]["name"] for p in alive if _directory(p) == _directory(pod)]
        others = [other for other in beside if other != name]
        if others:
            self.say(f"Pod {name} begins in the directory of {others}")

    def _check_managers(self, pod: Document, alive: list[Document]) -> None:
        """A node held exclusively holds nothing else, and a job's manager is the first of its tasks to begin."""
        tags, host = pod["metadata"]["labels"], pod["spec"]["nodeName"]
        beside = [
            p for p in alive if p["spec"].get("nodeName") == host and p["metadata"]["name"] != pod["metadata"]["name"]
        ]
        alone = [p["metadata"]["name"] for p in (pod, *beside) if labels.EXCLUSIVE in p["metadata"]["labels"]]
        if alone and beside:
            self.say(f"Pod {pod['metadata']['name']} begins on {host}, where {alone} is to run alone")
        space = pod["metadata"]["namespace"]
        job = self.verbs.store.get("jobs", (space, tags[labels.JOB]))
        if job is None or "jobManagerTask" not in job["spec"] or tags[labels.ROLE] == labels.Role.MANAGER:
            return
        name, uid = job["metadata"]["name"], job["metadata"]["uid"]
        manager = self.verbs.store.get("tasks", (space, naming.manager_task(name, job["spec"]["jobManagerTask"]["id"])))
        if uid not in self.managed:
            self.say(f"Pod {pod['metadata']['name']} begins before the manager of job {name} is made")
            return
        waits = manager is not None and (manager.get("status") or {}).get("state", "Active") == "Active"
        if waits and manager is not None and not self.begun[manager["metadata"]["uid"]]:
            self.say(f"Pod {pod['metadata']['name']} begins before the manager of job {name}")

    def _check_job(self, pod: Document, alive: list[Document]) -> None:
        tags, space = pod["metadata"]["labels"], pod["metadata"]["namespace"]
        job = self.verbs.store.get("jobs", (space, tags[labels.JOB]))
        if job is None:
            return
        state = (job.get("status") or {}).get("state")
        if state in ("Disabling", "Disabled", "Terminating", "Completed", "Deleting"):
            self.say(f"Pod {pod['metadata']['name']} begins in job {tags[labels.JOB]}, which is {state}")
        most = self.loosest[job["metadata"]["uid"]]
        mine = [p["metadata"]["labels"] for p in alive if p["metadata"]["labels"][labels.JOB] == tags[labels.JOB]]
        running = sum(1 for labels_ in mine if labels_[labels.ROLE] != labels.Role.MEMBER)
        if running > most:
            self.say(f"job {tags[labels.JOB]} runs {running} tasks, maxParallelTasks was never above {most}")

    def _check_dependencies(self, pod: Document, *, first: bool) -> None:
        tags, space = pod["metadata"]["labels"], pod["metadata"]["namespace"]
        task = self.verbs.store.get("tasks", (space, tags[labels.TASK]))
        if task is None or not first:
            return
        waits_for = [key for key in unmet(self.verbs, task) if (space, tags[labels.JOB], key) not in self._deleted]
        if waits_for:
            self.say(f"Pod {pod['metadata']['name']} begins while its task waits for {waits_for}")


def _is_ready(host: Document) -> bool:
    told = (host.get("status") or {}).get("conditions") or ()
    return all(one["status"] == "True" for one in told if one["type"] == "Ready")


def _directory(pod: Document) -> tuple[str, ...]:
    """Where a task Pod's files are: the host, the node and, in its directory, job and id."""
    tags = pod["metadata"]["labels"]
    task_id = tags.get(labels.TASK_ID, tags[labels.TASK]).lower()
    return pod["spec"]["nodeName"], tags[labels.NODE], tags[labels.JOB], task_id
