"""Which nodes a changed pool reaches, and when (azure-batch-semantics §1.1 rows 13, 20, 21, 43; §2.4).

A node keeps what it was made with until it starts anew; the image of a task is the pool's when the task starts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from millpond.api import naming
from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import PoolSpec
from millpond.api.reasons import NodeState
from millpond.lifecycle.operations import RESTARTABLE

SHARE = 5
"""At most one in so many nodes, and at least one, is out of work for an upgrade at a time."""
HOLD_NOBODY_UP = (NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE, NodeState.PREEMPTED)
"""States of nodes that are up to date and not away for an upgrade. A preempted one may wait for a host for good."""


class Upgradable(msgspec.Struct, frozen=True, gc=False):
    """A node that stays in its pool."""

    name: str
    state: NodeState
    outdated: bool
    under_way: bool = False
    """It is being restarted, for whatever reason."""
    used_slots: int = 0
    manages: bool = False
    """A job's manager runs on it."""


def version_of(spec: PoolSpec, node_class: NodeClass = NodeClass.DEDICATED) -> str:
    """What of a pool its nodes of that class are made with, as a short word that fits a label.

    Not where nodes may stand, which counts when one looks for a host. Defaults leave no mark, so that new fields do not
    make all nodes outdated.
    """
    template = spec.template_of(node_class)
    start = spec.start_task
    made_with: dict[str, object] = {
        "startTask": start.model_dump(mode="json", exclude_defaults=True) if start is not None else None,
        "startImage": (start.image or template.image) if start is not None else None,
        "accounts": [account.model_dump(mode="json", exclude_defaults=True) for account in spec.user_accounts],
        "secrets": [secret.name for secret in template.image_pull_secrets],
        "pull": template.image_pull_policy.value,
        "resources": dict(template.resources),
    } | _mounted_with(spec)
    if template.storage.evict_retained_files:
        made_with["evicts"] = True
    return naming.digest(json.dumps(made_with, sort_keys=True), length=10)


def _mounted_with(spec: PoolSpec) -> dict[str, object]:
    """What node Pods mount beside their directories, by field; empty for nothing."""
    found = {"volumes": spec.node_template.volumes, "certificates": spec.certificate_references}
    return {field: [one.as_document() for one in mounted] for field, mounted in found.items() if mounted}


def next_upgrades(nodes: Sequence[Upgradable]) -> tuple[str, ...]:
    """The nodes that an upgrade policy Automatic restarts now, in order.

    Those first that take no tasks anyway, then free ones, then those with the fewest slots in use; nodes of job
    managers last. None while a node that is up to date cannot work: a change that breaks nodes breaks few.
    """
    if any(not node.outdated and node.state in (NodeState.START_TASK_FAILED, NodeState.UNUSABLE) for node in nodes):
        return ()
    away = sum(1 for node in nodes if node.under_way or (not node.outdated and node.state not in HOLD_NOBODY_UP))
    room = max(1, len(nodes) // SHARE) - away
    due = [node for node in nodes if node.outdated and not node.under_way and node.state in RESTARTABLE]
    return tuple(node.name for node in sorted(due, key=_cost)[: max(0, room)])


def _cost(node: Upgradable) -> tuple[bool, bool, int, str]:
    return node.manages, node.state in (NodeState.IDLE, NodeState.RUNNING), node.used_slots, node.name
