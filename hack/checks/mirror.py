"""Tests mirror the package: operator/millpond/<room>/<file>.py is tested in tests/unit/<room>/test_<file>.py.

What makes sense only with an API server beside it is tested in tests/component/<room>/test_<file>.py instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path("operator/millpond")
LEVELS = (Path("tests/unit"), Path("tests/component"))

EXCEPTIONS: dict[str, str] = {
    "api/views/host.py": "shapes alone; what reads them is tested",
    "api/views/meta.py": "shapes alone; test_task holds their names against the models",
    "api/views/pod.py": "shapes alone; test_exits and test_nodes read every field",
    "cluster/providers/provider.py": "an interface; the tests of each provider use it",
    "control/limits.py": "numbers alone",
    "control/outcomes.py": "shapes alone; test_settle uses each",
    "control/task_patch.py": "shapes alone; test_actions and test_act_tasks hold what they write",
    "formula/inputs.py": "a shape alone; every test of an evaluation uses it",
    "formula/limits.py": "numbers alone; test_parser and test_evaluator hold each",
    "formula/nodes.py": "shapes alone; test_parser holds a tree of them",
    "lifecycle/failure.py": "shapes alone; test_exits uses each",
    "scheduling/demand.py": "a shape alone; test_eligibility and test_node_slots use it",
}
"""Modules without an own test file, and why."""


def faults(modules: list[Path], tests: set[Path], exceptions: dict[str, str]) -> Iterator[str]:
    """Modules without their test file, and exceptions that excuse nothing. Paths are relative to the checkout."""
    used: set[str] = set()
    for module in modules:
        inner = module.relative_to(PACKAGE)
        if inner.name == "__init__.py":
            continue
        excused = [pattern for pattern in exceptions if inner.match(pattern)]
        used.update(excused)
        wanted = [level / inner.parent / f"test_{inner.name}" for level in LEVELS]
        present = [path for path in wanted if path in tests]
        if not present and not excused:
            yield f"{module}: write {wanted[0]}"
        if present and excused:
            yield f"{module}: has {present[0]}: take its exception off in hack/checks/mirror.py"
    for pattern in sorted(set(exceptions) - used):
        yield f"hack/checks/mirror.py: the exception {pattern} excuses no module: take it off"
