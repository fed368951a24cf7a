"""A namespace under the *restricted* Pod Security Standard, held by a real API server: pools on claims run there."""

from __future__ import annotations

import pytest
from millpond.api.job import Job
from millpond.api.labels import Role
from millpond.api.pool import Pool
from millpond.cluster.client import Client
from millpond.control import actions as act
from millpond.control.outcomes import Done, Refused
from support.apiserver import ApiServer
from support.builders import ON_CLAIMS
from support.hands import Hands, a_start, a_task, document

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
STAGED = {"jobPreparationTask": {"commandLine": "prepare"}, "jobReleaseTask": {"commandLine": "clean"}}
ADMIN = {"autoUser": {"elevationLevel": "Admin"}}


@pytest.fixture
def restricted(api: Client, server: ApiServer) -> Hands:
    """A restricted namespace with a job and a pool on claims."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "restricted", "labels": RESTRICTED}}
    server.done("apply", "-f", "-", document=space)
    hands = Hands(api, server, "restricted")
    observe_pool(hands, nodeTemplate=ON_CLAIMS, startTask={"commandLine": "prepare", "waitForSuccess": False})
    hands.world.observe_job(Job.model_validate(hands.apply(document("Job", "frames", {"poolName": "farm"} | STAGED))))
    return hands


def observe_pool(hands: Hands, name: str = "farm", **spec: object) -> None:
    pool = hands.apply(document("Pool", name, {"targetDedicatedNodes": 1, **spec}))
    hands.world.observe_pool(Pool.model_validate(pool))


async def test_every_pod_of_a_pool_on_claims_is_admitted_and_none_on_host_paths(restricted: Hands) -> None:
    hands, space = restricted, restricted.space
    create = act.CreateNode(namespace=space, pool="farm", node="farm-aaaaa")
    pod = act.CreateNodePod(namespace=space, pool="farm", node="farm-aaaaa", pod="farm-aaaaa")
    job = hands.get("bjob", "frames")["metadata"]["uid"]
    of_job = {"pool": "farm", "job": "frames", "job_uid": job, "node": "farm-aaaaa", "host": "host-1"}
    preparation = act.StartJobTask(namespace=space, role=Role.PREPARATION, pod="frames-prep", **of_job)
    release = act.StartJobTask(namespace=space, role=Role.RELEASE, pod="frames-release", **of_job)
    started = a_start(hands, a_task(hands))
    outcomes = await hands.perform(create, pod, preparation, release, started)
    assert [type(outcome) for outcome in outcomes] == [Done] * 5, outcomes
    assert len(hands.get("pods")["items"]) == 4
    claim = hands.get("persistentvolumeclaim", "farm-aaaaa")
    assert claim["spec"]["resources"]["requests"] == {"storage": "1Gi"}
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    refused = await hands.one(a_start(hands, a_task(hands, "admin", userIdentity=ADMIN)))
    assert isinstance(refused, Refused)
    assert refused.reason == "UserNotAllowed"

    observe_pool(hands, "hosts", nodeTemplate={"image": "debian"})
    create = act.CreateNode(namespace=space, pool="hosts", node="hosts-aaaaa")
    pod = act.CreateNodePod(namespace=space, pool="hosts", node="hosts-aaaaa", pod="hosts-aaaaa")
    _, refused = await hands.perform(create, pod)
    assert isinstance(refused, Refused)
    assert "violates PodSecurity" in refused.message
    assert "nodeTemplate.storage of type PersistentVolumeClaim" in refused.message
