"""`helm uninstall` ends and leaves what users made; a new installation carries on. Last: it takes the operator away."""

from __future__ import annotations

from support.installation import SYSTEM, Space

KINDS = ("pools", "computenodes", "jobs", "tasks")


def test_uninstalling_keeps_what_users_made_and_installing_again_carries_on(shared: Space) -> None:
    installation = shared.installation
    shared.job("across", "shared", onAllTasksComplete="TerminateJob")
    shared.task("survivor", "across", "sleep 12; echo survived")
    shared.task("after", "across", "echo after")
    running = shared.until_state("tasks", "survivor", "Running")["status"]
    shared.completed("after")
    before = {kind: names(shared, kind) for kind in KINDS}
    installation.uninstall()
    assert shared.live.all("deployments", SYSTEM) == []
    assert {kind: names(shared, kind) for kind in KINDS} == before
    assert shared.live.get("pods", shared.name, running["podName"])["status"]["phase"] == "Running"
    shared.task("meanwhile", "across", "echo meanwhile")
    installation.install()
    for name in ("survivor", "meanwhile"):
        status = shared.completed(name)
        assert (status["result"], status["attempt"], status["retryCount"]) == ("Success", 1, 0)
    counts = shared.until_state("jobs", "across", "Completed")["status"]["taskCounts"]
    assert (counts["succeeded"], counts["completed"]) == (3, 3)


def names(space: Space, plural: str) -> set[str]:
    return {one["metadata"]["name"] for one in space.live.all(plural, space.name)}
