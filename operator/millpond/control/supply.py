"""What a pool's provider was asked for, and what it said: remembered in this life of the operator only."""

from __future__ import annotations

from millpond.api.failure import ResizeError


class SupplyRecord:
    """One pool's dealings with its provider. Nothing of it is needed again after a restart: it is asked anew."""

    __slots__ = ("again", "agreed", "asking", "refusal")

    def __init__(self) -> None:
        self.asking: int | None = None
        """The number of hosts that it is being asked for."""
        self.agreed: int | None = None
        """The number that it was asked for last, and did all it can for."""
        self.again = 0.0
        """When to ask again although the number is the same: somebody else may have changed it."""
        self.refusal: ResizeError | None = None
        """Why it does not do as asked."""

    @property
    def done(self) -> bool:
        """True when nothing more is to be hoped of asking for no hosts at all, as a pool that goes does."""
        return self.asking is None and (self.agreed == 0 or self.refusal is not None)
