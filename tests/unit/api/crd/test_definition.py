"""A definition carries what the kind says about itself."""

from typing import Any

import pytest
from millpond.api.crd.definition import definition
from millpond.api.crd.faults import nodes
from millpond.api.crd.files import KINDS
from millpond.api.kind import Resource
from millpond.api.pool import Pool
from millpond.api.task import Task


def _version(model: type[Resource]) -> dict[str, Any]:
    (version,) = definition(model)["spec"]["versions"]
    assert isinstance(version, dict)
    return version


@pytest.mark.parametrize("model", KINDS)
def test_names(model: type[Resource]) -> None:
    crd = definition(model)
    assert crd["metadata"]["name"] == f"{model.KIND.plural}.{crd['spec']['group']}"
    assert crd["spec"]["scope"] == "Namespaced"
    assert crd["spec"]["names"]["categories"] == ["millpond"]


@pytest.mark.parametrize("model", KINDS)
def test_status_is_a_subresource_without_defaults(model: type[Resource]) -> None:
    version = _version(model)
    assert version["subresources"]["status"] == {}
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]
    assert [path for path, node in nodes(status) if "default" in node] == []
    assert next(iter(status["properties"])) == "conditions"


@pytest.mark.parametrize("model", KINDS)
def test_conditions_are_the_standard_ones(model: type[Resource]) -> None:
    conditions = _version(model)["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]["conditions"]
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]
    assert set(conditions["items"]["required"]) == {"type", "status", "lastTransitionTime", "reason", "message"}


def test_scale() -> None:
    assert _version(Pool)["subresources"]["scale"] == {
        "specReplicasPath": ".spec.targetDedicatedNodes",
        "statusReplicasPath": ".status.currentDedicatedNodes",
        "labelSelectorPath": ".status.selector",
    }
    assert "scale" not in _version(Task)["subresources"]


def test_selectable_fields() -> None:
    paths = [field["jsonPath"] for field in _version(Task)["selectableFields"]]
    assert paths == [".spec.jobName", ".status.state", ".status.nodeName"]


def test_wide_columns_have_a_lower_priority() -> None:
    columns = {column["name"]: column.get("priority", 0) for column in _version(Task)["additionalPrinterColumns"]}
    assert columns["State"] == 0
    assert columns["Command"] == 1
