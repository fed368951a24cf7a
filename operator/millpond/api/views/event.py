"""An Event of the cluster, as far as what it says of a Pod is asked for."""

from __future__ import annotations

from millpond.api.views.meta import Meta, View


class EventSeries(View, frozen=True):
    """How an Event that happens again and again goes on."""

    last_observed_time: str = ""


class EventView(View, frozen=True):
    """What somebody noted about an object. Kubelets still fill the older fields for when and how often."""

    metadata: Meta
    type: str = ""
    reason: str = ""
    note: str = ""
    event_time: str | None = None
    deprecated_last_timestamp: str | None = None
    series: EventSeries | None = None

    @property
    def last(self) -> str:
        """When it happened last, as RFC 3339."""
        again = self.series.last_observed_time if self.series is not None else ""
        return again or self.deprecated_last_timestamp or self.event_time or self.metadata.creation_timestamp
