"""Pods that somebody else ended: deletes, evictions, preemption, drains, and nodes that did not take them."""

from __future__ import annotations

from typing import Any

from millpond.api.reasons import FailureCode as Code
from millpond.lifecycle.exits import AWAIT_CONTAINER
from millpond.lifecycle.tasks import UNLIMITED, Ledger, Tries

from support.builders import ended, exited, waiting
from support.failuretable.case import Case

AGAIN, FAILED = Ledger.RECOVERY, Ledger.FAILURE
DELETED = {"deleted": True, "phase": "Failed"}
HELD_BACK = {"initContainerStatuses": [{"name": AWAIT_CONTAINER, "state": ended(143)}]}
PREPARED = {"initContainerStatuses": [{"name": AWAIT_CONTAINER, "state": ended(0)}]}
UNMADE = ended(137, "ContainerStatusUnknown", "The container could not be located when the pod was terminated")
MEMORY = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. Container task was using 3Gi, request is 1Gi, has larger consumption of memory. "
DISK = "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 9Gi. Container task was using 1Gi, request is 0, has larger consumption of ephemeral-storage. "
OWN = 'Container task exceeded its local ephemeral storage limit "1Gi". '
TERMED, KILLED = exited(143, "Terminated"), ended(137)


def disrupted(reason: str, message: str = "") -> dict[str, Any]:
    """A Pod that the cluster takes away, and says so."""
    told = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": message}
    return DELETED | {"conditions": [told]}


def evicted(message: str) -> dict[str, Any]:
    return {"phase": "Failed", "reason": "Evicted", "message": message}


def again(name: str, state: dict[str, Any] | None, pod: dict[str, Any], *says: str) -> Case:
    """Interrupted by nobody's wish that Millpond knows: it runs again, uncounted, also without retries."""
    return Case(name, AGAIN, None, None, state, pod, says=(*says, "runs again"))


def refused(reason: str, message: str) -> Case:
    """A node that turns the Pod away on arrival."""
    pod = {"phase": "Failed", "reason": reason, "message": message}
    return again(f"refused: {reason}", None, pod, "did not take the task", reason)


def over_storage(name: str, state: dict[str, Any], code: int, text: str = OWN) -> Case:
    says = ("ephemeral storage", "resources.limits.ephemeral-storage")
    return Case(name, FAILED, Code.FAILURE_EXIT_CODE, code, state, evicted(text), says)


CROWDED = {
    "phase": "Failed",
    "reason": "OutOfcpu",
    "message": "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: 3500, capacity: 4000",
}

