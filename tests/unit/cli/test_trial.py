"""A formula tried on a pool's samples: each step, what would follow, and nothing changed."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from millpond.cli.main import millpond
from millpond.cluster.sample_maps import SampleMaps
from millpond.control.actions import KeepSamples
from millpond.scaling.sample_blocks import write_block
from support.formulas import some_rows
from support.model.server import ModelServer

from .conftest import SPACE, Shell

FORMULA = """// as many as tasks
pending = avg(
  $PendingTasks.GetSample(3));
$TargetDedicatedNodes = pending / $TaskSlotsPerNode;"""
NOW = int(time.time())


@pytest.fixture
def farm(shell: Shell) -> Shell:
    """Pool render with a formula, two nodes, and samples of the last five minutes; pool plain with neither."""
    spec: dict[str, Any] = {"taskSlotsPerNode": 4, "nodeTemplate": {"image": "debian"}}
    shell.add("pools", "plain", spec | {"targetDedicatedNodes": 1}, {"targetDedicatedNodes": 1})
    shell.add("pools", "render", spec | {"autoScale": {"formula": FORMULA}}, {"targetDedicatedNodes": 2})
    rows = some_rows(NOW - 300, 10, PendingTasks=14, CPUPercent=0.7)
    uid = shell.verbs.get("pools", SPACE, "render")["metadata"]["uid"]
    keep = KeepSamples(namespace=SPACE, pool="render", uid=uid, sealed={}, dropped=(), current=write_block(rows))
    asyncio.run(SampleMaps(ModelServer(shell.verbs, latency=0.0)).keep(keep))
    return shell


def test_each_statement_is_shown_with_its_value_and_nothing_is_changed(farm: Shell) -> None:
    before = farm.verbs.get("pools", SPACE, "render")
    answer = farm("pool", "autoscale", "evaluate", "render")
    assert answer.stdout.splitlines() == [
        "pending = avg( $PendingTasks.GetSample(3))",
        "    14",
        "$TargetDedicatedNodes = pending / $TaskSlotsPerNode",
        "    3.5",
        "",
        "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;pending=14",
        "Dedicated nodes would go from 2 to 3. Nothing was changed.",
    ]
    assert answer.exit_code == 0
    assert farm.verbs.get("pools", SPACE, "render") == before


def test_another_formula_from_a_file_or_from_standard_input(farm: Shell, tmp_path: Path) -> None:
    text = "$TargetDedicatedNodes = $CPUPercent > 0.5 ? $TargetDedicatedNodes : 0"
    (tmp_path / "formula").write_text(text)
    said = "Dedicated nodes would stay at 2. Nothing was changed."
    assert said in farm("pool", "autoscale", "evaluate", "render", "-f", str(tmp_path / "formula")).stdout
    given: Result = CliRunner().invoke(millpond, ["pool", "autoscale", "evaluate", "render", "-f", "-"], input=text)
    assert said in given.stdout


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("a = (", "AutoScalingFormulaSyntaxError: Line 1, Col 6"),
        ("a = 1; b = nonsense", "AutoScalingFormulaEvaluationError: Line 1, Col 12"),
        ("a = 1; b = $DiskBytes.GetSample(60 * TimeInterval_Second)", "InsufficientSampleData: Line 1, Col 23"),
    ],
)
def test_a_fault_is_shown_with_its_place(farm: Shell, tmp_path: Path, formula: str, said: str) -> None:
    (tmp_path / "f").write_text(formula)
    answer = farm("pool", "autoscale", "evaluate", "render", "-f", str(tmp_path / "f"))
    assert answer.exit_code == 1
    assert answer.stderr.startswith(said)
    assert " ^" in answer.stderr
    assert answer.stdout == ("a = 1\n    1\n" if "b" in formula else "")


def test_exported_samples_give_the_same_without_a_cluster(farm: Shell, tmp_path: Path) -> None:
    exported = farm("pool", "autoscale", "samples", "render").stdout
    told = json.loads(exported)
    assert told["samples"]["$CPUPercent"] == [0.7] * 10
    assert told["samples"]["$PendingTasks"] == [14] * 10
    assert told["times"] == list(range(NOW - 300, NOW, 30))
    (tmp_path / "samples.json").write_text(exported)
    with_cluster = farm("pool", "autoscale", "evaluate", "render").stdout
    offline = CliRunner().invoke(
        millpond, ["pool", "autoscale", "evaluate", "--samples", str(tmp_path / "samples.json")]
    )
    assert offline.exit_code == 0
    assert offline.stdout == with_cluster


def test_a_pool_without_a_formula_needs_one(farm: Shell, tmp_path: Path) -> None:
    answer = farm("pool", "autoscale", "evaluate", "plain")
    assert answer.exit_code == 1
    assert "Pool plain has no formula." in answer.stderr
    (tmp_path / "f").write_text("$TargetDedicatedNodes = 3")
    tried = farm("pool", "autoscale", "evaluate", "plain", "-f", str(tmp_path / "f"))
    assert "Pool plain has no formula: no samples are taken of it now." in tried.stderr
    assert "from 1 to 3" in tried.stdout


def test_an_empty_formula_is_one_too(farm: Shell, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    answer = farm("pool", "autoscale", "evaluate", "render", "-f", str(tmp_path / "f"))
    assert "would stay at 2" in answer.stdout


def test_samples_that_cannot_be_read_are_told(farm: Shell) -> None:
    spoilt = {"binaryData": {"current": "c3BvaWx0"}}
    farm.verbs.merge_patch("configmaps", SPACE, "millpond-samples-hour-render", spoilt)
    answer = farm("pool", "autoscale", "samples", "render")
    assert "Samples cannot be read and are dropped: current" in answer.stderr
    assert json.loads(answer.stdout)["times"] == []
