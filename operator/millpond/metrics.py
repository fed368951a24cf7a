"""Every series the operator exports, recorded through functions named after facts. No label has unbounded values."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_requests = Counter(
    "millpond_api_requests_total", "Requests to the API server", ["verb", "resource", "code"], registry=REGISTRY
)
_request_seconds = Histogram("millpond_api_request_seconds", "Duration of requests", ["verb"], registry=REGISTRY)
_retries = Counter("millpond_api_retries_total", "Requests sent again", ["verb"], registry=REGISTRY)
_events = Counter("millpond_watch_events_total", "Objects seen", ["resource", "type"], registry=REGISTRY)
_relists = Counter(
    "millpond_relists_total", "Full lists after a lost watch or for a resync", ["resource"], registry=REGISTRY
)
_invalid = Counter("millpond_invalid_objects_total", "Objects that did not parse", ["resource"], registry=REGISTRY)
_last_event = Gauge(
    "millpond_watch_last_event_timestamp_seconds", "When a watch last spoke", ["resource"], registry=REGISTRY
)
_actions = Counter("millpond_actions_total", "Actions performed", ["action", "outcome"], registry=REGISTRY)
_cycles = Histogram("millpond_cycle_seconds", "Duration of a pool's cycles by phase", ["phase"], registry=REGISTRY)
_cycle_errors = Counter("millpond_cycle_errors_total", "Cycles that ended in an exception", registry=REGISTRY)
_leader = Gauge("millpond_leader", "1 while this process leads", registry=REGISTRY)


def request_answered(verb: str, resource: str, code: int, seconds: float) -> None:
    """The API server answered; code 0 stands for no answer."""
    _requests.labels(verb, resource, str(code)).inc()
    _request_seconds.labels(verb).observe(seconds)


def request_repeated(verb: str) -> None:
    """A request is sent again."""
    _retries.labels(verb).inc()


def object_seen(resource: str, event: str, at: float) -> None:
    """A watch told of an object, or gave a bookmark."""
    _events.labels(resource, event).inc()
    _last_event.labels(resource).set(at)


def relisted(resource: str) -> None:
    """A kind was listed from scratch."""
    _relists.labels(resource).inc()


def object_invalid(resource: str) -> None:
    """An object did not parse and is kept aside."""
    _invalid.labels(resource).inc()


def action_performed(action: str, outcome: str) -> None:
    """An action came to an outcome; both are class names."""
    _actions.labels(action, outcome).inc()


def cycle_took(phase: str, seconds: float) -> None:
    """A cycle spent time in a phase: plan or perform."""
    _cycles.labels(phase).observe(seconds)


def cycle_failed() -> None:
    """A cycle ended in an exception and will be tried again."""
    _cycle_errors.inc()


def leading(yes: bool) -> None:
    """This process leads, or does not."""
    _leader.set(1 if yes else 0)


def exposition() -> bytes:
    """All series in Prometheus' text format."""
    return generate_latest(REGISTRY)
