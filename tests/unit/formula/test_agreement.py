"""Two implementations of the language agree on random formulas: on the results, or on the code of the error.

`MILLPOND_FORMULAS` sets how many formulas (default 2,000), `MILLPOND_FORMULA_SEED` the first seed. A failure names its
seed; the same seed repeats it.
"""

from __future__ import annotations

import os
from collections import Counter

from millpond.formula import FormulaError, Inputs, evaluate, parse
from support.formulaoracle.generator import Writer, world
from support.formulaoracle.judge import UNSURE, judge

FORMULAS = int(os.environ.get("MILLPOND_FORMULAS", "2000"))
FIRST_SEED = int(os.environ.get("MILLPOND_FORMULA_SEED", "0"))


def outcome(text: str, inputs: Inputs) -> str:
    """The results string, or the code of the error."""
    try:
        told = evaluate(parse(text), inputs)
    except FormulaError as error:
        return error.fault.code.value
    return told.error.code.value if told.error else told.results


def test_they_agree_on_random_formulas() -> None:
    """And the formulas are worth it: most of them have a value, and each code of an error comes up."""
    outcomes: Counter[str] = Counter()
    for seed in range(FIRST_SEED, FIRST_SEED + FORMULAS):
        text = Writer(seed).formula()
        found, wanted = outcome(text, world(seed)), judge(text, world(seed))
        assert wanted in (found, UNSURE), f"seed {seed}: {text}"
        outcomes["results" if wanted.startswith("$") else wanted] += 1
    assert outcomes["results"] > FORMULAS / 2, outcomes
    assert outcomes.pop(UNSURE, 0) < FORMULAS / 50
    assert len(outcomes) == 4, outcomes
