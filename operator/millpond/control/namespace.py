"""The pools and jobs of one namespace, and which job belongs to which pool's cycle."""

from __future__ import annotations

from collections.abc import Callable

from millpond.control.pool_state import PoolState
from millpond.control.records import JobRecord

NOWHERE = ""
"""Name of the cycle for jobs that do not exist: it tells their tasks so."""


class NamespaceState:
    """Made when anything in the namespace is first seen. Pools and jobs exist here as soon as somebody names them."""

    def __init__(self, make_pool: Callable[[str], PoolState]) -> None:
        self._make_pool = make_pool
        self.pools: dict[str, PoolState] = {}
        self.jobs: dict[str, JobRecord] = {}
        self.yielding: dict[str, JobRecord] = {}
        """Those that allow their tasks to be stopped for jobs of higher priority."""

    def pool(self, name: str) -> PoolState:
        state = self.pools.get(name)
        if state is None:
            state = self.pools[name] = self._make_pool(name)
        return state

    def job(self, name: str) -> JobRecord:
        record = self.jobs.get(name)
        if record is None:
            pool = self.pool(NOWHERE)
            record = self.jobs[name] = pool.jobs[name] = JobRecord(name, pool)
        return record

    def forget(self, job: JobRecord) -> None:
        """Drop the record of a job that nobody speaks of."""
        job.pool.unfile(job)
        job.pool.jobs.pop(job.name, None)
        job.pool.gathering.pop(job.name, None)
        self.jobs.pop(job.name, None)
        self.yielding.pop(job.name, None)

    def note_yielding(self, job: JobRecord) -> None:
        """Whether the job allows pre-emption may be another thing now."""
        if job.model is not None and job.model.spec.allow_task_preemption:
            self.yielding[job.name] = job
        else:
            self.yielding.pop(job.name, None)

    def move(self, job: JobRecord, pool_name: str) -> None:
        """Let another pool's cycle drive the job; its attempts stay with the pool they run in."""
        pool = self.pool(pool_name)
        if job.pool is pool:
            return
        before = job.pool
        begun = sum(task.attempt for task in job.tasks.values())
        before.unfile(job)
        del before.jobs[job.name]
        before.begun -= begun
        job.pool = pool
        job.summary_scheduled = False  # that was a deadline of the former pool
        if before.gathering.pop(job.name, None) is not None:
            pool.gathering[job.name] = job
        for state in (before, pool):
            state.mark("pool", state.name)
        pool.jobs[job.name] = job
        pool.begun += begun
        for name in job.tasks:
            mark = f"{job.name}/{name}"
            pool.mark("task", mark)
            if mark in before.unsent:
                pool.unsent[mark] = before.unsent.pop(mark)
                pool.look_at(pool.unsent[mark][1], "task", mark)
