"""What is remembered of the samples of one pool: the rows, which hours of them are kept for good, and what is due."""

from __future__ import annotations

from millpond.formula.samples import PERIOD_SECONDS
from millpond.scaling.kept_samples import HOUR, MOST_SEALED_BYTES
from millpond.scaling.samples import HISTORY_SECONDS, SampleStore


class SampleRecord:
    """The samples of the Pool of that uid, from the moment when those kept for it were read."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.rows = SampleStore()
        self.loaded = False
        """What was kept has been read: samples are taken, and formulas evaluated."""
        self.loading = False
        self.not_before = 0.0
        """When reading is tried again."""
        self.sealed: dict[int, int] = {}
        """The hours that are kept for good, by their first second, and the bytes that each takes."""
        self.trouble = ""
        """What is wrong with keeping them, until it is told."""
        self.told = ""
        """What was told of that last."""
        self.look_at = 0.0
        """The deadline that is set for the next sample."""

    def due(self, now: float) -> float:
        """When the next sample is to be taken."""
        last = self.rows.last
        # A row that lies ahead is of a clock that was wrong.
        return last + PERIOD_SECONDS if last is not None and last <= now else now

    def unsealed(self, now: int) -> list[int]:
        """The hours before the present one that have rows and are not sealed yet."""
        newest = max((hour for hour in self.sealed if hour <= now), default=0)
        return sorted(
            {hour for hour in (time // HOUR * HOUR for time in self.rows.times) if newest < hour <= now - HOUR}
        )

    def outlived(self, now: int, coming: int) -> list[int]:
        """The sealed hours to drop: too old, or, the oldest first, so many that `coming` bytes more have room."""
        kept = sorted(hour for hour in self.sealed if now - HISTORY_SECONDS < hour + HOUR <= now + HOUR)
        size = coming + sum(self.sealed[hour] for hour in kept)
        while kept and size > MOST_SEALED_BYTES:
            size -= self.sealed[kept.pop(0)]
        return sorted(self.sealed.keys() - set(kept))
