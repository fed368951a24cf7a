"""The facts about a job, out of the state of its pool."""

from __future__ import annotations

from millpond.control.actions import CreateManager
from millpond.control.job_explanation import job_facts_of
from millpond.control.outcomes import Refused
from millpond.control.plan_tasks import told_too_old
from millpond.scheduling.explain_job import JobFacts, ManagerFact, explain_job
from support.builders import a_job, a_task
from support.scene import Scene, a_running_scene


def facts(scene: Scene, job: str = "film") -> JobFacts:
    return job_facts_of(scene.pool_state().jobs[job], scene.tasks, scene.now)


def test_tasks_are_counted_and_grouped() -> None:
    scene = a_running_scene()
    scene.add(a_job(usesTaskDependencies=True), a_task("runs"), a_task("next", created=1), a_task("last", created=2))
    scene.add(*(a_task(f"wide-{n}", slots=9, created=3 + n) for n in range(2)))
    scene.add(a_task("after", created=5, dependsOn={"taskIds": ["never"]}))
    scene.run(seconds=15)
    found = facts(scene)
    assert (found.tasks, found.placed, found.waiting) == (6, 1, 5)
    assert found.next is not None
    assert found.next.task == "next"
    assert [(group.reason, group.amount, group.example) for group in found.groups] == [
        ("TooManySlots", 2, "wide-0"),
        ("WaitingForDependencies", 1, "after"),
    ]
    assert "requiredSlots is 9" in found.groups[0].message
    assert "never" in found.groups[1].message
    assert [finding.reason for finding in explain_job(found)] == [
        "TooManySlots",
        "WaitingForDependencies",
        "WaitingForSlots",
    ]


def test_a_job_at_rest() -> None:
    scene = a_running_scene()
    scene.add(a_job())
    scene.run(seconds=1)
    assert [finding.reason for finding in explain_job(facts(scene))] == ["NoTasks"]
    scene.add(a_task("t"))
    scene.run(seconds=1)
    assert [finding.reason for finding in explain_job(facts(scene))] == ["AllTasksPlaced"]


def test_a_task_that_is_too_old_reads_so_in_a_full_pool() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("runs"), a_task("waits", created=1))
    scene.run(seconds=5)
    scene.now += 181 * 86_400
    assert [finding.message for finding in explain_job(facts(scene))] == [told_too_old(180 * 86_400)]


MANAGER = {"id": "m", "commandLine": "manage"}


def test_the_manager_of_a_job_is_told_of() -> None:
    scene = a_running_scene()
    scene.fail(CreateManager, Refused("Forbidden", "exceeded quota"))
    scene.add(a_job(), a_job("managed", jobManagerTask=MANAGER))
    assert facts(scene).manager is None
    assert facts(scene, "managed").manager == ManagerFact("managed-m")
    scene.run(seconds=5)
    assert facts(scene, "managed").manager == ManagerFact("managed-m", trouble="exceeded quota")
    scene.run(seconds=60)
    assert facts(scene, "managed").manager == ManagerFact("managed-m", "Preparing")
    scene.remove_task("managed-m")
    scene.run(seconds=5)
    assert facts(scene, "managed").manager == ManagerFact("managed-m", gone=True)
