"""Where the node Pods of a scene come to stand: what kube-scheduler and the kubelet make of them, at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from millpond.api import labels
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.control.actions import CreateNodePod

from support.builders import EPOCH, a_node_pod, running


def new_node_pod(
    action: CreateNodePod, pods: Iterable[PodView], hosts: Mapping[str, HostView], now: float, meta: Mapping[str, Any]
) -> PodView:
    """The Pod, on the host that it is made for, else on the first free one; it runs if it has one."""
    node_pods = (pod for pod in pods if pod.metadata.labels[labels.ROLE] == labels.Role.NODE)
    taken = {pod.spec.node_name for pod in node_pods}
    open_ = (name for name, host in sorted(hosts.items()) if host.ready and not host.spec.taints)
    host = action.host or next((name for name in open_ if name not in taken), None)
    agent = running(now - EPOCH) if host is not None else None
    return a_node_pod(action.node, host=host, agent=agent, name=action.pod, **meta)
