"""The CustomResourceDefinition of a kind: its schema, and what the kind says about itself."""

from typing import Any

from millpond.api.crd.structural import Schema, structural
from millpond.api.kind import CATEGORY, GROUP, VERSION, Column, Kind, Resource

_ROOT: Schema = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}


def definition(model: type[Resource]) -> dict[str, Any]:
    """The CustomResourceDefinition of the kind that this model describes."""
    kind = model.KIND
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.singular,
                "shortNames": [kind.short_name],
                "categories": [CATEGORY],
            },
            "versions": [_version(model)],
        },
    }


def _version(model: type[Resource]) -> dict[str, Any]:
    kind = model.KIND
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _schema(model)},
        "subresources": _subresources(kind),
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
    }
    if kind.selectable:
        version["selectableFields"] = [{"jsonPath": path} for path in kind.selectable]
    return version


def _schema(model: type[Resource]) -> Schema:
    emitted = model.model_json_schema(by_alias=True)
    # Object metadata is the API server's own; the model's view of it is for reading.
    parts = {name: child for name, child in emitted["properties"].items() if name not in _ROOT}
    converted = structural(emitted | {"properties": parts, "required": ["spec"]})
    converted["properties"]["status"] = _without_defaults(converted["properties"]["status"])
    converted["properties"] = _ROOT | converted["properties"]
    return converted


def _without_defaults(schema: Schema) -> Schema:
    """A status says what was observed, so the API server must not fill in what was not."""
    cleaned = {word: value for word, value in schema.items() if word != "default"}
    if "properties" in cleaned:
        cleaned["properties"] = {name: _without_defaults(child) for name, child in cleaned["properties"].items()}
    for word in ("items", "additionalProperties"):
        if word in cleaned:
            cleaned[word] = _without_defaults(cleaned[word])
    return cleaned


def _subresources(kind: Kind) -> dict[str, Any]:
    subresources: dict[str, Any] = {"status": {}}
    if kind.scale is not None:
        subresources["scale"] = {
            "specReplicasPath": kind.scale.spec_path,
            "statusReplicasPath": kind.scale.status_path,
            "labelSelectorPath": kind.scale.selector_path,
        }
    return subresources


def _column(column: Column) -> dict[str, Any]:
    written: dict[str, Any] = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.description:
        written["description"] = column.description
    if column.wide:
        written["priority"] = 1
    return written
