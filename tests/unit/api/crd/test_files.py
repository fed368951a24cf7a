"""The files at hand are what the models say, and the chart's template carries the same definitions."""

import json
from pathlib import Path

import pytest
import yaml
from millpond.api.crd.definition import definition
from millpond.api.crd.files import KINDS, chart_template, crd_files

_ROOT = Path(__file__).resolve().parents[4]
# Client-side apply keeps the document in an annotation, as JSON; all annotations of an object have this room.
_ANNOTATION_LIMIT = 262_144


@pytest.mark.parametrize("name", sorted(crd_files()))
def test_files_are_as_the_models_say(name: str) -> None:
    assert (_ROOT / "crds" / name).read_text() == crd_files()[name], "run hack/crds"


def test_there_is_no_other_file() -> None:
    assert {path.name for path in (_ROOT / "crds").glob("*")} == set(crd_files())


def test_the_chart_is_as_the_models_say() -> None:
    assert (_ROOT / "charts/millpond/templates/crds.yaml").read_text() == chart_template(), "run hack/crds"


def test_the_chart_carries_the_same_definitions() -> None:
    plain = "".join(line for line in chart_template().splitlines(keepends=True) if "{{" not in line)
    documents = list(yaml.safe_load_all(plain))
    for model, document in zip(KINDS, documents, strict=True):
        assert document["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
        assert document == definition(model)


@pytest.mark.parametrize("name", sorted(crd_files()))
def test_files_can_be_applied_by_any_client(name: str) -> None:
    kept = json.dumps(yaml.safe_load(crd_files()[name]), separators=(",", ":"))
    assert len(kept) < _ANNOTATION_LIMIT / 2
