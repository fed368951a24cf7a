"""The page of pools that follow a formula: what it shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import yaml
from click.testing import CliRunner
from millpond.api.pool import Pool
from millpond.cli.main import millpond
from millpond.scaling.sample_export import SampleExport, columns_of
from millpond.scaling.samples import VARIABLES
from support.formulas import some_rows

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "autoscale.md").read_text()
NOW = 1_800_000_000


def consoles() -> dict[str, str]:
    """What the page says that each command prints."""
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    parts = [
        part
        for block in blocks
        for part in re.split(r"^\$ (?=kubectl|millpond|echo)", block, flags=re.MULTILINE)
        if part
    ]
    return dict(part.split("\n", 1) for part in parts)


def the_pool() -> Pool:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return Pool.model_validate(yaml.safe_load(text))


def the_export(folder: Path) -> str:
    """Samples of that pool, in a file."""
    pool, rows = the_pool(), some_rows(NOW - 300, 10, PendingTasks=9.5)
    assert pool.spec.auto_scale is not None
    export = SampleExport("render", NOW, list(rows.times), columns_of(rows), pool.spec.auto_scale.formula, 2)
    export.task_slots_per_node = pool.spec.task_slots_per_node
    (folder / "render.json").write_bytes(msgspec.json.encode(export))
    return str(folder / "render.json")


def test_the_pool_s_formula_comes_to_what_the_page_shows(tmp_path: Path) -> None:
    shown = consoles()["millpond pool autoscale evaluate render"]
    answer = CliRunner().invoke(millpond, ["pool", "autoscale", "evaluate", "--samples", the_export(tmp_path)])
    assert (answer.exit_code, answer.stdout) == (0, shown)
    assert consoles()["kubectl get bpool render -o jsonpath='{.status.autoScaleRun.results}'"] in shown


def test_a_formula_that_fails_does_so_as_the_page_shows(tmp_path: Path) -> None:
    (command,) = [command for command in consoles() if command.startswith("echo")]
    formula = command.split("'")[1]
    arguments = ["pool", "autoscale", "evaluate", "--samples", the_export(tmp_path), "-f", "-"]
    answer = CliRunner().invoke(millpond, arguments, input=formula)
    assert (answer.exit_code, answer.stderr) == (1, consoles()[command])


def test_every_variable_is_explained() -> None:
    table = PAGE.split("\n## Samples\n", 1)[1]
    explained = {
        name for line in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(.*?)`", line)
    }
    assert explained == set(VARIABLES)
