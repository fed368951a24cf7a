"""Which of Azure Batch's minimum scenarios (azure-batch-semantics §13) are held: each by tests `test_scenario_N_…`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SCENARIOS = {
    2: "a start task fails; a reboot reruns it",
    4: "a pool shrinks by each of the four options",
    6: "a pool with a formula is not resized; without it, it is",
    9: "a job that names a missing pool waits for it",
    10: "priorities",
    11: "slots; packing and spreading",
    12: "retries",
    13: "a task whose node restarts runs again, at no charge",
    14: "wall clocks of tasks and jobs",
    15: "an empty job that terminates; the one-way property",
    16: "exit conditions",
    17: "dependencies",
    18: "the job manager",
    19: "job preparation",
    20: "job release",
    23: "job schedules: due times, start window, end, operations, one active job",
    24: "a job is disabled and enabled; what its state forbids",
    25: "termination leaves active tasks active",
    26: "reactivation",
    27: "files: while the task runs, after their retention, after their node",
    28: "output files: patterns, paths, conditions, and uploads that fail",
    29: "resource files of a container; names that lead out; modes",
    30: "the environment: what wins, and whose scope it is",
    31: "autoscale: its interval, the 30 s between two changes, evaluations that change nothing, and errors",
    32: "scheduling on a node is disabled, with three options, and enabled",
    34: "pre-emption: state, counts, requeue, recovery under the same name",
    39: "the limit of 180 days",
    40: "force delete and terminate with a dead node",
}
NUMBER = re.compile(r"^(?:async )?def test_scenario_(\d+)_", re.MULTILINE)


@pytest.fixture(scope="module")
def tested() -> set[int]:
    """The numbers of the scenarios that tests beside this one name."""
    files = sorted(Path(__file__).parent.glob("test_conformance_*.py"))
    return {int(number) for file in files for number in NUMBER.findall(file.read_text())}


@pytest.mark.parametrize("number", SCENARIOS, ids=lambda number: f"{number}: {SCENARIOS[number]}")
def test_a_scenario_has_its_test(number: int, tested: set[int]) -> None:
    assert number in tested
