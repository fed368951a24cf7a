"""The language of autoscale formulas: text and samples in, targets out. Knows no pools, no clock and no chance.

`parse` reads a text once, `evaluate` gives it the world at one moment; all else in this room serves these two.
Source: azure-batch-semantics §5; for users, `docs/formula.md`.
"""

from millpond.formula.errors import ErrorCode, Fault, FormulaError, render
from millpond.formula.evaluation import Evaluation, Step, evaluate
from millpond.formula.inputs import Inputs
from millpond.formula.nodes import Formula
from millpond.formula.parser import parse
from millpond.formula.results import show
from millpond.formula.samples import Samples
from millpond.formula.values import DeallocationOption

__all__ = [
    "DeallocationOption",
    "ErrorCode",
    "Evaluation",
    "Fault",
    "Formula",
    "FormulaError",
    "Inputs",
    "Samples",
    "Step",
    "evaluate",
    "parse",
    "render",
    "show",
]