STOPS = (
    # Deleted
    again("deleted by hand", TERMED, DELETED, "Somebody deleted"),
    again("deleted by hand, took TERM well", exited(0, "Terminated"), DELETED, "Somebody deleted"),
    again("deleted by hand, ended with its own code", exited(9, "Terminated"), DELETED),
    again("deleted by hand, deaf to TERM", KILLED, DELETED),
    again("deleted by hand, TERM without a record", ended(143), DELETED),
    again("deleted in the launcher's first millisecond", ended(2), DELETED),
    again("deleted by hand without grace", KILLED, DELETED, "Somebody deleted"),
    again("deleted before its container was made", UNMADE, DELETED, "Somebody deleted"),
    again("deleted before anything was reported", None, DELETED),
    again("deleted while its image was pulled", waiting(), DELETED),
    again("deleted while it waited for its job's preparation", None, DELETED | HELD_BACK, "waited for the job preparation"),
    again("deleted after its job's preparation", None, DELETED | PREPARED, "Somebody deleted"),
    Case("deleted by hand after exit 0", Ledger.SUCCESS, None, 0, exited(0), DELETED),
    Case("deleted by hand after exit 5", FAILED, Code.FAILURE_EXIT_CODE, 5, exited(5), DELETED, ("exit code",)),
    Case("deleted after exit 5 without a record", FAILED, Code.FAILURE_EXIT_CODE, 5, ended(5), DELETED),
    again("TERM to the container from outside", TERMED, {}, "nobody known"),
    # Taken away by the cluster
    again("eviction API", TERMED, disrupted("EvictionByEvictionAPI", "Eviction API: evicting"), "EvictionByEvictionAPI"),
    again("drained, deaf to TERM", KILLED, disrupted("EvictionByEvictionAPI"), "EvictionByEvictionAPI"),
    again("deleted by the taint manager", TERMED, disrupted("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"), "DeletionByTaintManager", "NoExecute"),
    again("preempted by kube-scheduler", TERMED, disrupted("PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod"), "PreemptionByScheduler"),
    again("preempted for a critical Pod", TERMED, {"phase": "Failed", "reason": "Preempting", "message": "Preempted in order to admit critical pod"}, "critical Pod"),
    again("preempted for a critical Pod, killed", KILLED, {"phase": "Failed", "reason": "Preempting", "message": "Preempted in order to admit critical pod"}, "critical Pod"),
    # Evicted by the kubelet
    again("evicted for memory", TERMED, evicted(MEMORY), "evicted", "memory"),
    again("evicted for memory, killed", KILLED, evicted(MEMORY), "evicted", "memory"),
    again("evicted for disk", KILLED, evicted(DISK), "evicted", "ephemeral-storage"),
    again("evicted for inodes", KILLED, evicted("The node was low on resource: inodes. "), "inodes"),
    again("evicted for process ids", KILLED, evicted("The node was low on resource: pids. Threshold quantity: 1000, available: 0. "), "pids"),
    again("evicted before its container was made", UNMADE, evicted(DISK), "evicted"),
    again("evicted before anything was reported", None, evicted(MEMORY), "evicted"),
    Case("evicted after exit 3", FAILED, Code.FAILURE_EXIT_CODE, 3, exited(3), evicted(MEMORY)),
    over_storage("over its ephemeral limit", KILLED, 137),
    over_storage("over its ephemeral limit, by the Pod's sum", KILLED, 137, "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "),
    over_storage("over its ephemeral limit, stopped by TERM", TERMED, 143),
    over_storage("over its ephemeral limit, took TERM well", exited(0, "Terminated"), 137),
    Case("over its ephemeral limit with a retry left", Ledger.RETRY, None, 137, KILLED, evicted(OWN), tries=Tries(0, 1)),
    # Not taken
    refused("OutOfcpu", CROWDED["message"]),
    refused("OutOfmemory", "Pod was rejected: Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824"),
    refused("OutOfephemeral-storage", "Pod was rejected: Node didn't have enough resource: ephemeral-storage"),
    refused("OutOfpods", "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110"),
    refused("OutOfnvidia.com/gpu", "Pod was rejected: Node didn't have enough resource: nvidia.com/gpu"),
    refused("UnexpectedAdmissionError", "Pod was rejected: Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 1, Available: 0, which is unexpected"),
    refused("NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"),
    refused("TopologyAffinityError", "Pod was rejected: Resources cannot be allocated with Topology locality"),
    refused("TaintToleration", "Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"),
    refused("PodOSNotSupported", "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS"),
    refused("AppArmor", "Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host"),
    again("refused: under pressure", None, evicted("Pod was rejected: The node had condition: [DiskPressure]. "), "did not take", "DiskPressure"),
    again("refused: a reason that nobody knows", None, {"phase": "Failed", "reason": "Mood"}, "before its command"),
    Case("refused for the last time", FAILED, Code.MAX_INTERNAL_RETRY_COUNT_REACHED, None, None, CROWDED, ("60 times in a row", "OutOfcpu", "Look at the hosts"), tries=Tries(refusals=59, max_refusals=60)),
    Case("refused for the last time but one", AGAIN, None, None, None, CROWDED, ("OutOfcpu",), tries=Tries(refusals=58, max_refusals=60)),
    Case("refused without a limit", AGAIN, None, None, None, CROWDED, tries=Tries(refusals=10_000, max_refusals=UNLIMITED)),
    Case("deleted after many refusals", AGAIN, None, None, TERMED, DELETED, tries=Tries(refusals=59, max_refusals=60)),
)  # fmt: skip
