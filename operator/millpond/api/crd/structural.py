"""Turns the JSON schema that pydantic emits into a structural schema, the only form the API server accepts.

What has no structural form is refused with its path. This file knows schemas, and nothing of any kind.
"""

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

# Copied as they are; everything else is converted, dropped on purpose, or refused.
_KEPT = frozenset(
    {"type", "description", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf"}
    | {"minItems", "maxItems", "minProperties", "maxProperties", "required"}
)
_VALIDATIONS = "x-kubernetes-validations"
_SAYS = "x-millpond-says"
_DROPPED = frozenset({"title", "$defs", "properties", "items", "x-millpond-template", "x-millpond-required"}) | {_SAYS}
_CONVERTED: dict[str, Callable[[Any], Schema]] = {
    "default": lambda value: {} if value in _NOTHING else {"default": _without_nothing(value)},
    "const": lambda value: {"enum": [value]},
    "uniqueItems": lambda _: {"x-kubernetes-list-type": "set"},
    "exclusiveMinimum": lambda value: {"minimum": value, "exclusiveMinimum": True},
    "exclusiveMaximum": lambda value: {"maximum": value, "exclusiveMaximum": True},
    "additionalProperties": lambda value: {"additionalProperties": value} if value else {},
}
_FORMATS = frozenset({"date-time", "date", "uuid", "uri", "byte", "ipv4", "ipv6", "int32", "int64"})
_CHOICE = "a choice of shapes has no structural form: use one object, and rules for what goes with what"
_REFUSED = {
    "oneOf": _CHOICE,
    "allOf": _CHOICE,
    "not": _CHOICE,
    "prefixItems": "a tuple has no structural form: use an object with a field for each part",
    "patternProperties": "keys of a map cannot be described: use additionalProperties and a rule",
}
_NOTHING: tuple[Any, ...] = (None, [], {})
_MAX_INT32 = 2_147_483_647


class UnrenderableError(ValueError):
    """A part of a model has no form in a structural schema; the message names its path and the way out."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or '.'}: {problem}")


def structural(schema: Schema, path: str = "") -> Schema:
    """The structural form of a whole pydantic schema. Raises UnrenderableError."""
    return _Conversion(schema.get("$defs", {})).convert(schema, path, (), in_template=False)


class _Conversion:
    """One walk through a schema, with the definitions it may refer to."""

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._definitions = definitions

    def convert(self, node: Schema, path: str, seen: tuple[str, ...], in_template: bool) -> Schema:
        node, seen = self._resolved(node, path, seen)
        in_template = in_template or bool(node.get("x-millpond-template"))
        converted: Schema = {}
        for word, value in node.items():
            converted |= _word(word, value, path)
        _number_format(converted)
        # Rules cost per entry, and the API server's budget does not stretch to lists in lists.
        if _SAYS in node and path.count("[]") < 2:
            _sentence(converted, node[_SAYS])
        _rules(converted, in_template)
        if "properties" in node:
            converted["properties"] = {
                name: self.convert(child, f"{path}.{name}", seen, in_template)
                for name, child in node["properties"].items()
            }
            required = [*node.get("required", ()), *_marked_required(node["properties"])]
            converted.pop("required", None)
            if required:
                converted["required"] = required
        if "items" in node:
            converted["items"] = self.convert(node["items"], f"{path}[]", seen, in_template)
        if "additionalProperties" in converted:
            child = node["additionalProperties"]
            if child is True:
                raise UnrenderableError(path, "a map of anything has no bounds: give its values a type")
            converted["additionalProperties"] = self.convert(child, f"{path}{{}}", seen, in_template)
        return _typed(converted, path)

    def _resolved(self, node: Schema, path: str, seen: tuple[str, ...]) -> tuple[Schema, tuple[str, ...]]:
        """The node with its reference and its null branch worked in; words beside them win, rules add up."""
        while "$ref" in node or "anyOf" in node:
            rest = {word: value for word, value in node.items() if word not in ("$ref", "anyOf")}
            if "$ref" in node:
                name = node["$ref"].rsplit("/", 1)[-1]
                if name in seen:
                    raise UnrenderableError(path, f"{name} contains itself: a structural schema cannot recurse")
                seen = (*seen, name)
                inner = self._definitions[name]
            else:
                inner = _only_branch(node["anyOf"], path)
            rules = [*inner.get(_VALIDATIONS, ()), *rest.get(_VALIDATIONS, ())]
            node = inner | rest | ({_VALIDATIONS: rules} if rules else {})
        return node, seen


def _word(word: str, value: Any, path: str) -> Schema:
    """What one word of the schema becomes. Raises UnrenderableError where it has no structural form."""
    if word in _DROPPED:
        return {}
    if word in _CONVERTED:
        return _CONVERTED[word](value)
    if word in _KEPT or word.startswith("x-kubernetes-"):
        return {word: value}
    if word == "format" and value in _FORMATS:
        return {word: value}
    raise UnrenderableError(path, _REFUSED.get(word, f"{word} {value} means nothing to Kubernetes"))


def _only_branch(branches: list[Schema], path: str) -> Schema:
    """The one branch that is not null."""
    real = [branch for branch in branches if branch.get("type") != "null"]
    if len(real) != 1:
        raise UnrenderableError(path, "a choice of types has no structural form: use one type with a pattern")
    return real[0]


def _without_nothing(value: Any) -> Any:
    """A default without what has no value, since the API server prunes nulls and empty defaults say nothing."""
    if not isinstance(value, dict):
        return value
    cleaned = {name: _without_nothing(child) for name, child in value.items()}
    return {name: child for name, child in cleaned.items() if child not in _NOTHING}


def _marked_required(properties: dict[str, Schema]) -> list[str]:
    return [name for name, child in properties.items() if child.get("x-millpond-required")]


def _number_format(node: Schema) -> None:
    if node.get("type") == "integer":
        node["format"] = "int32" if node.get("maximum", _MAX_INT32 + 1) <= _MAX_INT32 else "int64"


def _sentence(node: Schema, says: str) -> None:
    """Makes a pattern that has a sentence a rule, since a rule's message is all that its reader gets to see."""
    rule = {"rule": f"self.matches(r'{node.pop('pattern')}')", "message": says, "reason": "FieldValueInvalid"}
    node[_VALIDATIONS] = [*node.get(_VALIDATIONS, ()), rule]


def _rules(node: Schema, in_template: bool) -> None:
    """Leaves transition rules out of templates: what is made from a template may differ from the last one made."""
    rules = [rule for rule in node.pop(_VALIDATIONS, ()) if not (in_template and "oldSelf" in rule["rule"])]
    if rules:
        node[_VALIDATIONS] = rules


def _typed(node: Schema, path: str) -> Schema:
    """The node with its words in a settled order and a type that the API server can infer."""
    if node.get("x-kubernetes-int-or-string"):
        node["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    elif "type" not in node:
        values = node.get("enum", ())
        if not values or not all(isinstance(value, str) for value in values):
            raise UnrenderableError(path, "no type: anything would be accepted here")
        node["type"] = "string"
    if node.get("type") == "number":
        raise UnrenderableError(path, "floating-point numbers differ between languages: use an integer with a unit")
    if node.get("default") == {}:
        del node["default"]
    order = ("description", "type", "format", "default", "enum", "required", "properties")
    return {word: node[word] for word in (*(w for w in order if w in node), *(w for w in node if w not in order))}
