"""The failure table, played to the whole judgement: each end is written once, and only then let go."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.control.actions import ReleaseEvidence, WriteTask
from millpond.lifecycle.tasks import Ledger
from support.builders import a_job, a_task, at
from support.failuretable import CASES, NEXT_STATE, Case
from support.failuretable.case import NOBODY
from support.scene import Scene, a_running_scene, of, plain

TOLD = ("phase", "reason", "message", "conditions", "initContainerStatuses")

ENDED = [
    case for case in CASES if case.wishes == NOBODY and not case.tries.refusals and not case.gone and case.view.terminal
]


def end_as(scene: Scene, case: Case) -> None:
    """The kubelet writes of the task's Pod what the case says."""
    status: dict[str, Any] = plain(case.view.status)
    if case.view.metadata.deletion_timestamp is not None:
        scene._patch_pod("frame-1", deletionTimestamp=at(0))
    scene.pod("frame-1", case.state, **{key: status[key] for key in TOLD})


@pytest.mark.parametrize("case", ENDED, ids=lambda case: case.name)
def test_an_end_is_written_once_and_then_let_go(case: Case) -> None:
    scene = a_running_scene()
    counts = {"retryCount": case.tries.retries}
    scene.add(a_job(), a_task("frame", status=counts, constraints={"maxTaskRetryCount": case.tries.max_retries}))
    scene.run()
    end_as(scene, case)
    actions = [action for action in scene.run() if isinstance(action, WriteTask | ReleaseEvidence)]
    (written,) = of(WriteTask, actions)
    assert actions.index(written) == 0
    assert case.ledger is not None
    status = written.status
    assert status.state == NEXT_STATE[case.ledger]
    assert (status.failure.code if status.failure else None) == case.code
    assert status.retry_count == case.tries.retries + (case.ledger is Ledger.RETRY)
    assert status.requeue_count == 0
    assert [each for each in of(ReleaseEvidence, actions) if each.pod == "frame-1"]
