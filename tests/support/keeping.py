"""What a node that leaves with RetainedData has still to keep, by the objects alone."""

from __future__ import annotations

from millpond.api.times import parse_time
from millpond.control.actions import RemoveNode

from support.model.verbs import Verbs


def kept_there(verbs: Verbs, action: RemoveNode, now: float) -> str:
    """A task whose files are to stay on the node that is being removed; "" where none is, or nothing is waited for."""
    node = verbs.store.get("computenodes", (action.namespace, action.node))
    status = (node or {}).get("status") or {}
    if node is None or (status.get("draining") or {}).get("option") != "RetainedData":
        return ""
    pool = verbs.store.get("pools", (action.namespace, node["spec"]["poolName"]))
    host = verbs.store.get("nodes", ("", status.get("hostName") or ""))
    hurried = pool is None or any("deletionTimestamp" in one["metadata"] for one in (pool, node))
    if host is None or hurried or host["spec"].get("taints"):
        return ""
    for task in verbs.list("tasks"):
        told = task.get("status") or {}
        if told.get("state") == "Completed" and told.get("nodeName") == action.node:
            until = parse_time(told["endTime"]) + task["spec"]["constraints"]["retentionSeconds"]
            if now < until:
                return str(task["metadata"]["name"])
    return ""
