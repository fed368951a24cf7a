"""Merge patch (RFC 7396) and JSON patch (RFC 6902) on documents that are never changed in place."""

from __future__ import annotations

from typing import Any

from support.model.failures import StatusError, bad_request

Json = Any


def merge(target: Json, patch: Json) -> Json:
    """The patched value; the very same object when the patch changes nothing."""
    if not isinstance(patch, dict):
        return target if target == patch and type(target) is type(patch) else patch
    result = dict(target) if isinstance(target, dict) else {}
    changed = not isinstance(target, dict)
    for key, value in patch.items():
        if value is None:
            changed |= result.pop(key, None) is not None
            continue
        before = result.get(key)
        after = merge(before, value)
        if key not in result or after is not before:
            result[key] = after
            changed = True
    return result if changed else target


def json_patch(target: Json, operations: list[dict[str, Json]]) -> Json:
    """Apply the operations in order; a failing `test` or a missing path is a 422, as Kubernetes answers."""
    for operation in operations:
        path = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        target = _apply(target, path, operation)
    return target


def _apply(target: Json, path: list[str], operation: dict[str, Json]) -> Json:
    kind = operation["op"]
    if not path:
        return _whole(target, kind, operation)
    head, rest = path[0], path[1:]
    if isinstance(target, list):
        return _in_list(target, head, rest, operation)
    if not isinstance(target, dict):
        raise _missing(operation)
    if rest:
        if head not in target:
            raise _missing(operation)
        return target | {head: _apply(target[head], rest, operation)}
    return _in_dict(target, head, operation)


def _whole(target: Json, kind: str, operation: dict[str, Json]) -> Json:
    if kind == "test":
        if target != operation.get("value"):
            raise _test_failed(operation)
        return target
    return operation.get("value")


def _in_dict(target: dict[str, Json], key: str, operation: dict[str, Json]) -> Json:
    match operation["op"]:
        case "add":
            return target | {key: operation.get("value")}
        case "test":
            if target.get(key) != operation.get("value"):
                raise _test_failed(operation)
            return target
        case "replace" if key in target:
            return target | {key: operation.get("value")}
        case "remove" if key in target:
            return {name: value for name, value in target.items() if name != key}
        case "replace" | "remove":
            raise _missing(operation)
    raise bad_request(f"unsupported operation {operation['op']}")


def _in_list(target: list[Json], head: str, rest: list[str], operation: dict[str, Json]) -> Json:
    if head == "-" and not rest and operation["op"] == "add":
        return [*target, operation.get("value")]
    if not head.isdigit() or int(head) > len(target):
        raise _missing(operation)
    index, result = int(head), list(target)
    if not rest and operation["op"] == "add":
        result.insert(index, operation.get("value"))
        return result
    if index >= len(target):
        raise _missing(operation)
    if rest:
        result[index] = _apply(target[index], rest, operation)
        return result
    match operation["op"]:
        case "test":
            if target[index] != operation.get("value"):
                raise _test_failed(operation)
        case "replace":
            result[index] = operation.get("value")
        case "remove":
            del result[index]
    return result


def _missing(operation: dict[str, Json]) -> StatusError:
    return StatusError(
        422,
        "Invalid",
        f"the server rejected our request due to an error in our request: {operation['path']}: missing path",
    )


def _test_failed(operation: dict[str, Json]) -> StatusError:
    return StatusError(
        422,
        "Invalid",
        f"the server rejected our request due to an error in our request: testing path {operation['path']} failed",
    )
