"""Scenario 29 (azure-batch-semantics §13): resource files of containers, names that lead out, modes, and failures.

The operator's Pod says what is to be fetched; the agent fetches just that from a real store.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import obstore
import pytest
from millpond.agent.beneath import open_root
from millpond.agent.bring import FetchError
from millpond.agent.fetch import fetch
from millpond.agent.wanted import wishes
from millpond.api.reasons import FailureCode
from millpond.lifecycle.fetching import FETCH_CONTAINER
from millpond.storage.credentials import Credentials
from support.expansion import expand
from support.scripts import Run
from support.stores import HASTY, ObjectStores
from support.virtual_time import in_virtual_time
from support.worlds import ModelWorld

LIMIT = 3000.0


async def downloads(world: ModelWorld, *runs: Run, **spec: Any) -> list[dict[str, str]]:
    """The environments of the downloads of a task, one for each attempt, once it has completed."""
    seen: list[dict[str, str]] = []

    def hear(change: Any) -> None:
        if change.plural == "pods" and change.type == "ADDED":
            inits = change.after["spec"].get("initContainers", ())
            own = [init["env"] for init in inits if init["name"] == FETCH_CONTAINER]
            seen.extend({one["name"]: expand(one["value"], {}) for one in env} for env in own)

    world.verbs.store.listeners.append(hear)
    world.host("h1").pool("p", 1).job("j").task("j", "t", *runs, **spec)
    await world.run_until(lambda: world.state("tasks", "t") == "Completed", LIMIT)
    return seen


def fetched(environment: dict[str, str], directory: Path, stores: ObjectStores) -> dict[str, tuple[bytes, int]]:
    """Content and mode of what arrives, by path."""
    credentials = Credentials(account_key=stores.account_key)
    base = open_root(str(directory))
    try:
        # The agent's process has no event loop of virtual time around it.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(fetch, wishes(environment), base, lambda _: credentials, print, HASTY).result()
    finally:
        os.close(base)
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mode & 0o7777) for path in files}


@in_virtual_time
async def test_scenario_29_a_containers_files_by_prefix_below_a_path_and_anew_for_each_attempt(
    tmp_path: Path, stores: ObjectStores
) -> None:
    url = stores.azure_container("scenario-29")
    for name in ("textures/a.png", "textures/deep/b.png", "text.txt", "other.txt"):
        obstore.put(stores.open(url), name, name.encode())
    file = {"storageContainerUrl": url, "blobPrefix": "text", "filePath": "in", "credentialsSecretName": "store"}
    async with ModelWorld() as world:
        environments = await downloads(
            world, Run(exit_code=1), Run(), resourceFiles=[file], constraints={"maxTaskRetryCount": 1}
        )
    assert len(environments) == 2
    for environment in environments:
        assert fetched(environment, tmp_path, stores) == {
            f"in/{name}": (name.encode(), 0o770) for name in ("textures/a.png", "textures/deep/b.png", "text.txt")
        }


@in_virtual_time
async def test_scenario_29_a_path_that_leads_out_is_refused(tmp_path: Path, stores: ObjectStores) -> None:
    file = {"httpUrl": f"{stores.faults}/web/none/1.bin", "filePath": "inside"}
    async with ModelWorld() as world:
        (environment,) = await downloads(world, resourceFiles=[file])
    leading_out = {name: value.replace("inside", "../outside") for name, value in environment.items()}
    directory = tmp_path / "wd"
    directory.mkdir()
    with pytest.raises(FetchError) as refusal:
        fetched(leading_out, directory, stores)
    assert refusal.value.code is FailureCode.RESOURCE_FILE_CREATE_FAILED
    assert list(directory.parent.iterdir()) == [directory]


@in_virtual_time
async def test_scenario_29_a_file_that_cannot_be_had_fails_the_task_without_a_retry() -> None:
    file = {"httpUrl": "https://store.example/a", "filePath": "a"}
    async with ModelWorld() as world:
        environments = await downloads(
            world, Run(not_fetched="BlobNotFound"), resourceFiles=[file], constraints={"maxTaskRetryCount": 3}
        )
        status = world.status("tasks", "t")
    assert len(environments) == 1
    assert (status["result"], status["failure"]["code"], status["failure"]["category"]) == (
        "Failure",
        "BlobNotFound",
        "UserError",
    )
    assert status["failure"]["details"] == [{"name": "FilePath", "value": "a"}]
    assert status.get("retryCount", 0) == 0
