"""`millpond node shell`: a terminal on a node, through the caller's own kubectl and with the caller's own rights."""

from __future__ import annotations

import os
import shutil
import sys

from millpond.cli.access import Access, Cluster, in_cluster
from millpond.cli.agents import Place, place_of
from millpond.cli.errors import CliError
from millpond.cluster.manifests.layout import ROOT
from millpond.lifecycle.nodes import AGENT_CONTAINER

SHELL = f"cd {ROOT}; command -v bash >/dev/null && exec bash; exec sh"
"""In the node directory; bash where the agent's image has it."""
COMMAND = f'cd {ROOT} && exec "$@"'
"""As well; the words of the command follow, unread by any shell."""


def open_shell(access: Access, node: str, command: tuple[str, ...]) -> None:
    """Become kubectl, at the node's agent: with a terminal where there is one. CliError where there is no such node.

    The process ends with kubectl's exit code, which is the command's own.
    """

    async def find(cluster: Cluster) -> tuple[Place, str]:
        return await place_of(cluster, "node", node), cluster.one_namespace

    place, namespace = in_cluster(access, find)
    words = kubectl(access, namespace, place.pod, command, terminal=sys.stdin.isatty() and sys.stdout.isatty())
    os.execv(words[0], words)  # noqa: S606 - it takes no shell to become kubectl


def kubectl(access: Access, namespace: str, pod: str, command: tuple[str, ...], *, terminal: bool) -> list[str]:
    """The command line, program first. CliError where this machine has no kubectl."""
    program = shutil.which("kubectl")
    if program is None:
        raise CliError(
            "A shell on a node needs kubectl, and there is none on this machine.",
            "Install kubectl; `millpond node files` lists and fetches files without it.",
        )
    where = [f"--kubeconfig={access.kubeconfig}"] if access.kubeconfig else []
    where += [f"--context={access.context}"] if access.context else []
    how = ["--stdin", "--tty"] if terminal else ["--stdin"]
    run = ("sh", "-c", COMMAND, "sh", *command) if command else ("sh", "-c", SHELL)
    return [
        program,
        *where,
        f"--namespace={namespace}",
        "exec",
        *how,
        pod,
        f"--container={AGENT_CONTAINER}",
        "--",
        *run,
    ]
