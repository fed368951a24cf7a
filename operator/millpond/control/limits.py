"""The numbers that judgement obeys; `settings.py` fills them from the environment."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """In seconds, but for `burst`, `node_refusals` and the quotas."""

    node_lost: float = 300.0
    """Silence of a host after which its attempts are given up."""
    empty_job_grace: float = 30.0
    """How long a job that never had a task may stay without one before `TerminateJob` ends it."""
    job_missing: float = 3.0
    """How long a task waits for its job to appear before it is told that there is none."""
    running_after: float = 1.0
    """A task that ends sooner than this is never written as Running."""
    preparing_after: float = 3.0
    """A task that starts sooner than this is never written as Preparing."""
    burst: int = 50
    """So many waiting tasks of a job make a burst: progress is written later, so that starts and results come first."""
    progress_in_burst: float = 10.0
    """In a burst, a task that starts or ends sooner than this is never written as Preparing or Running."""
    image_pull: float = 120.0
    """How long a failing image pull may go on before the task fails."""
    startup: float = 600.0
    """How long a Pod may take to start its container."""
    summary: float = 2.0
    """Least time between two summaries of counts on a Job or Pool."""
    node_summary: float = 10.0
    """Least time between two status writes of a node that only say what it is busy with."""
    erasing: float = 60.0
    """How long a node that leaves waits for its directory to be erased from its host."""
    sweep: float = 30.0
    """Least time between two sweeps of counted Pods; until then their logs can be read."""
    backoff: float = 1.0
    """First pause before an attempt that no node took is tried again; doubles up to `backoff_most`."""
    backoff_most: float = 10.0
    task_lifetime: float = 180 * 86_400.0
    """From a task's creation until it must be completed; then it is ended and runs no more."""
    core_quota: float = 0.0
    """How many cores the dedicated nodes of a namespace may have in all; 0: as many as there are."""
    low_priority_core_quota: float = 0.0
    """The same of its low-priority nodes."""
    node_refusals: int = 60
    """So many nodes in a row may turn a task away, with pauses in between, before it fails."""
