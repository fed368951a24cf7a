"""The reference's scenario 28 (§13): from a Task's document to the blobs of a real store, by the sidecar of its Pod.

The sidecar's command runs here, on a directory as a task leaves it; that it comes to run at the task's end is for the
end-to-end tests, and what becomes of the task for the model's kubelets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import obstore
import pytest
from click.testing import CliRunner
from millpond.agent.main import agent
from millpond.api.task import Task
from millpond.cluster.manifests.credentials import CREDENTIALS
from millpond.cluster.manifests.layout import ROOT
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import StartAttempt
from millpond.settings import Settings
from support.builders import JOB, POOL, SPACE, a_job, a_pool, metadata, record
from support.expansion import expand
from support.scripts import Run
from support.stores import ObjectStores
from support.virtual_time import run
from support.worlds import ModelWorld

FILES = (
    *("wd/a.gif", "wd/b.gif", "wd/.a.gif", "wd/c.txt", "wd/x*", "wd/out/d.gif", "wd/out/deep/e.gif"),
    *("wd/.cache/f.gif", "stdout.txt", "stderr.txt"),
)
LIMIT = 600.0


class Node:
    """A directory as a node has it, and a bucket for what leaves it."""

    def __init__(self, root: Path, stores: ObjectStores) -> None:
        self.root = root
        self.stores = stores
        self.count = 0

    def blobs_of(
        self, *outputs: dict[str, Any], cause: str = "Exited", code: int = 0, settings: dict[str, str] | None = None
    ) -> set[str]:
        """The blobs that there are when a task with these output files has ended so."""
        self.count += 1
        place = f"{self.stores.bucket('conformance')}/{self.count}"
        for output in outputs:
            output["destination"] = {"containerUrl": place, "credentialsSecretName": "s3"} | output["destination"]
        variables = [{"name": name, "value": value} for name, value in (settings or {}).items()]
        spec = {"jobName": JOB, "commandLine": "true", "outputFiles": list(outputs), "environmentSettings": variables}
        task = Task.model_validate({"metadata": metadata("t"), "spec": spec})
        start = StartAttempt(
            namespace=SPACE, pool=POOL, job=JOB, task="t", task_uid="u", attempt=1, pod="t-1", node="farm-aaaaa",
            host="host-1", slots=1, cpu_millis=1, memory_bytes=1,
        )  # fmt: skip
        (sidecar,) = task_pod(start, task, a_job(), a_pool(), Settings(_env_file=None))["spec"]["initContainers"]
        self._leave(cause, code)
        self._run(sidecar)
        return {each["path"] for page in obstore.list(self.stores.open(place)) for each in page}

    def _leave(self, cause: str, code: int) -> None:
        directory = self.root / "node" / "workitems" / JOB / "job-1" / "t"
        for name in FILES:
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(name)
        (directory / "exit.json").write_text(record(cause, code, name="t-1"))
        (self.root / "secrets" / "s3").mkdir(parents=True, exist_ok=True)
        for key, value in self.stores.s3_secret.items():
            (self.root / "secrets" / "s3" / key).write_text(value)

    def _run(self, sidecar: dict[str, Any]) -> None:
        here = {ROOT: str(self.root / "node"), CREDENTIALS: str(self.root / "secrets")}
        environment = {each["name"]: expand(each["value"], {}) for each in sidecar["env"]}
        words = [here.get(word, word) for word in sidecar["command"]]
        assert words[:5] == ["launcher", "defer", "--", "millpond", "agent"]
        done = CliRunner().invoke(agent, words[5:], env=environment, catch_exceptions=False)
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, stores: ObjectStores) -> Node:
    return Node(tmp_path_factory.mktemp("conformance"), stores)


def output(pattern: str, condition: str = "TaskCompletion", **destination: str) -> dict[str, Any]:
    return {"filePattern": pattern, "destination": destination, "uploadCondition": condition}


PATTERNS = {
    "*.gif": {"a.gif", "b.gif"},
    ".*.gif": {".a.gif"},
    "?.gif": {"a.gif", "b.gif"},
    "[a-b].gif": {"a.gif", "b.gif"},
    "[!a].gif": {"b.gif"},
    "x[*]": {"x*"},
    "**/*.gif": {"a.gif", "b.gif", "out/d.gif", "out/deep/e.gif"},
    "**/.*/*.gif": {".cache/f.gif"},
    "../std*.txt": {"stdout.txt", "stderr.txt"},
    "$AZ_BATCH_TASK_WORKING_DIR/$NAME.txt": {"c.txt"},
    "nothing": set(),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_scenario_28_patterns(node: Node, pattern: str) -> None:
    # The variable is that of the node, whose directory is elsewhere here.
    text = pattern.replace("$AZ_BATCH_TASK_WORKING_DIR/", "")
    assert node.blobs_of(output(text), settings={"NAME": "c"}) == PATTERNS[pattern]


@pytest.mark.parametrize(
    ("destination", "pattern", "blobs"),
    [
        ({}, "out/d.gif", {"d.gif"}),
        ({"path": "kept/called.gif"}, "out/d.gif", {"kept/called.gif"}),
        ({}, "out/**/*.gif", {"d.gif", "deep/e.gif"}),
        ({"path": "kept"}, "out/**/*.gif", {"kept/d.gif", "kept/deep/e.gif"}),
        ({"path": "kept"}, "out/[d].gif", {"kept"}),
    ],
)
def test_scenario_28_paths(node: Node, destination: dict[str, str], pattern: str, blobs: set[str]) -> None:
    assert node.blobs_of(output(pattern, **destination)) == blobs


@pytest.mark.parametrize(
    ("cause", "code", "met"),
    [
        ("Exited", 0, {"TaskSuccess", "TaskCompletion"}),
        ("Exited", 1, {"TaskFailure", "TaskCompletion"}),
        ("WallClock", 143, {"TaskFailure", "TaskCompletion"}),
        ("Terminated", 143, set()),
        ("CommandNotFound", 127, set()),
    ],
)
def test_scenario_28_conditions(node: Node, cause: str, code: int, met: set[str]) -> None:
    outputs = [output("c.txt", each, path=each) for each in ("TaskSuccess", "TaskFailure", "TaskCompletion")]
    assert node.blobs_of(*outputs, cause=cause, code=code) == met


UPLOADS = {"outputFiles": [{"filePattern": "*", "destination": {"containerUrl": "s3://results"}}]}
SATISFIES = {"dependencyAction": "Satisfy"}
REFUSED = {"upload_code": 1, "upload_says": '{"code":"FileUploadAccessDenied","message":"No"}'}


@pytest.mark.parametrize(
    ("code", "conditions", "goes_on"),
    [
        (0, None, False),
        (0, {"fileUploadError": SATISFIES}, True),
        (0, {"default": SATISFIES}, True),
        (5, {"exitCodes": [{"code": 5, "exitOptions": {}}], "fileUploadError": SATISFIES}, False),
        (5, {"exitCodes": [{"code": 5, "exitOptions": SATISFIES}]}, True),
    ],
)
def test_scenario_28_a_failed_upload_fails_the_task_and_has_its_exit_condition(
    code: int, conditions: dict[str, Any] | None, goes_on: bool
) -> None:
    """The task stays Running until its files are uploaded, and an exit code's own condition goes first (§4.7)."""

    async def main() -> tuple[dict[str, Any], bool]:
        async with ModelWorld() as world:
            world.host("h1").pool("p", 1, 2).job("j", usesTaskDependencies=True, constraints={"maxTaskRetryCount": 3})
            words = {"exitConditions": conditions} if conditions else {}
            world.task("j", "first", Run(exit_code=code, upload_seconds=60, **REFUSED), **UPLOADS, **words)
            world.task("j", "then", dependsOn={"taskIds": ["first"]})
            await world.run_until(lambda: world.state("tasks", "first") == "Running", LIMIT)
            began = world.now()
            await world.run_until(lambda: world.state("tasks", "first") == "Completed", LIMIT)
            assert world.now() - began > 50
            await world.run_quiet(60, LIMIT)
            return world.status("tasks", "first"), world.state("tasks", "then") == "Completed"

    status, went_on = run(main())
    assert (status["result"], status["exitCode"], status["retryCount"]) == ("Failure", code, 0)
    assert status["failure"]["code"] == "FileUploadAccessDenied"
    assert went_on is goes_on
