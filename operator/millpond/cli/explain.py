"""`millpond explain task`: the pool's state, folded from lists as the operator folds it, and what it says of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
from millpond.cli.errors import unknown_name
from millpond.cli.objects import list_all
from millpond.cli.output import print_document
from millpond.cluster.api_server import COMPUTE_NODES, JOBS, PODS, POOLS, TASKS, Resource, Selection
from millpond.control.explanation import facts_of
from millpond.control.world import World
from millpond.scheduling.explain import Facts, Finding, explain

OURS = Selection(labels=f"{labels.ROLE} in ({','.join(labels.TASK_ROLES)})")


async def print_explanation(cluster: Cluster, name: str, output: str) -> None:
    """Print the findings about the task of that name."""
    facts = await gather(cluster, name)
    findings = explain(facts)
    if output in ("json", "yaml"):
        print_document({"task": facts.task, "state": facts.state, "findings": msgspec.to_builtins(findings)}, output)
    elif output == "name":
        for finding in findings:
            click.echo(finding.reason)
    else:
        for line in describe(facts, findings):
            click.echo(line)


def describe(facts: Facts, findings: tuple[Finding, ...]) -> list[str]:
    """The findings in words, what blocks first."""
    head = f"Task {facts.task} of job {facts.job.name} is {facts.state}."
    lines = [head]
    for finding in findings:
        lines += ["", f"{'✗' if finding.blocks else '·'} {finding.reason}", f"  {finding.message}"]
        if finding.remedy:
            lines.append(f"  → {finding.remedy}")
    return lines


async def gather(cluster: Cluster, name: str) -> Facts:
    """Fold the namespace and take the task out of it."""
    space = cluster.one_namespace
    world = World()
    views: dict[str, TaskView] = {}

    def observe_task(view: TaskView) -> None:
        views[view.metadata.name] = view
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
    if name not in views:
        raise unknown_name("task", name, space, views)
    view = views[name]
    return facts_of(world.namespace(space).job(view.spec.job_name).tasks[name], view)


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
