"""Whether a low-priority node has lost its host (azure-batch-semantics §3.8, §4.13).

It has when the host is gone, marked to go soon, or silent for too long. It keeps its name, and gets another host.
"""

from __future__ import annotations

import msgspec

from millpond.api.views.host import HostView
from millpond.lifecycle.nodes import LOST_TAINTS, silent_until

FAREWELLS = {
    "ToBeDeletedByClusterAutoscaler": "Cluster Autoscaler deletes it",
    "karpenter.sh/disrupted": "Karpenter takes it away",
    "karpenter.sh/disruption": "Karpenter takes it away",
    "cloud.google.com/impending-node-termination": "its machine is about to end",
    "aws-node-termination-handler/spot-itn": "its spot instance was interrupted",
    "aws-node-termination-handler/asg-lifecycle-termination": "its instance is being terminated",
    "remediator.kubernetes.azure.com/unschedulable": "its machine is being drained",
    "remediator.aks.microsoft.com/unschedulable": "its machine is being drained",
    "node.cloudprovider.kubernetes.io/shutdown": "its machine was shut down",
    **dict.fromkeys(LOST_TAINTS, "it is out of service"),
}
"""Taints of hosts that will not come back, and what they say. Candidates for deletion are not among them."""


class PreemptionFacts(msgspec.Struct, frozen=True, gc=False):
    """A low-priority node. `host_name`: where its Pod stands, or the last one of it stood; "" for nowhere."""

    placed: bool
    """Its newest Pod stands on a host."""
    host_name: str
    host: HostView | None
    told: str = ""
    """Why it is Preempted, if it is."""


class Preemption(msgspec.Struct, frozen=True, gc=False):
    """`why` is "" where the node has a host, or never had one. `look_again`: when silence alone takes it away."""

    why: str = ""
    look_again: float | None = None


def judge_preemption(facts: PreemptionFacts, now: float, silence: float) -> Preemption:
    """Judge a low-priority node. `silence`: seconds without a word from its host after which it is lost."""
    if not facts.host_name:
        return Preemption()
    farewell = farewell_of(facts.host)
    if farewell or facts.host is None:
        return Preemption(_taken(facts, farewell))
    if not facts.placed:
        return Preemption(facts.told)
    lost_at = silent_until(facts.host, now, silence)
    if lost_at is not None and now >= lost_at:
        return Preemption(_taken(facts, f"it has been silent for {silence:.0f} seconds"))
    return Preemption(look_again=lost_at)


def _taken(facts: PreemptionFacts, because: str) -> str:
    return f"Host {facts.host_name} was taken away: {because}. The node waits for another one; its tasks run elsewhere."


def farewell_of(host: HostView | None) -> str:
    """Why a host will not come back; "" where it is not known to go."""
    if host is None:
        return "it is gone"
    return next((FAREWELLS[taint.key] for taint in host.spec.taints if taint.key in FAREWELLS), "")
