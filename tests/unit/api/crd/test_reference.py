"""The reference page is as the models say, and has a line for every field and a sentence for every rule."""

from pathlib import Path
from typing import Any

import pytest
from millpond.api.crd.definition import definition
from millpond.api.crd.files import KINDS
from millpond.api.crd.reference import reference, section
from millpond.api.job import Job
from millpond.api.kind import Resource
from millpond.api.pool import Pool
from millpond.api.task import Task

_ROOT = Path(__file__).resolve().parents[4]


def test_the_page_is_as_the_models_say() -> None:
    assert (_ROOT / "docs" / "reference.md").read_text() == reference(KINDS), "run hack/crds"


def _schema(model: type[Resource]) -> dict[str, Any]:
    return dict(definition(model)["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


def _messages(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*(_messages(each) for each in node))
    if not isinstance(node, dict):
        return set()
    own = {rule["message"] for rule in node.get("x-kubernetes-validations", ())}
    return own.union(*(_messages(child) for child in node.values()))


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.KIND.name)
def test_every_rule_is_told(model: type[Resource]) -> None:
    page = section(model)
    assert not [message for message in _messages(_schema(model)) if message not in page]


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.KIND.name)
def test_every_field_at_the_top_has_a_line(model: type[Resource]) -> None:
    page, schema = section(model), _schema(model)
    for part in ("spec", "status"):
        assert not [name for name in schema["properties"][part]["properties"] if f"| `{part}.{name}` |" not in page]


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.KIND.name)
def test_every_field_that_users_write_has_a_meaning(model: type[Resource]) -> None:
    lines = [line for line in section(model).splitlines() if line.startswith("| `spec.")]
    assert not [line for line in lines if line.rsplit("|", 2)[1].strip() == ""]


LINES = [
    (Pool, "| `spec.targetDedicatedNodes` | integer |  | 0 to 10000 | How many dedicated nodes the pool wants"),
    (Pool, "| `spec.nodeTemplate.image` | string | required | 1 to 512 characters |"),
    (Pool, "| `spec.nodeTemplate.imagePullSecrets[].name` | string | required |"),
    (Pool, "| `spec.nodeTemplate.hostSelector.matchLabels` | map of string |"),
    (Pool, "| `spec.taskSchedulingPolicy.nodeFillType` | word | `Spread` | `Spread`, `Pack` |"),
    (Job, "| `spec.constraints.maxWallClockSeconds` | integer |  | at least 1 |"),
    (Job, "| `status.endTime` | time |"),
    (Task, "| `spec.resources.limits` | map of quantity |  | at most 32 entries; each at least 0"),
    (Task, "- `spec.commandLine`: commandLine cannot be changed"),
    (Task, "| COMMAND | What it runs | `-o wide` |"),
]


@pytest.mark.parametrize(("model", "line"), LINES)
def test_lines(model: type[Resource], line: str) -> None:
    assert line in section(model)
