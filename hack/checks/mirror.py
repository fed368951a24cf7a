"""Tests mirror the package: operator/millpond/<room>/<file>.py is tested in tests/unit/<room>/test_<file>.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path("operator/millpond")
TESTS = Path("tests/unit")

DECLARED = "declarations alone: tests/component tries each rule and bound against a real API server"
EXCEPTIONS: dict[str, str] = {
    "api/computenode.py": DECLARED,
    "api/containers.py": DECLARED,
    "api/environment.py": DECLARED,
    "api/failure.py": DECLARED,
    "api/job.py": DECLARED,
    "api/jobschedule.py": DECLARED,
    "api/pool.py": DECLARED,
    "api/starttask.py": DECLARED,
    "api/task.py": DECLARED,
    "api/labels.py": "words alone",
    "api/reasons.py": "words alone",
    "api/views/*.py": "shapes alone: tests/unit/api/test_views.py holds their names against the models",
    "control/limits.py": "numbers alone",
    "control/outcomes.py": "shapes alone: test_settle uses each",
    "lifecycle/failure.py": "shapes alone: test_exits uses each",
    "scheduling/demand.py": "a shape alone: test_eligibility and test_node_slots use it",
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
        wanted = TESTS / inner.parent / f"test_{inner.name}"
        if wanted not in tests and not excused:
            yield f"{module}: write {wanted}"
        if wanted in tests and excused:
            yield f"{module}: has {wanted}: take its exception off in hack/checks/mirror.py"
    for pattern in sorted(set(exceptions) - used):
        yield f"hack/checks/mirror.py: the exception {pattern} excuses no module: take it off"
