"""A pool's formula, and what its runs said. When and how a formula is evaluated is judged in ``scaling``."""

from typing import Annotated

from pydantic import Field

from millpond.api.failure import Details
from millpond.api.schema import ATOMIC, Document, LongText, Text, Time

MAX_FORMULA = 8192
"""Characters of a formula (azure-batch-semantics §5.1)."""
MAX_RESULTS = 4096
"""Characters of the results that are kept of a run; longer ones are cut."""
MAX_HISTORY = 10


class AutoScale(Document):
    """The formula that decides how many nodes a pool has, and how often it is asked."""

    formula: Annotated[
        str,
        Field(
            min_length=1, max_length=MAX_FORMULA, description="In Azure Batch's autoscale language; see docs/formula.md"
        ),
    ]
    evaluation_interval_seconds: Annotated[
        int, Field(ge=300, le=604_800, description="Between two evaluations, from the first one on")
    ] = 900


class AutoScaleError(Document):
    """Why an evaluation has no result."""

    code: Annotated[str, Field(max_length=64, description="Azure Batch's word, as InsufficientSampleData")]
    message: LongText = ""
    values: Annotated[Details, Field(description="Line and Column of the place, counted from 1")] = ()


class AutoScaleRun(Document):
    """One evaluation of a pool's formula."""

    time: Time
    results: Annotated[
        str, Field(max_length=MAX_RESULTS, description="What it set, then its own variables: name=value;…")
    ] = ""
    error: AutoScaleError | None = None
    settings: Annotated[Text, Field(description="A digest of the formula and interval that it evaluated")] = ""


AutoScaleHistory = Annotated[
    tuple[AutoScaleRun, ...],
    Field(max_length=MAX_HISTORY, json_schema_extra=ATOMIC, description="The runs before the last one, newest first"),
]
