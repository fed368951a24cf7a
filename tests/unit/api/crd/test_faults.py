"""The checker finds what the API server would refuse and what we would miss."""

import copy
from typing import Any

import pytest
from millpond.api.crd.definition import definition
from millpond.api.crd.faults import faults
from millpond.api.crd.files import KINDS
from millpond.api.kind import Resource
from millpond.api.pool import Pool


@pytest.mark.parametrize("model", KINDS)
def test_our_definitions_have_none(model: type[Resource]) -> None:
    assert faults(definition(model)) == []


def _spoilt(schema: dict[str, Any]) -> list[str]:
    """The faults of the Pool with one more field in its spec."""
    crd = copy.deepcopy(definition(Pool))
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["spoilt"] = schema
    return faults(crd)


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"$ref": "#/x", "type": "boolean"}, "$ref is not structural"),
        ({"type": "boolean", "nullable": True}, "nullable is not structural"),
        ({"type": "boolean", "anyOf": []}, "anyOf is structural for"),
        ({"type": "string"}, "a string needs maxLength, enum or format"),
        ({"type": "integer", "minimum": 0}, "an integer needs minimum and maximum"),
        ({"type": "number"}, "type number is not allowed"),
        ({"type": "array", "items": {"type": "boolean"}, "x-kubernetes-list-type": "set"}, "a list needs maxItems"),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 1}, "a list needs x-kubernetes-list-type"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "a map needs maxProperties"),
        ({"type": "object", "properties": {"phase": {"type": "boolean"}}}, "phases are not extensible"),
        ({"type": "object", "properties": {"startTimestamp": {"type": "boolean"}}}, "times end in Time"),
        ({"type": "object", "properties": {"pool_name": {"type": "boolean"}}}, "names are camelCase"),
        ({"type": "object", "properties": {"poolRef": {"type": "string", "maxLength": 1}}}, "ends in Name"),
        ({"type": "boolean", "x-kubernetes-validations": [{"rule": "self"}]}, "has no message"),
        (
            {
                "type": "array",
                "maxItems": 1,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 1}}},
            },
            "key name must be required or have a default",
        ),
    ],
)
def test_fault(schema: dict[str, Any], fault: str) -> None:
    (found,) = _spoilt(schema)
    assert found.startswith("pools.millpond.dev .spec.spoilt")
    assert fault in found


def test_columns_lead_somewhere() -> None:
    crd = copy.deepcopy(definition(Pool))
    crd["spec"]["versions"][0]["additionalPrinterColumns"][0]["jsonPath"] = ".status.phase"
    assert faults(crd) == ["pools.millpond.dev .status.phase: no such field"]
