"""A native cluster for one benchmark: control plane and simulated nodes, with the CRDs, taken down at the end."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import ROOT

NAMESPACE = "bench"
OPERATORS_NAMESPACE = "millpond"


def say(text: str) -> None:
    """Tell what is going on, beside the figures."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def cluster(name: str, *, keep: bool = False) -> Iterator[Path]:
    """The path of the kubeconfig of a cluster without kubelets, with the CRDs and the namespaces in it."""
    say(f"cluster {name}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        found = _hack_cluster("up", "--name", name, "--no-kubelets").strip()
        kubeconfig = Path(found.splitlines()[-1])
        kubectl(kubeconfig, "apply", "--server-side", "-f", str(ROOT / "crds"))
        kubectl(kubeconfig, "wait", "--for=condition=Established", "--timeout=60s", "-f", str(ROOT / "crds"))
        for namespace in (NAMESPACE, OPERATORS_NAMESPACE):
            _ensure_namespace(kubeconfig, namespace)
        yield kubeconfig
    finally:
        if not keep:
            _hack_cluster("down", "--name", name)


def simulate_nodes(name: str, count: int, seconds: float) -> list[str]:
    """Add simulated nodes on which a task takes so many seconds; their names."""
    say(f"{count} simulated nodes")
    room = ["--node-cpu", "64", "--node-memory", "256Gi", "--node-labels", "bench=true"]
    number = ["--simulated", str(count), "--task-seconds", str(seconds)]
    return _hack_cluster("add-node", "--name", name, *number, *room).split()


def kubectl(kubeconfig: Path, *words: str, stdin: str | None = None) -> str:
    """What kubectl says; ends the benchmark when it fails."""
    command = ["kubectl", f"--kubeconfig={kubeconfig}", *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _ensure_namespace(kubeconfig: Path, name: str) -> None:
    if not kubectl(kubeconfig, "get", "namespace", name, "--ignore-not-found", "--output=name"):
        kubectl(kubeconfig, "create", "namespace", name)


def _hack_cluster(*words: str) -> str:
    done = subprocess.run([str(ROOT / "hack" / "cluster"), *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"hack/cluster {' '.join(words)} failed")
    return done.stdout
