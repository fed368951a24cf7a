"""Label and field selectors in the forms that the API server understands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from support.model.failures import bad_request

Document = dict[str, Any]
Predicate = Callable[[Document], bool]

_SET = re.compile(r"^\s*(?P<key>[^\s!=,()]+)\s+(?P<op>in|notin)\s+\((?P<values>[^)]*)\)\s*$")
_PAIR = re.compile(r"^\s*(?P<key>[^\s!=,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s=,]*)\s*$")
_NAME = re.compile(r"^\s*(?P<not>!?)\s*(?P<key>[^\s!=,()]+)\s*$")


def label_selector(text: str) -> Predicate:
    """True for documents whose labels satisfy every requirement of the selector."""
    if not text.strip():
        return lambda _: True
    tests = [_label_test(part) for part in _split(text)]
    return lambda document: all(test(document["metadata"].get("labels") or {}) for test in tests)


def _split(text: str) -> list[str]:
    return re.split(r",(?![^(]*\))", text)


def _label_test(text: str) -> Callable[[dict[str, str]], bool]:
    if found := _SET.match(text):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _PAIR.match(text):
        key, value = found["key"], found["value"]
        if found["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _NAME.match(text):
        key, wanted = found["key"], not found["not"]
        return lambda labels: (key in labels) == wanted
    raise bad_request(f"unable to parse requirement: {text}")


def field_selector(text: str, selectable: tuple[str, ...]) -> Predicate:
    """As `label_selector`, for fields; only `selectable` paths may be named, the others are a 400."""
    if not text.strip():
        return lambda _: True
    tests = [_field_test(part, selectable) for part in text.split(",")]
    return lambda document: all(test(document) for test in tests)


def _field_test(text: str, selectable: tuple[str, ...]) -> Predicate:
    found = _PAIR.match(text)
    if not found:
        raise bad_request(f"invalid field selector: {text}")
    key, value, equal = found["key"], found["value"], found["op"] != "!="
    if key not in selectable:
        raise bad_request(f"field label not supported: {key}")
    path = key.split(".")
    return lambda document: (_field(document, path) == value) == equal


def _field(document: Any, path: list[str]) -> str:
    for part in path:
        if not isinstance(document, dict):
            return ""
        document = document.get(part)
    return "" if document is None else str(document)
