"""The farm itself: the operator installed, the example applied, its frames fetched. One function a phase."""

from __future__ import annotations

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nativecluster.progress import ClusterError, step, wait_until
from ociimages.images import POVRAY_IMAGE, ROOT

from .clusters import NODES, Ready
from .commands import Programs

RELEASE, SYSTEM = "millpond", "millpond-system"
NAMESPACE, JOB, POOL = "render-demo", "film", "render"
EXAMPLE = ROOT / "examples" / "render"


@dataclass(frozen=True)
class Farm:
    """The example on one cluster."""

    ready: Ready

    @property
    def _commands(self) -> Programs:
        path = os.pathsep.join([str(ROOT / "operator"), *filter(None, [os.environ.get("PYTHONPATH")])])
        return Programs({"KUBECONFIG": str(self.ready.kubeconfig), "PYTHONPATH": path})

    def _kubectl(self, *arguments: str, text: str | None = None) -> str:
        return self._commands.run(self.ready.kubectl, *arguments, text=text)

    def _millpond(self, *arguments: str, show: bool = False) -> str:
        command = str(Path(sys.executable).with_name("millpond"))
        return self._commands.run(command, *arguments, "--namespace", NAMESPACE, show=show)

    def install(self) -> None:
        """Install or upgrade the chart, and wait until the operator leads."""
        repository, _, tag = self.ready.millpond_image.rpartition(":")
        values = {
            "image": {"repository": repository, "tag": tag},
            "podAnnotations": {"millpond.dev/build": self.ready.build},
        }
        command = ["upgrade", "--install", RELEASE, str(ROOT / "charts" / "millpond"), "--namespace", SYSTEM]
        command += ["--create-namespace", "--values", "-", "--wait", "--timeout", "3m"]
        with step(f"helm installs Millpond in {SYSTEM}", self._operator_says):
            self._commands.run(self.ready.helm, *command, text=json.dumps(values))

    def _operator_says(self) -> str:
        pods = self._list("pods", SYSTEM)
        return ", ".join(f"{pod['metadata']['name']} {pod['status'].get('phase')}" for pod in pods)

    def _list(self, kind: str, namespace: str) -> list[dict[str, Any]]:
        text = self._kubectl("get", kind, "--namespace", namespace, "--output", "json")
        items: list[dict[str, Any]] = json.loads(text)["items"]
        return items

    def apply(self) -> None:
        """Apply the example, anew: a film of an earlier run is deleted first, its pool is kept."""
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        self._kubectl("apply", "--filename", "-", text=json.dumps(namespace))
        old = [item for item in self._list("jobs.millpond.dev", NAMESPACE) if item["metadata"]["name"] == JOB]
        if old:
            with step("deleting the film of an earlier run"):
                self._kubectl("delete", "tasks.millpond.dev,jobs.millpond.dev", "--all", "--namespace", NAMESPACE)
        for name in ("pool.yaml", "job.yaml", "tasks.yaml"):
            text = (EXAMPLE / name).read_text().replace(POVRAY_IMAGE, self.ready.povray_image)
            self._kubectl("apply", "--namespace", NAMESPACE, "--filename", "-", text=text)

    def await_nodes(self) -> None:
        """Wait until every node has run its start task."""
        with step(f"{NODES} nodes run their start task", self._nodes_say):
            wait_until(
                lambda: len(self._idle()) >= NODES, "the pool's nodes are ready", 300, failed=self._failed, interval=1.0
            )

    def _nodes(self) -> dict[str, str]:
        nodes = self._list("computenodes.millpond.dev", NAMESPACE)
        return {node["metadata"]["name"]: node.get("status", {}).get("state", "Creating") for node in nodes}

    def _idle(self) -> list[str]:
        return [name for name, state in self._nodes().items() if state in ("Idle", "Running")]

    def _failed(self) -> str:
        bad = [name for name, state in self._nodes().items() if state in ("StartTaskFailed", "Unusable")]
        return f"{', '.join(bad)}: see millpond node show {bad[0]} --namespace {NAMESPACE}" if bad else ""

    def _nodes_say(self) -> str:
        return ", ".join(f"{name} {state}" for name, state in sorted(self._nodes().items())) or "no nodes yet"

    def watch(self) -> None:
        """Follow the job in the terminal until it is complete."""
        self._millpond("job", "watch", JOB, show=True)
        job = json.loads(self._millpond("job", "show", JOB, "--output", "json"))
        counts = job["status"]["taskCounts"]
        if counts.get("failed") or not counts.get("succeeded"):
            raise ClusterError(f"tasks failed ({counts}): see millpond task list --job {JOB} --namespace {NAMESPACE}")

    def fetch(self, folder: Path) -> list[Path]:
        """Fetch the frames from the nodes that rendered them, all of a node's at once; the frames in order."""
        shutil.rmtree(folder, ignore_errors=True)
        patterns: dict[str, list[str]] = {}
        for task in self._list("tasks.millpond.dev", NAMESPACE):
            status = task["status"]
            patterns.setdefault(status["nodeName"], []).append(f"{status['directory']}/wd/*.png")
        with (
            step(f"fetching the frames from {len(patterns)} nodes", lambda: f"{len(_frames(folder))} are here"),
            ThreadPoolExecutor(len(patterns)) as fetchers,
        ):
            list(fetchers.map(lambda node: self._fetch(node, patterns[node], folder), patterns))
        return _frames(folder)

    def _fetch(self, node: str, patterns: list[str], folder: Path) -> None:
        self._millpond("node", "files", "get", node, *patterns, "--output-dir", str(folder))


def _frames(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"), key=lambda frame: frame.name)
