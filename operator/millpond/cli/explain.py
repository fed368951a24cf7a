"""`millpond explain task|job`: the state of pools, folded from lists as the operator folds it, and what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click
import msgspec

from millpond.api import labels
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.api.views.pod import PodView
from millpond.api.views.task import TaskView
from millpond.cli.access import Cluster
from millpond.cli.ages import duration
from millpond.cli.errors import unknown_name
from millpond.cli.objects import list_all
from millpond.cli.output import print_document
from millpond.cluster.api_server import COMPUTE_NODES, JOBS, PODS, POOLS, TASKS, Resource, Selection
from millpond.control.explanation import facts_of
from millpond.control.forecast import forecast
from millpond.control.job_explanation import job_facts_of
from millpond.control.records import JobRecord
from millpond.control.world import World
from millpond.scheduling.estimate import Estimate
from millpond.scheduling.explain import explain, waits
from millpond.scheduling.explain_job import explain_job as judge_job
from millpond.scheduling.finding import Finding

OURS = Selection(labels=f"{labels.ROLE} in ({','.join(labels.TASK_ROLES)})")


@dataclass
class Seen:
    """A namespace, folded; `views` are its Tasks by name."""

    world: World
    namespace: str
    views: dict[str, TaskView] = field(default_factory=dict)

    def job(self, name: str) -> JobRecord:
        return self.world.namespace(self.namespace).job(name)


async def explain_task(cluster: Cluster, name: str, output: str) -> None:
    """Print the findings about the task of that name, and when it will start."""
    seen, now = await gather(cluster), time.time()
    if name not in seen.views:
        raise unknown_name("task", name, seen.namespace, seen.views)
    view = seen.views[name]
    task = seen.job(view.spec.job_name).tasks[name]
    facts = facts_of(task, view, now)
    findings = explain(facts)
    start = forecast(task, facts, findings, seen.views, now) if waits(facts) else None
    head = f"Task {name} of job {facts.job.name} is {facts.state}."
    _print({"task": name, "state": facts.state}, head, findings, start, output)


async def explain_job(cluster: Cluster, name: str, output: str) -> None:
    """Print what holds the job back, and when its next task will start."""
    seen, now = await gather(cluster), time.time()
    jobs = [job.name for job in seen.world.namespace(seen.namespace).jobs.values() if job.model is not None]
    if name not in jobs:
        raise unknown_name("job", name, seen.namespace, jobs)
    job = seen.job(name)
    facts = job_facts_of(job, seen.views, now)
    findings = judge_job(facts)
    start = None
    if facts.next is not None:
        start = forecast(job.tasks[facts.next.task], facts.next, explain(facts.next), seen.views, now)
    head = f"Job {name} is {facts.job.state}: of its {facts.tasks} tasks {facts.placed} run and {facts.waiting} wait."
    _print({"job": name, "state": facts.job.state}, head, findings, start, output)


def _print(
    about: dict[str, str], head: str, findings: tuple[Finding, ...], start: Estimate | None, output: str
) -> None:
    if output in ("json", "yaml"):
        document: dict[str, Any] = {**about, "findings": msgspec.to_builtins(findings)}
        if start is not None:
            document["start"] = msgspec.to_builtins(start)
        print_document(document, output)
    elif output == "name":
        for finding in findings:
            click.echo(finding.reason)
    else:
        for line in describe(head, findings, start):
            click.echo(line)


def describe(head: str, findings: tuple[Finding, ...], start: Estimate | None) -> list[str]:
    """The findings in words, what blocks first, and the start at the end."""
    lines = [head]
    for finding in findings:
        lines += ["", f"{'✗' if finding.blocks else '·'} {finding.reason}", f"  {finding.message}"]
        if finding.remedy:
            lines.append(f"  → {finding.remedy}")
    return lines if start is None else [*lines, "", in_words(start)]


def in_words(start: Estimate) -> str:
    """When the next start is to be expected."""
    if start.earliest is None or start.latest is None:
        return f"When the next start is: unknown, as {start.unknown}."
    first, last = duration(start.earliest), duration(start.latest)
    when = f"in {first} to {last}" if first != last else f"in about {first}"
    return f"The next start is expected {when}, as tasks ran lately, unless others come that go first."


async def gather(cluster: Cluster) -> Seen:
    """Fold the namespace."""
    space = cluster.one_namespace
    seen = Seen(World(), space)
    world = seen.world

    def observe_task(view: TaskView) -> None:
        seen.views[view.metadata.name] = view
        world.observe_task(view)

    task = msgspec.json.Decoder(TaskView).decode
    pod = msgspec.json.Decoder(PodView).decode
    await asyncio.gather(
        _fold(cluster, POOLS, space, lambda raw: world.observe_pool(Pool.model_validate(msgspec.json.decode(raw)))),
        _fold(cluster, JOBS, space, lambda raw: world.observe_job(Job.model_validate(msgspec.json.decode(raw)))),
        _fold(
            cluster,
            COMPUTE_NODES,
            space,
            lambda raw: world.observe_node(ComputeNode.model_validate(msgspec.json.decode(raw))),
        ),
        _fold(cluster, TASKS, space, lambda raw: observe_task(task(raw))),
        _fold(cluster, PODS, space, lambda raw: world.observe_pod(pod(raw)), OURS),
    )
    return seen


async def _fold(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    observe: Callable[[msgspec.Raw], Any],
    selection: Selection | None = None,
) -> None:
    items, _ = await list_all(cluster.api, resource, namespace, selection)
    for item in items:
        observe(item)
