"""Hosts that go: shut down, rebooted, silent, deleted, and Pods of which nothing is left."""

from __future__ import annotations

from millpond.lifecycle.tasks import Ledger, Tries, Wishes

from support.builders import ended, exited, running
from support.failuretable.case import Case
from support.failuretable.stops import DELETED, KILLED, TERMED, again, disrupted

SHUTDOWN = {
    "phase": "Failed",
    "reason": "Terminated",
    "message": "Pod was terminated in response to imminent node shutdown.",
}
LOST = Wishes(node_lost=True)
COLLECTED = disrupted("DeletionByPodGC", "PodGC: node no longer exists")

HOSTS = (
    again("host shut down", TERMED, SHUTDOWN, "shut down"),
    again("host shut down, deaf to TERM", KILLED, SHUTDOWN, "shut down"),
    again("host about to shut down takes nothing", None, {"phase": "Failed", "reason": "NodeShutdown", "message": "Pod was rejected as the node is shutting down."}, "shut down"),
    Case("host shut down after exit 0", Ledger.SUCCESS, None, 0, exited(0), SHUTDOWN),
    again("host rebooted, by containerd's word", ended(255, "Unknown"), {}, "reboot"),
    again("host rebooted, by the kubelet's word", ended(137, "ContainerStatusUnknown", "The container could not be located when the pod was terminated"), {}, "reboot"),
    again("host rebooted while its Pod was deleted", ended(255, "Unknown"), DELETED, "Somebody deleted"),
    again("node lost, an older controller's word", ended(137, "NodeLost"), {}, "lost"),
    again("node deleted, collected by PodGC while it ran", running(), COLLECTED, "DeletionByPodGC"),
    again("collected while it ran, without a word", running(), {"phase": "Failed"}, "lost"),
    again("a phase and nothing else", None, {"phase": "Failed"}, "before its command started"),
    Case("kubelet restarted, the exit is reported on return", Ledger.SUCCESS, None, 0, exited(0)),
    Case("kubelet restarted while the image was pulled", None, waited=30),
    Case("kubelet silent, not yet too long", None, state=running(), waited=10_000),
    Case("kubelet silent for too long", Ledger.RECOVERY, gone=True, wishes=LOST, says=("node was lost", "runs again")),
    Case("host deleted under a running task", Ledger.RECOVERY, gone=True, wishes=LOST, tries=Tries(2, 2)),
    Case("host out of service", Ledger.RECOVERY, state=TERMED, pod=DELETED, wishes=LOST, says=("node was lost",)),
    Case("exit 0 reported by a node given up", Ledger.SUCCESS, None, 0, exited(0), wishes=LOST),
    Case("force-deleted, nothing left to see", Ledger.RECOVERY, gone=True, says=("runs again",)),
    Case("finalizer taken off by hand, nothing left to see", Ledger.RECOVERY, gone=True, tries=Tries(0, 3)),
    Case("node lost after many refusals", Ledger.RECOVERY, gone=True, wishes=LOST, tries=Tries(refusals=59, max_refusals=60)),
)  # fmt: skip
