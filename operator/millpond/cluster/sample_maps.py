"""The two ConfigMaps in which a pool's samples outlive the operator: one of the present hour, one of the sealed hours.

Both are owned by their Pool. One of that name that is not is a stranger's, and neither read nor written.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode

import msgspec

from millpond.api import labels, naming
from millpond.api.kind import API_VERSION
from millpond.api.reasons import AutoScaleReason
from millpond.api.views.meta import Meta, View
from millpond.cluster.api_server import CONFIG_MAPS, ApiServer
from millpond.cluster.errors import NotFoundError
from millpond.cluster.objects import create_or_find, is_of_a_kind, is_owned
from millpond.control.actions import KeepSamples, LoadSamples
from millpond.control.outcomes import Done, Missed, Outcome, Refused
from millpond.scaling.kept_samples import KeptSamples, Reading

CURRENT = "current"
"""The key of the present hour's block; the sealed ones' keys are their first seconds."""


class _SampleMap(View, frozen=True):
    metadata: Meta
    binary_data: dict[str, bytes] | None = None


_sample_map = msgspec.json.Decoder(_SampleMap).decode


class SampleMaps:
    """Performs what concerns samples. Remembers which maps are known to be the pools' own."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._own: set[tuple[str, str, str]] = set()
        """Namespace, name of the map, uid of its Pool."""

    async def load(self, action: LoadSamples) -> Outcome:
        """Read what an earlier life kept."""
        return Done(samples=await read_samples(self._api, action.namespace, action.pool, action.uid))

    async def keep(self, action: KeepSamples) -> Outcome:
        """Seal the hours that have passed, then write the present one: killed in between, rows are in both places."""
        if action.sealed or action.dropped:
            blocks = {str(hour): block for hour, block in action.sealed.items()}
            gone = dict.fromkeys(map(str, action.dropped))
            outcome = await self._write(action, naming.sealed_samples(action.pool), blocks, gone)
            if not isinstance(outcome, Done):
                return outcome
        return await self._write(action, naming.current_samples(action.pool), {CURRENT: action.current}, {})

    async def _write(self, action: KeepSamples, name: str, blocks: dict[str, bytes], gone: dict[str, None]) -> Outcome:
        data: dict[str, str | None] = {key: b64encode(block).decode() for key, block in blocks.items()}
        known = (action.namespace, name, action.uid)
        if known not in self._own:
            found = await create_or_find(self._api, CONFIG_MAPS, action.namespace, _document(action, name, data))
            if found is not None and not is_owned(found, action.uid):
                return _taken(found, name)
            self._own.add(known)
            if found is None:
                return Done()
        try:
            await self._api.merge_patch(CONFIG_MAPS, action.namespace, name, {"binaryData": data | gone})
        except NotFoundError:
            self._own.discard(known)
            return Missed(f"ConfigMap {name} was deleted")
        return Done()


async def read_samples(api: ApiServer, namespace: str, pool: str, uid: str) -> KeptSamples:
    """The samples kept for the Pool of that uid."""
    reading = Reading()
    for name in (naming.current_samples(pool), naming.sealed_samples(pool)):
        for key, block in (await _read_map(api, namespace, name, uid)).items():
            reading.add(key, block)
            await asyncio.sleep(0)
    return reading.kept()


async def _read_map(api: ApiServer, namespace: str, name: str, uid: str) -> dict[str, bytes]:
    try:
        found = _sample_map(await api.get(CONFIG_MAPS, namespace, name))
    except NotFoundError:
        return {}
    return found.binary_data or {} if is_owned(found.metadata, uid) else {}


def _taken(found: Meta, name: str) -> Missed | Refused:
    if is_of_a_kind(found, "Pool"):
        return Missed(f"ConfigMap {name} goes with a former Pool of the name")
    text = (
        f"ConfigMap {name} exists and is not this pool's: samples are lost when the operator restarts. "
        "Delete it, or give the pool another name."
    )
    return Refused(AutoScaleReason.SAMPLES_NOT_KEPT, text)


def _document(action: KeepSamples, name: str, data: dict[str, str | None]) -> dict[str, object]:
    owner = {"apiVersion": API_VERSION, "kind": "Pool", "name": action.pool, "uid": action.uid}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": action.namespace,
            "labels": {labels.POOL: action.pool, labels.MANAGED_BY: labels.OPERATOR},
            "ownerReferences": [owner],
        },
        "binaryData": data,
    }
