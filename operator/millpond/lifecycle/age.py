"""How long a task may take from being added to its completion: 180 days in Azure Batch (reference §3.6).

What is not completed by then is ended, left in its state, and does not run again.
"""

from __future__ import annotations

from millpond.api.times import format_time

DAY = 86_400.0


def added_too_early(now: float, lifetime: float) -> str:
    """The creation time (RFC 3339) of the youngest task that is too old. Such texts are in the order of time."""
    return format_time(now - lifetime)


def told_too_old(lifetime: float) -> str:
    """What a user reads of a task that is too old; `lifetime` in seconds."""
    return (
        f"The task was not completed within {lifetime / DAY:g} days of being added: it runs no more and is left as it "
        "is. Create it again to have it run."
    )
