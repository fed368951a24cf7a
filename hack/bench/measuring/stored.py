"""Very many Tasks at once: copies of one that the API server stored, laid beside it in etcd as it would store them.

Making 100,000 through the API server takes many minutes of two cores and measures nothing; listing and watching them is
then the API server's own work as ever. For the native cluster only, whose etcd is at the API server's own address.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.request
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from millpond.api.kind import GROUP
from millpond.cluster.kubeconfig import connect

from measuring.clusters import NAMESPACE, say

PREFIX = f"/registry/{GROUP}/tasks/{NAMESPACE}/"
BATCH = 100
PER_SECOND = 500
"""How many the copies' creation times say were made in each second."""


def copy_task(kubeconfig: Path, pattern: str, names: list[str], jobs: list[str]) -> None:
    """Store a copy of the task `pattern` under each name, spread over the jobs."""
    etcd = f"http://{urlsplit(connect(str(kubeconfig)).server).hostname}:2379/v3/kv"
    found = _post(f"{etcd}/range", {"key": _base64(PREFIX + pattern)})
    original = json.loads(base64.b64decode(found["kvs"][0]["value"]))
    began = time.monotonic()
    for first in range(0, len(names), BATCH):
        puts = []
        for number, name in enumerate(names[first : first + BATCH], first):
            value = _copied(original, name, jobs[number % len(jobs)], number // PER_SECOND)
            puts.append({"requestPut": {"key": _base64(PREFIX + name), "value": _base64(value)}})
        _post(f"{etcd}/txn", {"success": puts})
    say(f"{len(names):,} tasks stored in {time.monotonic() - began:.0f} s")


def _copied(original: dict[str, Any], name: str, job: str, later: int) -> str:
    """The JSON of a namesake made so many seconds later."""
    document = original | {"metadata": dict(original["metadata"]), "spec": dict(original["spec"])}
    born = datetime.fromisoformat(original["metadata"]["creationTimestamp"]) + timedelta(seconds=later)
    at = born.strftime("%Y-%m-%dT%H:%M:%SZ")
    document["metadata"] |= {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": at}
    document["spec"] |= {"jobName": job, "commandLine": document["spec"]["commandLine"].replace("task-000000", name)}
    return json.dumps(document, separators=(",", ":")) + "\n"


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=60) as answer:  # noqa: S310
        return dict(json.load(answer))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
