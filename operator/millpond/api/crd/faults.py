"""What is wrong with a CustomResourceDefinition: words the API server refuses, and bounds or messages that we miss."""

from collections.abc import Iterator
from typing import Any

from millpond.api.crd.structural import Schema

_FORBIDDEN = ("$ref", "$defs", "definitions", "oneOf", "allOf", "not", "const", "uniqueItems", "title", "nullable")
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_OWN_TO_KUBERNETES = (".apiVersion", ".kind", ".metadata")


def faults(crd: dict[str, Any]) -> list[str]:
    """Every fault, as ``<path>: <what is wrong>``; none for a definition that may be applied."""
    found: list[str] = []
    for version in crd["spec"]["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        for path, node in nodes(schema):
            if path not in _OWN_TO_KUBERNETES:
                found += [f"{crd['metadata']['name']} {path or '.'}: {fault}" for fault in _node_faults(path, node)]
        found += [f"{crd['metadata']['name']} {fault}" for fault in _path_faults(version, schema)]
    return found


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every node of a structural schema with its path: ``[]`` for items of a list, ``{}`` for values of a map."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


def _node_faults(path: str, node: Schema) -> Iterator[str]:
    yield from (f"{word} is not structural" for word in _FORBIDDEN if word in node)
    if "anyOf" in node and not (node.get("x-kubernetes-int-or-string") and node["anyOf"] == _INT_OR_STRING):
        yield "anyOf is structural for an integer or string only"
    if "properties" in node and "additionalProperties" in node:
        yield "properties and additionalProperties exclude each other"
    yield from _bound_faults(path, node)
    yield from _name_faults(path, node)
    yield from _list_faults(node)
    for rule in node.get("x-kubernetes-validations", ()):
        if not rule.get("message"):
            yield f"rule {rule['rule']!r} has no message"


def _bound_faults(path: str, node: Schema) -> Iterator[str]:
    kind = node.get("type")
    if node.get("x-kubernetes-int-or-string") or kind == "string":
        if "enum" not in node and "format" not in node and "maxLength" not in node:
            yield "a string needs maxLength, enum or format"
    elif kind == "integer":
        # Generations count writes and have no bound of ours.
        if "minimum" not in node or ("maximum" not in node and not path.lower().endswith("observedgeneration")):
            yield "an integer needs minimum and maximum"
    elif kind == "array":
        if "maxItems" not in node:
            yield "a list needs maxItems"
    elif kind == "object":
        if "additionalProperties" in node and "maxProperties" not in node:
            yield "a map needs maxProperties"
    elif kind != "boolean":
        yield f"type {kind} is not allowed"


def _name_faults(path: str, node: Schema) -> Iterator[str]:
    name = path.rsplit(".", 1)[-1]
    if name.endswith("Timestamp"):
        yield "times end in Time"
    if name.endswith("Ref") and node.get("type") == "string":
        yield "a reference by name ends in Name"
    if name == "phase":
        yield "phases are not extensible: use conditions"
    if name[:1].isupper() or "_" in name:
        yield "names are camelCase"


def _list_faults(node: Schema) -> Iterator[str]:
    if node.get("type") != "array":
        return
    kind = node.get("x-kubernetes-list-type")
    if kind not in ("map", "set", "atomic"):
        yield "a list needs x-kubernetes-list-type, so that several writers can apply it"
    items = node["items"]
    for key in node.get("x-kubernetes-list-map-keys", ()):
        child = items.get("properties", {}).get(key, {})
        if key not in items.get("required", ()) and "default" not in child:
            yield f"key {key} must be required or have a default"


def _path_faults(version: dict[str, Any], schema: Schema) -> Iterator[str]:
    """Columns, selectable fields and scale paths that lead nowhere."""
    scale = version["subresources"].get("scale", {})
    columns = [column["jsonPath"] for column in version["additionalPrinterColumns"]]
    selectable = [field["jsonPath"] for field in version.get("selectableFields", ())]
    known = {path for path, _ in nodes(schema)}
    for path in (*columns, *selectable, *scale.values()):
        plain = path.split("[", 1)[0]
        in_map = f"{plain.rpartition('.')[0]}{{}}" in known
        if plain not in known and not in_map and not plain.startswith(".metadata."):
            yield f"{path}: no such field"
