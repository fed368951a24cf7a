"""The kubelet's and the cluster's words about a Pod's end: what they mean, wherever in the status they stand.

Knows no task and no ledger. The words are those of Kubernetes 1.33 to 1.36 with containerd.
"""

from __future__ import annotations

from millpond.api import labels
from millpond.api.views.pod import PodView, Terminated

EVICTED = "Evicted"
DEADLINE = "DeadlineExceeded"
"""The kubelet's own limit on the Pod's life, where somebody (an admission policy) has set one."""
OUT_OF_MEMORY = "OOMKilled"
NOT_STARTED = ("StartError", "ContainerCannotRun")
"""The runtime made the container and could not start its first process, which is the launcher."""
LOST = ("ContainerStatusUnknown", "Unknown", "NodeLost")
"""Nobody knows how the container ended: the host rebooted (containerd says Unknown, exit code 255), or the kubelet does
not find it any more (exit code 137). Also said of a container that had not been made when its Pod was deleted."""
REFUSED = (
    "OutOf",
    "NodeAffinity",
    "NodeName",
    "UnexpectedAdmissionError",
    "TopologyAffinityError",
    "TaintToleration",
    "PodOS",
    "PodFeatureUnsupported",
    "InvalidNodeInfo",
    "SMTAlignmentError",
    "AppArmor",
    "SysctlForbidden",
)
"""Beginnings of the reasons with which a kubelet turns a Pod away before it has done anything for it."""
STOPPED = ("Preempting", "Terminated", "NodeShutdown")
"""A more important Pod took the place, or the host is being shut down."""
STORAGE = ("NoSpace", "no space left on device", "disk quota exceeded")
DISRUPTION = "DisruptionTarget"
DELETED = "Somebody deleted the task's Pod."


def lacked_room(pod: PodView) -> bool:
    """True when the node refused the Pod since others hold what it asks for: what the node offers is known wrongly."""
    return pod.status.phase == "Failed" and pod.status.reason.startswith("OutOf")


def was_refused(pod: PodView) -> bool:
    """True for a Pod in a terminal phase that its node never began with."""
    status = pod.status
    if status.container_statuses or pod.metadata.deletion_timestamp is not None:
        return False
    pressed = status.reason == EVICTED and "had condition" in status.message
    return pressed or status.reason.startswith(REFUSED)


def was_stopped(pod: PodView) -> bool:
    """True when somebody outside the container wanted the Pod to end."""
    reason = pod.status.reason
    return (
        pod.metadata.deletion_timestamp is not None
        or reason == EVICTED
        or reason.startswith(STOPPED)
        or bool(_disruption(pod))
    )


def why_stopped(pod: PodView) -> str:
    """Who wanted the Pod to end, in a sentence; "" when nobody is known to."""
    status = pod.status
    if status.reason == EVICTED:
        return f"The node evicted the task: {sentence(status.message)}"
    if status.reason == "Preempting":
        return f"The node gave the task's place to a critical Pod: {sentence(status.message)}"
    if status.reason.startswith(STOPPED):
        return f"The host is being shut down: {sentence(status.message)}"
    if disruption := _disruption(pod):
        return f"The cluster removed the task's Pod ({disruption})."
    if pod.metadata.deletion_timestamp is not None:
        return DELETED
    return ""


def _disruption(pod: PodView) -> str:
    """Reason and message of the condition that Kubernetes sets on a Pod that it takes away itself."""
    for condition in pod.status.conditions:
        if condition.type == DISRUPTION and condition.status == "True":
            return f"{condition.reason}: {condition.message}" if condition.message else condition.reason
    return ""


def wrote_too_much(pod: PodView) -> bool:
    """True when the kubelet evicted the Pod for what the task itself wrote, and not because the node was short."""
    text = pod.status.message
    return pod.status.reason == EVICTED and "exceed" in text and "limit" in text and "was low on resource" not in text


def awaits_sandbox(pod: PodView) -> bool:
    """True for a Pod on its host that could not begin yet.

    A kubelet makes a Pod's sandbox, and says so, when all volumes are mounted.
    """
    if pod.spec.node_name is None or pod.status.phase != "Pending":
        return False
    return any(c.type == "PodReadyToStartContainers" and c.status == "False" for c in pod.status.conditions)


def awaits_mounts(pod: PodView) -> bool:
    """True for a Pod that could not begin yet where a volume or Secret that users named may be why."""
    return labels.MOUNTS in pod.metadata.labels and awaits_sandbox(pod)


def told_by_kubelet(pod: PodView, hindrance: str) -> str:
    """What to know of a Pod that could not begin, or where it stands; without a full stop."""
    if hindrance:
        return f"The kubelet says: {hindrance.rstrip('.')}"
    return f"`kubectl describe pod {pod.metadata.name}` says what"


def lacked_disk(text: str) -> bool:
    """True for a message of kubelet or runtime that blames a full disk."""
    return any(words in text for words in STORAGE)


def ran_out_of_memory(ended: Terminated) -> bool:
    """True when the kernel killed a process of the container, not always the command, for want of memory."""
    return ended.reason == OUT_OF_MEMORY


def sentence(text: str) -> str:
    """Somebody else's words on one line, of bounded length, with a full stop."""
    text = " ".join(text.split())[:600]
    return text if not text or text.endswith((".", "!", "?")) else text + "."
