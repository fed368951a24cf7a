"""The table of what the API server takes and refuses, read from tests/component/crd_cases."""

import copy
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from millpond.api.crd.definition import definition
from millpond.api.crd.files import KINDS
from millpond.api.kind import API_VERSION

FOLDER = Path(__file__).resolve().parents[1] / "component" / "crd_cases"
MODELS = {model.KIND.name: model for model in KINDS}

Spec = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One document, or one change of a document, and what the API server says; nothing where it takes it.

    `state` is the object's `status.state` before the change.
    """

    kind: str
    title: str
    spec: Spec
    before: Spec | None = None
    says: tuple[str, ...] = ()
    name: str = "example"
    state: str = ""

    def __str__(self) -> str:
        return f"{self.kind}-{self.title}"


@dataclass(frozen=True)
class Table:
    """The cases of one kind. `full` has every field but those that exclude others: laid over it, `instead` has them."""

    kind: str
    smallest: Spec
    full: Spec
    instead: Spec
    values: dict[str, Any]
    documents: list[Any]
    updates: list[Any]
    names: dict[str, Any]

    def holding(self, path: str) -> Spec:
        """The full document, or with the fields that exclude others where only then there is such a place."""
        place: Any = self.full
        for step in steps(path):
            if isinstance(step, str) and step not in place:
                return merged(self.full, self.instead)
            place = place[step]
        return self.full


def tables() -> dict[str, Table]:
    """Every table by kind."""
    read = {each["kind"]: each for each in map(_read, sorted(FOLDER.glob("*.yaml")))}
    # A schedule's template holds a job and a task; theirs are at hand, so they are not written twice.
    template = read["JobSchedule"]["full"]["jobTemplate"]
    template["spec"] = read["Job"]["full"]
    template["tasks"][0]["spec"] = _of_no_job(read["Task"]["full"])
    other = merged(template["tasks"][0]["spec"], read["Task"]["instead"])
    metadata = template["tasks"][0]["metadata"] | {"name": "other"}
    template["tasks"].append({"metadata": metadata, "spec": other})
    read["JobSchedule"]["instead"]["jobTemplate"] = {"spec": read["Job"]["instead"]}
    return {
        kind: Table(
            **(
                {"instead": {}, "values": {}, "documents": [], "updates": [], "names": {"accepts": [], "refuses": {}}}
                | each
            )
        )
        for kind, each in read.items()
    }


class _Loader(yaml.SafeLoader):
    """Reads ``!repeated [3, a]`` as ``[a, a, a]``."""


def _repeated(loader: _Loader, node: yaml.SequenceNode) -> list[Any]:
    times, item = loader.construct_sequence(node)
    return [item] * int(times)


_Loader.add_constructor("!repeated", _repeated)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)
    return content


def _of_no_job(task: Spec) -> Spec:
    return {name: value for name, value in task.items() if name not in ("jobName", "reactivatedAt")}


@functools.cache
def whole_schema(kind: str) -> dict[str, Any]:
    """The rendered schema of a kind."""
    schema: dict[str, Any] = definition(MODELS[kind])["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def spec_schema(kind: str) -> dict[str, Any]:
    """The rendered schema of a kind's spec."""
    schema: dict[str, Any] = whole_schema(kind)["properties"]["spec"]
    return schema


def document(kind: str, spec: Spec, name: str = "example") -> dict[str, Any]:
    """An object of the kind."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def cases(table: Table) -> Iterator[Case]:
    """Every case of a table."""
    yield Case(table.kind, "smallest", table.smallest)
    yield Case(table.kind, "full", table.full)
    for name in table.names["accepts"]:
        yield Case(table.kind, f"name {name}", table.smallest, name=name)
    for name, says in table.names["refuses"].items():
        yield Case(table.kind, f"no name {name}", table.smallest, says=(says,), name=name)
    yield from _value_cases(table)
    for each in table.documents:
        says, name = each["says"], each.get("name", "example")
        yield Case(table.kind, f"with: {says}", merged(table.smallest, each["accepts"]), name=name)
        yield Case(table.kind, f"without: {says}", merged(table.smallest, each["refuses"]), says=(says,), name=name)
    for number, each in enumerate(table.updates, 1):
        before = merged(table.smallest, each.get("from", {}))
        state = each.get("state", "")
        yield Case(
            table.kind,
            f"change {number}: {each['accepts']}",
            merged(before, each["accepts"]),
            before,
            state=state,
        )
        yield Case(
            table.kind,
            f"no change {number}: {each['refuses']}",
            merged(before, each["refuses"]),
            before,
            (each["says"],),
            state=state,
        )


def _value_cases(table: Table) -> Iterator[Case]:
    for path, tried in table.values.items():
        for value in tried["accepts"]:
            yield Case(table.kind, f"{path}: {value!r}", placed(table.holding(path), path, value))
        for value, says in tried["refuses"].items():
            spec = placed(table.holding(path), path, value)
            yield Case(table.kind, f"no {path}: {value!r}", spec, says=(f"spec.{path}", str(says)))


_BY_SCHEMA = (
    *("supported values", "greater than", "less than", "Required value", "may not be", "must have"),
    *("should be at least", "should match", "Duplicate", "must be of type"),
)
"""What the API server says by the schema alone."""


def in_template(case: Case) -> Case | None:
    """The same case inside a JobSchedule's template; nothing for changes, which templates allow."""
    if case.before is not None or case.name != "example" or case.kind not in ("Job", "Task"):
        return None
    if case.kind == "Job":
        inside: Spec = {"spec": case.spec}
        place = "spec.jobTemplate.spec"
    else:
        spec = _of_no_job(case.spec)
        if case.title.lstrip("no ").startswith("jobName"):
            return None
        inside = {"spec": {"poolName": "render"}, "tasks": [{"metadata": {"name": "one"}, "spec": spec}]}
        place = "spec.jobTemplate.tasks[0].spec"
    says = tuple(place + text.removeprefix("spec") if text.startswith("spec.") else text for text in case.says)
    if says and "[" in case.title and case.kind == "Task":
        # Lists in lists keep their patterns: a rule for each entry would cost more than the API server allows.
        says = (says[0], *(text if any(word in text for word in _BY_SCHEMA) else "should match" for text in says[1:]))
    return Case("JobSchedule", f"template of {case}", {"jobTemplate": inside}, says=says)


def merged(base: Any, patch: Any) -> Any:
    """The base with the patch laid over it: objects field by field, null removes, all else replaces."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(base)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def steps(path: str) -> list[str | int]:
    """``a.b[0].c`` as its steps."""
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def placed(spec: Spec, path: str, value: Any) -> Spec:
    """The spec with one value at the path."""
    result = copy.deepcopy(spec)
    *way, last = steps(path)
    place: Any = result
    for step in way:
        place = place[step]
    place[last] = value
    return result


def schema_path(schema: dict[str, Any], path: str) -> str:
    """The path as the schema's walk names it: ``[]`` for items, ``{}`` for values of a map."""
    named = ""
    for step in steps(path):
        if isinstance(step, int):
            named, schema = f"{named}[]", schema["items"]
        elif "additionalProperties" in schema:
            named, schema = f"{named}{{}}", schema["additionalProperties"]
        else:
            named, schema = f"{named}.{step}", schema["properties"][step]
    return named
