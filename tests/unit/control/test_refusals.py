"""What was refused is tried again when the Pool changes, not only when its pause is over."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.control import actions as act
from millpond.control.outcomes import Refused
from support.builders import a_job, a_pool, a_task
from support.scene import Scene, a_running_scene, of

TARGET = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDeployment", "name": "batch"}
SCALED = {"type": "ScaleSubresource", "scaleSubresource": {"dedicated": TARGET}}
REFUSED = Refused("UserAccountNotFound", "no account carol")
SOON = 3


@pytest.mark.parametrize("kind", [act.StartAttempt, act.StartJobTask, act.CreateNodePod, act.SupplyHosts])
@pytest.mark.parametrize("changed", [False, True])
def test_it_is_tried_at_once(kind: type[Any], changed: bool) -> None:
    of_pool = kind in (act.CreateNodePod, act.SupplyHosts)
    scene = Scene() if of_pool else a_running_scene()
    scene.fail(kind, REFUSED)
    preparation = {"jobPreparationTask": {"commandLine": "prepare"}} if kind is act.StartJobTask else {}
    provider = {"provider": SCALED} if kind is act.SupplyHosts else {}
    scene.add(*([a_pool(**provider)] if of_pool else []), a_job(**preparation), a_task("t"))
    scene.run(seconds=SOON)
    tried = len(of(kind, scene.done))
    if changed:
        scene.add(scene.edit(scene.pools["farm"], user_accounts=()))
    scene.run(seconds=SOON)
    assert (len(of(kind, scene.done)) > tried) is changed
