"""Nodes' claims on the model, seen to by the operator's own hands, without an event loop."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from millpond.api.pool import Pool
from millpond.cluster.claims import NodeClaims
from millpond.cluster.manifests.storage import node_volume
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Outcome
from millpond.settings import Settings

from support.model.server import ModelServer
from support.model.store import Document
from support.model.verbs import Verbs

Answer = TypeVar("Answer")


class ClaimHands:
    """`ApiError` may be raised."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        self._claims = NodeClaims(ModelServer(verbs, latency=0))

    def see_to(self, action: act.CreateNodePod, node_uid: str, pool: Document) -> bool | Outcome:
        """Whether the Pod awaits a volume, after its claim is there; no claim is touched where the Pod is there."""
        storage = Pool.model_validate(pool).spec.node_template.storage
        found = self._verbs.store.get("pods", (action.namespace, action.pod))
        if not storage.on_claims or found is not None:
            return False
        return _at_once(self._claims.see_to(action, node_uid, storage))

    def delete(self, action: act.DeleteClaim) -> Outcome:
        node = self._verbs.get("computenodes", action.namespace, action.node)
        gone = _at_once(self._claims.is_gone(action.namespace, action.node, node["metadata"]["uid"]))
        return Done() if gone else Missed("the claim is going", 1.0)

    def volumes(self, namespace: str, pool: str, node: str) -> list[Document]:
        """The volumes of a Pod on the node."""
        found = self._verbs.store.get("pools", (namespace, pool))
        if found is None:
            return []
        storage = Pool.model_validate(found).spec.node_template.storage
        return [node_volume(storage, namespace, pool, node, Settings())]


def _at_once(steps: Coroutine[Any, Any, Answer]) -> Answer:
    """What an asynchronous function comes to that waits for nothing but the model."""
    while True:
        try:
            steps.send(None)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
