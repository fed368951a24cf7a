"""Examples at and beyond every size a schema bounds, made from the schema and documents that have every field."""

import copy
from collections.abc import Iterator
from typing import Any

from millpond.api.containers import BindMountSource
from millpond.api.crd.faults import nodes

from support.crdcases import Case, Spec, Table, merged, placed, spec_schema, steps

SOURCES = tuple(BindMountSource)
_SIZES = ("maxLength", "minLength", "maxItems", "maxProperties")


def size_cases(table: Table) -> Iterator[Case]:
    """For every bounded string, list and map of a kind's spec: the largest is taken, one more is refused."""
    schema = spec_schema(table.kind)
    places = {
        named: (document, path)
        for document in (merged(table.full, table.instead), table.full)
        for named, path in _places(schema, document)
    }
    for named, node in nodes(schema):
        for word in (word for word in _SIZES if node.get(word)):
            document, path = places[named]
            yield from _cases(table.kind, document, path, word, node)


def required_cases(table: Table) -> Iterator[Case]:
    """Every required field of a kind's spec, left out of a document that has every field."""
    schema = spec_schema(table.kind)
    places = dict(_places(schema, merged(table.full, table.instead))) | dict(_places(schema, table.full))
    for named, node in nodes(schema):
        for field in node.get("required", ()):
            path = f"{places[named]}.{field}".lstrip(".")
            says = (f"spec.{path}", "Required value")
            yield Case(table.kind, f"no {path}", _without(table.holding(path), path), says=says)


def _places(schema: dict[str, Any], value: Any, named: str = "", path: str = "") -> Iterator[tuple[str, str]]:
    """Where in the document each node of the schema is found, by the schema's path."""
    yield named, path
    for name, child in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value:
            yield from _places(child, value[name], f"{named}.{name}", f"{path}.{name}".lstrip("."))
    if "items" in schema:
        for index, item in enumerate(value):
            yield from _places(schema["items"], item, f"{named}[]", f"{path}[{index}]")
    if "additionalProperties" in schema:
        name = next(iter(value))
        yield from _places(schema["additionalProperties"], value[name], f"{named}{{}}", f"{path}.{name}")


def _cases(kind: str, full: Spec, path: str, word: str, node: dict[str, Any]) -> Iterator[Case]:
    bound, present = node[word], _at(full, path)
    beyond, says = (bound - 1, f"at least {bound}") if word == "minLength" else (bound + 1, _TOO_MUCH[word](bound))
    title = f"{path} {word} {bound}"
    yield Case(kind, title, placed(full, path, _sized(present, bound)))
    yield Case(kind, f"beyond {title}", placed(full, path, _sized(present, beyond)), says=(f"spec.{path}", says))


_TOO_MUCH = {
    "maxLength": lambda bound: f"may not be more than {bound}",
    "maxItems": lambda bound: f"must have at most {bound} item",
    "maxProperties": lambda bound: f"must have at most {bound} item",
}


def _sized(present: Any, size: int) -> Any:
    """A value of this size, made like the one that is there."""
    if isinstance(present, list):
        return [_numbered(present[0], index) for index in range(size)]
    if isinstance(present, dict):
        names = (*present, *(f"example.com/n{index}" for index in range(size)))
        return dict.fromkeys(names[:size], next(iter(present.values())))
    text = str(present)
    if len(text) == size:
        return present
    return "1" * size if text[:1].isdigit() else (text + text[-1] * size)[:size]


def _numbered(item: Any, index: int) -> Any:
    """A copy of a list's item with a name, an exit code or a port of its own."""
    copied = copy.deepcopy(item)
    if not isinstance(copied, dict):
        return copied
    for field in {"code", "port"} & copied.keys():
        copied[field] = index + 1
    for field in {"relativeMountPath", "secretName"} & copied.keys():
        copied[field] = f"n{index}"
    if "source" in copied:
        copied["source"] = SOURCES[index % len(SOURCES)]
    holder = copied.get("metadata", copied)
    if "name" in holder:
        stem = holder["name"] if "-meta-" in holder["name"] else ""
        holder["name"] = f"{stem}n{index}"
    return copied


def _at(spec: Spec, path: str) -> Any:
    value: Any = spec
    for step in steps(path):
        value = value[step]
    return value


def _without(spec: Spec, path: str) -> Spec:
    parent, _, field = path.rpartition(".")
    remaining = {name: value for name, value in (_at(spec, parent) if parent else spec).items() if name != field}
    return placed(spec, parent, remaining) if parent else remaining
