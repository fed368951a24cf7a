"""What is remembered of one compute node: its object, its node Pods, and what is bound to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millpond.api.computenode import ComputeNode, Draining, NodeOperation
from millpond.api.nodetemplate import NodeClass, StorageType
from millpond.api.reasons import NodeState
from millpond.api.views.pod import PodView
from millpond.control.node_tally import NodeTally
from millpond.control.outcomes import Refused
from millpond.lifecycle.nodes import NodeVerdict
from millpond.scaling.measurement import Measurement
from millpond.scheduling.node_slots import NodeSlots

if TYPE_CHECKING:
    from millpond.control.attempt import Attempt
    from millpond.control.job_nodes import JobNode


RESTARTS = (NodeOperation.REBOOT, NodeOperation.REIMAGE, NodeOperation.UPGRADE)


class NodeRecord:
    """One compute node: its object, its node Pods and the attempts bound to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model: ComputeNode | None = None
        self.node_class = NodeClass.DEDICATED
        self.told_state: NodeState | None = None  # as its object says, for sure
        self.creating = False
        self.chosen: Draining | None = None
        """It is to be emptied for this, and its object does not tell so yet."""
        self.draining: Draining | None = None
        """What its object tells of that: this is in force."""
        self.pod_refusal: Refused | None = None
        """Why the API server does not let its Pod be made."""
        self.removal_refusal = ""
        """Why the API server does not let its object be deleted."""
        self.done = False
        """What it was emptied for is done, and its object does not tell so yet."""
        self.removing = False  # its object is being deleted
        self.released = False
        self.claiming = False
        self.shrinking = ""
        """The uid of the node Pod that is being shrunk."""
        self.not_before = 0.0
        """When the next step may be taken, after one that failed."""
        self.pods: dict[str, PodView] = {}
        self.pod: PodView | None = None  # the newest one
        self.assumed_pods: set[str] = set()
        self.deleted_pods: set[str] = set()
        self.eraser: PodView | None = None
        """The Pod that erases what the node leaves on its host."""
        self.erasing = False
        """That Pod was asked for, and not seen yet."""
        self.erasure_refusal = ""
        """Why the API server does not let that Pod be made."""
        self.claim_gone = False
        """Nothing is left of the claim that held its directory: it is reimaged."""
        self.trouble = ""
        """Why its directory could not be erased the last time that was tried, for a reimage."""
        self.refused_by = ""
        """The host that turned its last Pod away, or that could not be claimed."""
        self.measurement: Measurement | None = None  # the newest one; it may be long ago
        self.full_of = ""
        """The node Pod whose agent measured that the disk is full; "" since one measured that it is not."""
        self.hindrance = ("", "")  # uid of a node Pod that its host cannot begin with, and what the kubelet says
        self.kept_until: float | None = None  # the latest time until which tasks' files stay, once that was counted
        self.littered = False  # it may hold directories whose owners are gone
        self.slots: NodeSlots | None = None
        self.attempts: dict[str, Attempt] = {}
        self.jobs: dict[str, JobNode] = {}
        """Jobs with a preparation task that are, or were, prepared here, by name."""
        self.verdict: NodeVerdict | None = None
        self.holding = 0
        """How many of `attempts` hold slots."""
        self.last_written = float("-inf")
        self.summary_scheduled = False
        self.unwritten = False
        """The status that `model` carries is not what the object has: the last write failed."""
        self.tally = NodeTally()

    @property
    def operation(self) -> NodeOperation | None:
        """What it is emptied for, or is to be."""
        latest = self.chosen or self.draining
        return latest.operation if latest is not None else None

    @property
    def restarting(self) -> bool:
        """True from the moment it is to start anew until its object tells that it does."""
        return self.operation in RESTARTS

    @property
    def leaving(self) -> bool:
        """True when it is to go: it takes no tasks any more, and does not count among those that stay."""
        if self.operation is NodeOperation.REMOVE or self.removing:
            return True
        return self.model is None or self.model.metadata.deletion_timestamp is not None

    @property
    def stays(self) -> bool:
        """True when it counts for the pool's size: it is there, or asked for, and does not leave."""
        return self.creating or (self.model is not None and not self.leaving)

    @property
    def emptied(self) -> bool:
        """True when no task is placed on it any more, be it for a while, and it matters when the last one ends."""
        if self.chosen is not None or self.draining is not None or self.removing or self.model is None:
            return True
        return self.model.metadata.deletion_timestamp is not None

    @property
    def on_claim(self) -> bool:
        """True when its directory lies on a claim, which goes with its object, and not on its host."""
        return self.model is not None and self.model.spec.storage_type is StorageType.PERSISTENT_VOLUME_CLAIM

    @property
    def disk_full(self) -> bool:
        return self.pod is not None and self.pod.metadata.name == self.full_of

    @property
    def placed(self) -> bool:
        """True when the node stands on a host, or is to stand on the same one again."""
        if not self.pods:
            return self.model is not None and self.model.status.host_name is not None
        return any(pod.spec.node_name is not None for pod in self.pods.values())

    @property
    def preempted(self) -> bool:
        """True while its host was taken away and it has no other one."""
        return self.verdict is not None and self.verdict.state is NodeState.PREEMPTED

    @property
    def counts(self) -> bool:
        """True when it is one of the nodes that the pool has: it stands on a host, or did until that was taken away."""
        return self.placed or self.preempted

    @property
    def is_memory(self) -> bool:
        """True when nothing is left of the node itself: no object and no Pod, here or under way."""
        return self.model is None and not self.creating and not self.pods and not self.assumed_pods

    def hold_pod(self, view: PodView) -> None:
        """A node Pod of this node is as `view` says."""
        self.pods[view.metadata.name] = view
        self._choose_pod()

    def drop_pod(self, name: str) -> None:
        """A node Pod of this node is gone."""
        self.pods.pop(name, None)
        self.deleted_pods.discard(name)
        if name == self.full_of:
            # A namesake is measured anew.
            self.full_of = ""
        self._choose_pod()

    def _choose_pod(self) -> None:
        newest = max(self.pods.values(), key=lambda p: (p.metadata.creation_timestamp, p.metadata.name), default=None)
        self.pod = newest
