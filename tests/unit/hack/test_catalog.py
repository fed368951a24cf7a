"""Which checks there are, and where tools are looked for."""

from pathlib import Path

import pytest
from checks.catalog import catalog, go_tool, mending
from checks.sources import ROOT, python_scripts, sources


def test_every_house_rule_has_a_check() -> None:
    names = {check.name for check in catalog(ROOT)}
    assert {"format", "lint", "types: millpond", "types: hack", "layers", "sizes and names"} <= names
    assert "tests mirror the package" in names
    assert ("CRDs rendered" in names) == (ROOT / "hack" / "crds").exists()
    assert ("launcher: vet" in names) == (ROOT / "operator" / "launcher").exists()


def test_what_can_be_mended_is_a_tool_of_the_checkout() -> None:
    for command in mending(ROOT):
        assert Path(command.arguments[0]).is_absolute()


def test_a_missing_go_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.catalog.GO_PLACES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FileNotFoundError, match="install Go"):
        go_tool("gofmt")


def test_scripts_are_known_by_their_first_line() -> None:
    names = {path.name for path in python_scripts(ROOT)}
    assert {"check", "fix", "test"} <= names
    assert "install" not in names


def test_ignored_files_are_nobody_s_business() -> None:
    assert not [path for path in sources(ROOT, ".py") if ".venv" in path.parts]
    assert ROOT / "hack" / "checks" / "sources.py" in sources(ROOT, ".py")
