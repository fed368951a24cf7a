"""Millpond installed on a native cluster of its own, and what users do there. Needs root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from support import binaries, helm
from support.binaries import ROOT
from support.live import Document, Live, condition

API = "millpond.dev/v1alpha1"
IMAGE = "millpond.dev/test/busybox:1"
RELEASE, SYSTEM = "millpond", "millpond-system"
CLAIM = "millpond.dev/pool"
BUILD = "millpond.dev/build"
SETTINGS = {
    # What users wait minutes for, tests wait seconds for.
    "nodeLost": 4,
    "imagePull": 6,
    "emptyJobGrace": 4,
    "taskGrace": 3,
    "leaseDuration": 6,
    "leaseRenewDeadline": 4,
    "leaseRetry": 1,
    "preparingAfter": 1,
}


def tool(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """The standard output of a program that must succeed; `environment` comes on top of the present one."""
    whole = os.environ | (environment or {})
    result = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=1500, env=whole)
    assert result.returncode == 0, f"{' '.join(arguments)}: {result.stderr}{result.stdout}"
    return result.stdout


class Installation:
    """A native cluster by its name, with Millpond in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.build = ""

    def up(self, hosts: int) -> None:
        """Bring the cluster up, with Millpond's image and a small one that has a shell."""
        self.cluster("up", "--nodes", str(hosts), "--node-cpu", "4", "--node-memory", "4Gi")
        own = tool(str(ROOT / "hack" / "images"), "operator").strip()
        self.cluster("load-image", own, tool(str(ROOT / "hack" / "cluster"), "test-image").strip())
        # The archive's name tells its content, so that a cluster that was kept gets what changed since.
        self.build = Path(own).name

    def cluster(self, command: str, *arguments: str) -> str:
        """What `hack/cluster` says about this cluster."""
        return tool(str(ROOT / "hack" / "cluster"), command, "--name", self.name, *arguments).strip()

    @property
    def root(self) -> Path:
        return Path("/var/lib/millpond/clusters") / self.name

    @property
    def node_root(self) -> Path:
        """Where node directories lie: with the cluster's own files, to go with them. All hosts are this machine."""
        return self.root / "batch"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def gateway(self) -> str:
        """The address of this machine at which containers of the cluster reach it."""
        servers = [one["cluster"]["server"] for one in yaml.safe_load(self.kubeconfig.read_text())["clusters"]]
        return str(urlsplit(servers[0]).hostname)

    @property
    def live(self) -> Live:
        return Live(self.kubeconfig)

    def kubectl(self, *arguments: str) -> str:
        """The standard output of a kubectl that must succeed."""
        return tool(str(binaries.path("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments)

    def install(self) -> None:
        """Install the chart, or upgrade to it, and wait until the operator leads."""
        target = ("--namespace", SYSTEM, "--create-namespace", "--kubeconfig", str(self.kubeconfig))
        settings = SETTINGS | {"nodeRoot": str(self.node_root)}
        scaled = [{"apiGroup": "cluster.x-k8s.io", "resource": "machinedeployments"}]
        options = {"jobTokens": {"enabled": True}, "providers": {"scale": scaled}}
        values = {"settings": settings, "podAnnotations": {BUILD: self.build}, **options}
        done = helm.run("upgrade", "--install", RELEASE, str(helm.CHART), *target, values=values)
        assert done.returncode == 0, done.stderr
        self.until_leading()

    def uninstall(self) -> str:
        """Uninstall the release; what helm says."""
        done = helm.run("uninstall", RELEASE, "--namespace", SYSTEM, "--kubeconfig", str(self.kubeconfig), "--wait")
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout

    def until_leading(self, besides: str = "") -> Document:
        """Wait until an operator's Pod, another than the one named, is ready; the Pod."""

        def ready(pods: dict[str, Document]) -> Document | None:
            living = [pod for name, pod in pods.items() if name != besides and self._is_operator(pod)]
            return next((pod for pod in living if condition(pod, "Ready").get("status") == "True"), None)

        return dict(self.live.until("pods", SYSTEM, ready, "the operator is ready", 90))

    def _is_operator(self, pod: Document) -> bool:
        """Whether a Pod is a living operator of the present build."""
        about = pod["metadata"]
        return "deletionTimestamp" not in about and about.get("annotations", {}).get(BUILD) == self.build


class Space:
    """A namespace of a user, and what the user does in it."""

    def __init__(self, installation: Installation, name: str) -> None:
        self.installation = installation
        self.live = installation.live
        self.name = name

    @classmethod
    def new(cls, installation: Installation, name: str) -> Self:
        """A namespace that holds nothing, whatever an earlier run left in it."""
        space = cls(installation, name)
        space.remove()
        space.live.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return space

    def restrict(self) -> None:
        """Put the namespace under the restricted Pod Security Standard, with volumes for claims."""
        self.installation.kubectl("label", "namespace", self.name, "pod-security.kubernetes.io/enforce=restricted")
        self.installation.cluster("volumes", "--each", "3")

    def remove(self) -> None:
        """Delete the pools and wait until their hosts are free, then the namespace, and wait for that too."""
        if self.name not in {one["metadata"]["name"] for one in self.live.all("namespaces")}:
            return
        self.leave()
        self.live.until("namespaces", "", lambda names: self.name not in names, f"namespace {self.name} is gone", 90)

    def leave(self) -> None:
        """Delete the pools and wait until their hosts are free; the namespace goes when it can."""
        for pool in self.live.all("pools", self.name):
            self.live.delete("pools", self.name, pool["metadata"]["name"])
        self.live.until("pools", self.name, lambda pools: not pools, "the pools are gone")
        self.live.delete("namespaces", "", self.name)

    def _apply(self, kind: str, name: str, spec: Document) -> Document:
        document = {"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec}
        return self.live.apply(document, self.name)

    def pool(self, name: str, size: int | None, **spec: Any) -> Document:
        """A pool of `size` nodes (None: as a formula says) of two slots that runs the test image."""
        wanted = {} if size is None else {"targetDedicatedNodes": size}
        return self._apply("Pool", name, wanted | {"taskSlotsPerNode": 2, "nodeTemplate": {"image": IMAGE}} | spec)

    def job(self, name: str, pool: str = "", **spec: Any) -> Document:
        return self._apply("Job", name, ({} if "autoPool" in spec else {"poolName": pool}) | spec)

    def schedule(self, name: str, when: Document, template: Document) -> Document:
        """A schedule, made or changed."""
        return self._apply("JobSchedule", name, {"schedule": when, "jobTemplate": template})

    def task(self, name: str, job: str, script: str = "", **spec: Any) -> Document:
        """A task that runs a shell script, or `commandLine`."""
        command = {} if "commandLine" in spec else {"commandLine": shell(script)}
        return self._apply("Task", name, {"jobName": job} | command | spec)

    def until(self, plural: str, name: str, what: str, test: Any, seconds: float = 60.0) -> Document:
        """Wait until the object is there and passes the test; the object."""

        def passes(objects: dict[str, Document]) -> Document | None:
            found = objects.get(name)
            return found if found is not None and test(found) else None

        return dict(self.live.until(plural, self.name, passes, f"{name} {what}", seconds))

    def until_state(self, plural: str, name: str, state: str, seconds: float = 60.0) -> Document:
        return self.until(plural, name, f"is {state}", lambda one: one.get("status", {}).get("state") == state, seconds)

    def until_told(self, plural: str, name: str, kind: str, reason: str, seconds: float = 60.0) -> Document:
        """Wait until a condition has the reason; the condition."""
        what = f"says {kind} {reason}"
        found = self.until(plural, name, what, lambda one: condition(one, kind).get("reason") == reason, seconds)
        return condition(found, kind)

    def until_gone(self, plural: str, name: str, seconds: float = 60.0) -> None:
        self.live.until(plural, self.name, lambda objects: name not in objects, f"{name} is gone", seconds)

    def completed(self, name: str, seconds: float = 90.0) -> Document:
        """The status of a task, once it is completed."""
        return dict(self.until_state("tasks", name, "Completed", seconds)["status"])

    def succeeded(self, name: str) -> Document:
        """The status of a task, once it is completed, which must be with success; else its failure is shown."""
        status = self.completed(name)
        assert (status["result"], status.get("failure")) == ("Success", None), f"{name}: {status}"
        return status

    def nodes(self, pool: str, count: int, states: tuple[str, ...] = ("Idle", "Running")) -> list[Document]:
        """Wait until the pool has so many nodes and all of them are in one of the states; the nodes."""

        def there(objects: dict[str, Document]) -> list[Document] | None:
            own = [node for node in objects.values() if node["spec"]["poolName"] == pool]
            fit = [node for node in own if node.get("status", {}).get("state") in states]
            return (own or [{}]) if len(own) == len(fit) == count else None

        what = f"pool {pool} has {count} nodes {' or '.join(states)}"
        return list(self.live.until("computenodes", self.name, there, what, 90))

    def millpond(self, *arguments: str) -> str:
        """What the command line prints, in this namespace."""
        program = [sys.executable, "-c", "from millpond.cli.main import main; main()", *arguments, "-n", self.name]
        environment = {
            "KUBECONFIG": str(self.installation.kubeconfig),
            "PYTHONPATH": str(ROOT / "operator"),
            "PATH": f"{binaries.path('kubectl').parent}:{os.environ['PATH']}",
        }
        return tool(*program, environment=environment)

    def log(self, pod: str, container: str = "task") -> str:
        return self.installation.kubectl("logs", "-n", self.name, pod, "-c", container)

    def node_directories(self) -> list[str]:
        """The directories of this namespace's nodes on their hosts."""
        root = self.installation.node_root
        return sorted(path.name for path in root.glob(f"{self.name}.*")) if root.exists() else []

    def read(self, node: str, path: str) -> str:
        """A file of a node directory, read through the node's agent."""
        command = ("cat", f"/mnt/batch/tasks/{path}")
        return self.installation.kubectl("exec", "-n", self.name, node, "-c", "agent", "--", *command)

    def events(self, name: str) -> set[str]:
        """The reasons of the Events about an object so far."""
        found = self.live.all("events", self.name)
        return {event["reason"] for event in found if event.get("regarding", {}).get("name") == name}

    def until_event(self, name: str, reason: str) -> str:
        """Wait for an Event about an object; its note."""

        def there(objects: dict[str, Document]) -> str | None:
            about = [event for event in objects.values() if event.get("regarding", {}).get("name") == name]
            return next((event["note"] for event in about if event["reason"] == reason), None)

        return str(self.live.until("events", self.name, there, f"an event {reason} about {name}"))


def shell(script: str) -> str:
    """The command line that runs a script in a shell."""
    return f"sh -c {json.dumps(script)}" if "'" in script else f"sh -c '{script}'"


def marks(hosts: list[Document]) -> dict[str, tuple[Any, Any]]:
    """Labels and taints of hosts, by name: what must be as it was found."""
    return {host["metadata"]["name"]: (host["metadata"]["labels"], host["spec"].get("taints", [])) for host in hosts}
