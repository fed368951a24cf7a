"""The options that say which cluster, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from millpond.cli.access import Access, Cluster, cluster_options, in_cluster
from millpond.cli.errors import CliError

KUBECONFIG = """
current-context: one
contexts:
- {name: one, context: {cluster: c, namespace: first}}
- {name: two, context: {cluster: c}}
clusters:
- {name: c, cluster: {server: "http://127.0.0.1:1"}}
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    return str(path)


@pytest.mark.parametrize(
    ("context", "namespace", "every", "seen"),
    [("", "", False, "first"), ("two", "", False, "default"), ("", "mine", False, "mine"), ("", "", True, None)],
)
def test_the_namespace(kubeconfig: str, context: str, namespace: str, every: bool, seen: str | None) -> None:
    async def work(cluster: Cluster) -> str | None:
        return cluster.namespace

    assert in_cluster(Access(kubeconfig, context, namespace, every), work) == seen


def test_the_variable_names_the_file(kubeconfig: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig)

    async def work(cluster: Cluster) -> str:
        return cluster.connection.server

    assert in_cluster(Access(), work) == "http://127.0.0.1:1"


def test_a_context_that_is_not_there(kubeconfig: str) -> None:
    async def work(cluster: Cluster) -> None:
        raise AssertionError(cluster)

    with pytest.raises(CliError, match="no context named 'zz'"):
        in_cluster(Access(kubeconfig, "zz"), work)


def test_an_interrupt_is_no_error(kubeconfig: str) -> None:
    async def work(cluster: Cluster) -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as left:
        in_cluster(Access(kubeconfig), work)
    assert left.value.code == 130


@pytest.mark.parametrize("every", [False, True])
def test_options_become_access(every: bool) -> None:
    seen: list[Access] = []

    @click.command()
    @cluster_options(every=every)
    @click.argument("name")
    def command(access: Access, name: str) -> None:
        del name
        seen.append(access)

    arguments = ["x", "-n", "space", "--kubeconfig", "file", "--context", "there", *(["-A"] if every else [])]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    assert seen == [Access("file", "there", "space", every)]
