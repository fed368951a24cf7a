"""Writing a verdict down: ledgers that add up, back-off, and words for the user."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from millpond.control.actions import StartAttempt, WriteTask
from millpond.control.limits import Limits
from millpond.control.verdicts import back_off, book, events_of
from millpond.lifecycle.exits import Ending, Exit
from millpond.lifecycle.tasks import ENDED_BY_USER, Ledger, Tries, Verdict, Wishes, decide
from support.builders import a_job, a_task, a_task_pod, exited, running
from support.scene import Scene, a_running_scene, of


def a_scene() -> Scene:
    scene = Scene()
    scene.add(a_job(), a_task("t"), a_task_pod("t", running()))
    return scene


LEDGERS = [
    # verdict, state written, retry count, requeue count
    (Verdict(Ledger.SUCCESS, 0), "Completed", 0, 0),
    (Verdict(Ledger.FAILURE, 1, ENDED_BY_USER), "Completed", 0, 0),
    (Verdict(Ledger.RETRY, 1), "Active", 1, 0),
    (Verdict(Ledger.REQUEUE, message="node removed"), "Active", 0, 1),
    (Verdict(Ledger.RECOVERY, message="node lost"), "Active", 0, 0),
]


@pytest.mark.parametrize(("verdict", "state", "retries", "requeues"), LEDGERS, ids=[c[0].ledger for c in LEDGERS])
def test_each_ledger_is_written(verdict: Verdict, state: str, retries: int, requeues: int) -> None:
    scene = a_scene()
    task, attempt = scene.task("t"), scene.pool_state().attempts["t-1"]
    actions: list[object] = []
    book(attempt, task, verdict, scene.now, Limits(), actions)  # type: ignore[arg-type]
    (write,) = [a for a in actions if isinstance(a, WriteTask)]
    assert (write.status.state, write.status.attempt) == (state, 1)
    assert (write.status.retry_count, write.status.requeue_count) == (retries, requeues)
    assert (task.live, task.settled, attempt.settled) == (None, 1, True)
    conditions = {c.type: c.status for c in write.status.conditions}  # type: ignore[union-attr]
    assert conditions["Complete"] == ("True" if verdict.result else "False")
    assert ("Succeeded" in conditions) == bool(verdict.result)


def test_back_off_doubles_up_to_its_bound_and_ends_with_a_real_run() -> None:
    task, limits, pauses = a_scene().task("t"), Limits(backoff=1, backoff_most=10), []
    for _ in range(6):
        back_off(task, Ledger.RECOVERY, 100.0, limits)
        pauses.append(task.not_before - 100.0)
    assert pauses == [1, 2, 4, 8, 10, 10]
    back_off(task, Ledger.RETRY, 100.0, limits)
    assert (task.backoff, task.not_before) == (0.0, 0.0)


def test_trouble_is_worth_an_event_and_success_is_not() -> None:
    task = a_scene().task("t")
    assert events_of(task, Verdict(Ledger.SUCCESS, 0)) == ()
    assert [e.reason for e in events_of(task, Verdict(Ledger.FAILURE, 1, ENDED_BY_USER))] == ["TaskFailed"]
    assert [e.reason for e in events_of(task, Verdict(Ledger.RETRY, 1))] == ["Retrying"]
    assert [e.type for e in events_of(task, Verdict(Ledger.REQUEUE, message="m"))] == ["Normal"]


@pytest.mark.parametrize("seed", range(8))
def test_the_ledgers_add_up_on_a_random_history(seed: int) -> None:
    """Attempts = successes + failures + retries + requeues and recoveries + in flight, for each task."""
    chance = random.Random(seed)
    scene = a_running_scene(hosts=2, slots=2)
    scene.add(a_job(constraints={"maxTaskRetryCount": 2}), *(a_task(f"t{n}", created=n) for n in range(8)))
    ends = [exited(0), exited(1), exited(143, "Terminated"), exited(137)]
    for _ in range(60):
        scene.run(seconds=chance.choice((0.5, 5)))
        alive = [name for name, pod in scene.pods.items() if name.startswith("t") and not pod.terminal]
        if alive and chance.random() < 0.9:
            name = chance.choice(sorted(alive))
            if chance.random() < 0.2:
                scene.pod(name, phase="Failed", reason="OutOfpods")
            elif chance.random() < 0.2:
                scene.remove_pod(name)
            else:
                scene.ends(name, chance.choice(ends))
    scene.run(seconds=5)
    started = Counter(a.task for a in of(StartAttempt, scene.done))
    booked: Counter[str] = Counter()
    for write in of(WriteTask, scene.done):
        booked[write.task] += write.status.state in ("Active", "Completed")
    for name in scene.tasks:
        flying = scene.task(name).live is not None
        assert started[name] == booked[name] + flying, name


def test_an_exit_of_every_ending_has_a_ledger() -> None:
    assert {decide(Exit(ending, 1, ENDED_BY_USER), Wishes(), Tries()).ledger for ending in Ending} == {
        Ledger.SUCCESS,
        Ledger.FAILURE,
        Ledger.RECOVERY,
    }
