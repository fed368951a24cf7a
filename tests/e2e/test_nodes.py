"""The life of a node on a real host: rebooted with its files, reimaged without them."""

from __future__ import annotations

from typing import Any

import pytest
from support.installation import IMAGE, Space, shell
from support.live import Document

SLEEPS = 'trap "exit 0" TERM; echo started; sleep 300 & wait'


def served(space: Space, node: str, time: str) -> Document:
    """Wait until the node has started anew for the time in its spec, and takes tasks; its status."""

    def again(one: Document) -> bool:
        status = one.get("status", {})
        done = status.get("served", {}).get(time) == one["spec"][time]
        return done and status["state"] in ("Idle", "Running")

    status: Document = space.until("computenodes", node, f"has served {time}", again)["status"]
    return status


ON_CLAIM = {"type": "PersistentVolumeClaim", "storageClassName": "local", "size": "500Mi"}
SHARED = "echo start >>$AZ_BATCH_NODE_MOUNTS_DIR/data/log; cat $AZ_BATCH_CERTIFICATES_DIR/lab-cert/ca.pem"
READS = "cat $AZ_BATCH_NODE_MOUNTS_DIR/data/log $AZ_BATCH_CERTIFICATES_DIR/lab-cert/ca.pem"


def restricted(space: Space) -> Document:
    """Put the namespace under the restricted standard; what its pool mounts, a claim and a Secret, which are there."""
    space.restrict()
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": "local"}
    claim["resources"] = {"requests": {"storage": "100Mi"}}
    own = {"apiVersion": "v1", "metadata": {"name": "data"}}
    space.live.apply(own | {"kind": "PersistentVolumeClaim", "spec": claim}, space.name)
    certificate = {"stringData": {"ca.pem": "trusted\n"}, "metadata": {"name": "lab-cert"}}
    space.live.apply(own | {"kind": "Secret"} | certificate, space.name)
    volume = {"relativeMountPath": "data", "persistentVolumeClaim": {"claimName": "data"}}
    template = {"image": IMAGE, "storage": ON_CLAIM, "volumes": [volume]}
    return {"nodeTemplate": template, "certificateReferences": [{"secretName": "lab-cert"}]}


@pytest.mark.parametrize("on_claim", [False, True], ids=["host", "claim"])
def test_a_reboot_keeps_files_and_a_reimage_erases_them(space: Space, on_claim: bool) -> None:
    """On a claim, in a namespace under the restricted standard, and with what a pool may mount there."""
    script = "echo start >>$AZ_BATCH_NODE_SHARED_DIR/log"
    start = {"commandLine": shell(f"{script}; {SHARED}" if on_claim else script)}
    prepare = {"commandLine": shell("echo prepare >>$AZ_BATCH_NODE_SHARED_DIR/log")}
    space.pool("own", 1, startTask=start, **(restricted(space) if on_claim else {}))
    space.job("work", "own", jobPreparationTask=prepare)
    space.task("patient", "work", SLEEPS)
    space.until_state("tasks", "patient", "Running")
    (node,) = space.nodes("own", 1)
    name, before = node["metadata"]["name"], node["status"]

    def restart(verb: str, time: str) -> tuple[Document, dict[str, Any]]:
        space.millpond("node", verb, name)
        now = served(space, name, time)
        return now, space.until_state("tasks", "patient", "Running")["status"]

    def log() -> list[str]:
        return space.millpond("node", "shell", name, "cat", "shared/log").split()

    now, task = restart("reboot", "restartedAt")
    assert (now["hostName"], now["startTask"]["result"]) == (before["hostName"], "Success")
    assert now["lastBootTime"] > before["lastBootTime"]
    assert (task["attempt"], task["requeueCount"], task["nodeName"]) == (2, 1, name)
    assert log() == ["start", "prepare", "start", "prepare"]
    now, task = restart("reimage", "reimagedAt")
    assert (now["hostName"], task["attempt"], task["requeueCount"]) == (before["hostName"], 3, 2)
    assert log() == ["start", "prepare"]
    assert len(space.node_directories()) == (not on_claim)
    assert space.millpond("task", "stdout", "patient") == "started\n"
    if on_claim:
        assert space.live.get("persistentvolumeclaims", space.name, name)["status"]["phase"] == "Bound"
        space.task("reader", "work", READS)
        space.succeeded("reader")
        assert space.millpond("task", "stdout", "reader").split() == ["start", "start", "start", "trusted"]
        space.live.delete("pools", space.name, "own")
        space.until_gone("persistentvolumeclaims", name)
