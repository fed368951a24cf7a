"""The reference page of the kinds, for people: every field with its type, default, bounds and meaning, and every rule.

Decides how a schema reads as a table. Knows nothing of any kind beyond its definition.
"""

from collections.abc import Iterator
from typing import Any

from millpond.api.crd.definition import definition
from millpond.api.crd.structural import Schema
from millpond.api.kind import API_VERSION, Resource

_RULES = "x-kubernetes-validations"
_INTRODUCTION = f"""\
<!-- Rendered from the models in operator/millpond/api by hack/crds: edit those, then run it. -->
# Reference

The five kinds of `{API_VERSION}`, field by field. A field without a default is left out where the document
does not give it. In names of fields, `[]` stands for each entry of a list and `{{}}` for each value of a map.
Durations are whole seconds; times are RFC 3339, as `2026-11-24T17:00:00Z`. Rules are held by the API server: a document
that breaks one is refused with the sentence given here.

What fields make happen is told in [concepts](concepts.md); what statuses say when something goes wrong, in
[failures](failures.md).
"""


def reference(kinds: tuple[type[Resource], ...]) -> str:
    """The whole page in Markdown."""
    index = "\n".join(f"- [{kind.KIND.name}](#{kind.KIND.name.lower()}): {_first_line(kind.__doc__)}" for kind in kinds)
    return f"{_INTRODUCTION}\n{index}\n" + "".join(f"\n{section(kind)}" for kind in kinds)


def section(model: type[Resource]) -> str:
    """One kind: its names, what is written, what is read, and the columns of `kubectl get`."""
    kind, version = model.KIND, definition(model)["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    lines = [f"## {kind.name}", "", _first_line(model.__doc__), ""]
    lines += [f"`kubectl get {kind.short_name}`, or `{kind.plural}.{API_VERSION.split('/')[0]}` in full.", ""]
    for part in ("spec", "status"):
        lines += [f"### {kind.name}: {part}", "", *_table(schema["properties"][part], part), ""]
    rules = list(_rules(schema, ""))
    if rules:
        lines += [f"### {kind.name}: rules", "", *rules, ""]
    lines += [f"### {kind.name}: columns", "", *_columns(version), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(schema: Schema, path: str) -> list[str]:
    rows = [f"| {' | '.join(cells)} |" for cells in _rows(schema, path)]
    return ["| Field | Type | Default | Bounds | Meaning |", "|---|---|---|---|---|", *rows]


def _rows(schema: Schema, path: str) -> Iterator[tuple[str, ...]]:
    required = schema.get("required", ())
    for name, child in schema.get("properties", {}).items():
        default = _default(child)
        if name in required and not default:
            default = "required"
        yield f"`{path}.{name}`", _type(child), default, _bounds(child), _cell(child.get("description", ""))
        below, mark = _below(child)
        yield from _rows(below, f"{path}.{name}{mark}")


def _below(schema: Schema) -> tuple[Schema, str]:
    """What has fields of its own in a field: itself, each entry of it, or each value of it; and its mark."""
    if "items" in schema:
        return schema["items"], "[]"
    if isinstance(schema.get("additionalProperties"), dict):
        return schema["additionalProperties"], "{}"
    return schema, ""


def _type(schema: Schema) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "quantity"
    if schema.get("format") == "date-time":
        return "time"
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(schema['additionalProperties'])}"
    return "word" if "enum" in schema else str(schema["type"])


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if value is None or isinstance(value, dict):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


_LIMITS = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " entries"),
    ("minProperties", "maxProperties", " entries"),
)
_INT32 = 2_147_483_647


def _bounds(schema: Schema) -> str:
    """The words of an enumeration, or the limits of the field and of what it holds."""
    below = schema.get("items") or schema.get("additionalProperties")
    inner = below if isinstance(below, dict) and "properties" not in below else {}
    words = schema.get("enum") or inner.get("enum")
    if words:
        return ", ".join(f"`{word}`" for word in words)
    said = [_range(schema, *limit) for limit in _LIMITS]
    each = [f"each {text}" for text in (_range(inner, *limit) for limit in _LIMITS) if text]
    return "; ".join(text for text in (*said, *each) if text)


def _range(schema: Schema, low: str, high: str, unit: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if most == _INT32:
        most = None
    if least is None and most is None:
        return ""
    if least is None or (least == 0 and unit):
        return f"at most {most}{unit}" if most is not None else ""
    return f"at least {least}{unit}" if most is None else f"{least} to {most}{unit}"


def _rules(schema: Schema, path: str) -> Iterator[str]:
    """The sentences of all rules, each with the path of its field; a sentence is told once."""
    told: set[str] = set()
    for place, rule in _walk(schema, path):
        line = f"- `{place or 'metadata.name'}`: {rule['message']}"
        if line not in told:
            told.add(line)
            yield line


def _walk(schema: Schema, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for rule in schema.get(_RULES, ()):
        yield f"{path}{rule.get('fieldPath', '')}".lstrip("."), rule
    for name, child in schema.get("properties", {}).items():
        yield from _walk(child, f"{path}.{name}")
    below, mark = _below(schema)
    if mark:
        yield from _walk(below, f"{path}{mark}")


def _columns(version: dict[str, Any]) -> list[str]:
    rows = []
    for column in version["additionalPrinterColumns"]:
        only = "`-o wide`" if column.get("priority") else ""
        rows.append(f"| {column['name'].upper()} | {column.get('description', '')} | {only} |")
    return ["| Column | Shows | Only with |", "|---|---|---|", *rows]


def _cell(text: str) -> str:
    """Text that stays in its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0]
