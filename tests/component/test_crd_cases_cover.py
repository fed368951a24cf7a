"""The table of cases is complete: each rule, bound and enumeration in the definitions has a refused example."""

from typing import Any

import pytest
from support.crdcases import (
    MODELS,
    Case,
    cases,
    in_template,
    own_nodes,
    schema_path,
    spec_schema,
    tables,
    whole_schema,
)

_TABLES = tables()
_CASES = {kind: list(cases(table)) for kind, table in _TABLES.items()}
_CASES["JobSchedule"] += [
    inside for kind in ("Job", "Task") for case in _CASES[kind] if (inside := in_template(case)) is not None
]
_PATTERN = "should match"
TOGETHER = (".provider.type", ".nodeTemplate.storage.type", ".startTask.userIdentity.autoUser")
"""Fields of a Pool whose words depend on other fields."""


def _said(kind: str, path: str) -> list[str]:
    """All that refused examples of this field are told."""
    return [
        case.says[1]
        for case in _CASES[kind]
        if len(case.says) == 2 and schema_path(spec_schema(kind), case.says[0].removeprefix("spec.")) == path
    ]


def _wanted(node: dict[str, object]) -> list[str]:
    """What a refused example must be told for each word of a node."""
    told = {
        "enum": "supported values",
        "minimum": f"greater than or equal to {node.get('minimum')}",
        "maximum": "less than or equal to",
        "pattern": _PATTERN,
    }
    return [text for word, text in told.items() if word in node]


_NODES = [(kind, path, node) for kind in _TABLES for path, node in own_nodes(kind)]
_ROOTS = [(kind, "", whole_schema(kind)) for kind in _TABLES]
_RULES = [
    (kind, path, rule) for kind, path, node in [*_ROOTS, *_NODES] for rule in node.get("x-kubernetes-validations", ())
]


@pytest.mark.parametrize(("kind", "path", "node"), _NODES, ids=lambda value: value if isinstance(value, str) else "")
def test_every_bound_is_tried(kind: str, path: str, node: dict[str, object]) -> None:
    # Values of a map share one node; one of them is tried.
    said = _said(kind, path)
    missing = [text for text in _wanted(node) if not any(text in each for each in said)]
    assert not missing, f"{kind} spec{path}: add a refused example that is told {missing}"


@pytest.mark.parametrize(("kind", "path", "rule"), _RULES, ids=lambda value: value if isinstance(value, str) else "")
def test_every_rule_is_tried(kind: str, path: str, rule: dict[str, str]) -> None:
    tried = [case for case in _CASES[kind] if any(text in rule["message"] for text in case.says if len(text) > 20)]
    assert tried, f"{kind} spec{path}: add a refused example for the rule {rule['message']!r}"


@pytest.mark.parametrize("kind", [*_TABLES])
def test_every_word_of_an_enumeration_is_accepted(kind: str) -> None:
    accepted = {schema_path(spec_schema(kind), path): tried["accepts"] for path, tried in _TABLES[kind].values.items()}
    for path, node in own_nodes(kind):
        if "enum" in node and not path.startswith(".jobTemplate"):
            # A toleration's words depend on each other, those of some types on a field beside: they are tried together.
            # An autopool's lifetime depends on what it is for.
            together = kind == "Pool" and path.startswith(TOGETHER)
            if "tolerations" in path or together or path == ".autoPool.lifetime":
                continue
            assert set(node["enum"]) == set(accepted[path]), f"{kind} spec{path}"


def _of_a_template(schema: Any) -> Any:
    """A schema without its description and without rules about changes, which templates of a Pool do not have."""
    if isinstance(schema, list):
        return [_of_a_template(each) for each in schema if "oldSelf" not in str(each)]
    if not isinstance(schema, dict):
        return schema
    kept = {word: _of_a_template(value) for word, value in schema.items()}
    return {word: value for word, value in kept.items() if word != "x-kubernetes-validations" or value}


def test_what_an_autopool_may_be_is_what_a_pool_may_be() -> None:
    pool = _of_a_template(spec_schema("Pool"))["properties"]
    for kind, *path in (("Job",), ("JobSchedule", "jobTemplate", "spec")):
        schema = spec_schema(kind)
        for step in (*path, "autoPool", "spec"):
            schema = schema["properties"][step]
        assert _of_a_template(schema)["properties"] == pool


def test_every_kind_has_a_table() -> None:
    assert set(_TABLES) == set(MODELS)


def test_titles_are_unique() -> None:
    titles = [str(case) for table in _CASES.values() for case in table if isinstance(case, Case)]
    assert len(titles) == len(set(titles))
