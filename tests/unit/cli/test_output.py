"""Formats of objects."""

from __future__ import annotations

import json

import pytest
import yaml
from millpond.cli.output import name_of, print_document, print_list

TASK = {"apiVersion": "millpond.dev/v1alpha1", "kind": "Task", "metadata": {"name": "é", "namespace": "n"}, "spec": {}}


def test_names_are_understood_by_kubectl() -> None:
    assert name_of(TASK | {"kind": "ComputeNode", "metadata": {"name": "x"}}) == "computenode.millpond.dev/x"


@pytest.mark.parametrize(("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_documents_keep_their_order_and_letters(capsys: pytest.CaptureFixture[str], output: str, read: object) -> None:
    print_document(TASK, output)
    written = capsys.readouterr().out
    assert callable(read)
    assert list(read(written)) == list(TASK)
    assert "é" in written


def test_a_list_without_objects_is_a_list_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    print_list("task", [], "json", namespaced=False, where="anywhere")
    assert json.loads(capsys.readouterr().out) == {"apiVersion": "v1", "kind": "List", "items": []}


def test_a_pipe_gets_no_colours_and_whole_cells(capsys: pytest.CaptureFixture[str]) -> None:
    done = TASK | {"spec": {"jobName": "j" * 120}, "status": {"state": "Completed", "result": "Success"}}
    print_list("task", [done], "table", namespaced=True, where="")
    written = capsys.readouterr().out
    assert "\x1b" not in written
    assert "j" * 120 in written
    assert written.startswith("NAMESPACE   NAME")
