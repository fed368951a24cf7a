"""What pydantic emits becomes what the API server accepts, or is refused with its path."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from millpond.api.crd.structural import UnrenderableError, structural
from millpond.api.schema import TEMPLATE, rule, said, validations
from pydantic import AwareDatetime, BaseModel, Field, create_model


class _Colour(StrEnum):
    RED = "Red"
    BLUE = "Blue"


class _Part(BaseModel):
    """A part."""

    size: int = 1


class _Tree(BaseModel):
    children: "list[_Tree]" = Field(default_factory=list)


def _field(annotation: Any) -> dict[str, Any]:
    """The structural schema of one field with this type."""
    model = create_model("_Model", field=(annotation, ...))
    converted: dict[str, Any] = structural(model.model_json_schema())["properties"]["field"]
    return converted


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (Annotated[int, Field(ge=0, le=9)], {"type": "integer", "format": "int32", "maximum": 9, "minimum": 0}),
        (int, {"type": "integer", "format": "int64"}),
        (
            Annotated[int, Field(gt=0, lt=9)],
            {
                "type": "integer",
                "format": "int32",
                "minimum": 0,
                "exclusiveMinimum": True,
                "maximum": 9,
                "exclusiveMaximum": True,
            },
        ),
        (str | None, {"type": "string"}),
        (AwareDatetime | None, {"type": "string", "format": "date-time"}),
        (Literal["One"], {"type": "string", "enum": ["One"]}),
        (_Colour, {"type": "string", "enum": ["Red", "Blue"]}),
        (set[str], {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}),
        (dict[str, str], {"type": "object", "additionalProperties": {"type": "string"}}),
        (
            _Part | None,
            {
                "description": "A part.",
                "type": "object",
                "properties": {"size": {"type": "integer", "format": "int64", "default": 1}},
            },
        ),
    ],
)
def test_conversion(annotation: Any, schema: dict[str, Any]) -> None:
    assert _field(annotation) == schema


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (int | str, "a choice of types"),
        (tuple[int, str], "a tuple"),
        (dict[str, Any], "a map of anything"),
        (Any, "no type: anything would be accepted"),
        (float, "floating-point"),
        (Decimal, "a choice of types"),
        (_Tree, "contains itself"),
        (Literal["One", 2], "no type"),
    ],
)
def test_refusal(annotation: Any, problem: str) -> None:
    with pytest.raises(UnrenderableError, match=rf"^\.field\S*: .*{problem}"):
        _field(annotation)


@pytest.mark.parametrize("default", [None, [], {}])
def test_defaults_that_say_nothing_are_left_out(default: Any) -> None:
    assert "default" not in structural({"type": "object", "default": default})


def test_defaults_of_parts_carry_only_what_has_a_value() -> None:
    schema = {"type": "object", "default": {"a": None, "b": {"c": []}, "d": 1}}
    assert structural(schema)["default"] == {"d": 1}


def test_rules_of_class_and_field_add_up() -> None:
    part = {"type": "object"} | validations(rule("self.a", "a is wrong: mend it"))
    schema = {"type": "object", "properties": {"p": {"$ref": "#/$defs/P"} | validations(rule("self.b", "b: mend"))}}
    converted = structural(schema | {"$defs": {"P": part}})["properties"]["p"]
    assert [each["rule"] for each in converted["x-kubernetes-validations"]] == ["self.a", "self.b"]


def test_templates_have_no_transition_rules() -> None:
    both = validations(rule("self.a == oldSelf.a", "a stays"), rule("self.a > 0", "a is small"))
    template = {"type": "object", "properties": {"x": {"type": "object"} | both}} | TEMPLATE
    schema = {"type": "object", "properties": {"t": template}}
    converted = structural(schema)["properties"]["t"]["properties"]["x"]
    assert [each["message"] for each in converted["x-kubernetes-validations"]] == ["a is small"]


def test_a_pattern_with_a_sentence_becomes_a_rule() -> None:
    converted = structural({"type": "string", "pattern": "^a+$"} | said("write a"))
    assert "pattern" not in converted
    assert converted["x-kubernetes-validations"][0]["rule"] == "self.matches(r'^a+$')"
    assert converted["x-kubernetes-validations"][0]["message"] == "write a"


def test_lists_in_lists_keep_their_patterns() -> None:
    inner = {"type": "array", "items": {"type": "string", "pattern": "^a+$"} | said("write a")}
    converted = structural({"type": "array", "items": inner})["items"]["items"]
    assert converted == {"type": "string", "pattern": "^a+$"}
