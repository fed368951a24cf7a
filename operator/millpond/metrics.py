"""Every series, recorded through functions named after facts. Labels are closed lists, never names of objects."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, start_http_server

_SHORT = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

_requests = Histogram(
    "millpond_api_request_seconds",
    "Requests to the API server, by verb, resource and HTTP status (0: no answer)",
    ("verb", "resource", "code"),
    buckets=_SHORT,
)
_retries = Counter("millpond_api_retries_total", "Requests made again after no answer or 429", ("verb", "resource"))
_watch_events = Counter("millpond_watch_events_total", "Events received by watches", ("resource", "type"))
_watch_ends = Counter("millpond_watch_ends_total", "Ends of watches, by cause", ("resource", "cause"))
_lists = Counter("millpond_lists_total", "Full lists by informers", ("resource",))
_invalid = Counter("millpond_invalid_objects_total", "Objects seen that do not decode", ("resource",))
_plans = Histogram("millpond_plan_seconds", "Time to judge one cycle", buckets=_SHORT)
_performs = Histogram("millpond_perform_seconds", "Time to perform the actions of one cycle", buckets=_SHORT)
_actions = Counter("millpond_actions_total", "Actions performed, by outcome", ("action", "outcome"))
_cycle_failures = Counter("millpond_cycle_failures_total", "Cycles that ended in an unexpected error")
_events = Counter("millpond_events_total", "Kubernetes Events, by what became of them", ("fate",))
_readings = Counter("millpond_readings_total", "Questions to the agents of nodes, by what became of them", ("fate",))
_leading = Gauge("millpond_leading", "1 while this process holds the lease")
_lag = Gauge("millpond_loop_lag_seconds", "How late the event loop was when it last looked at its clock")


def serve(port: int) -> None:
    """Serve the metrics on all addresses at this port, in a thread of its own."""
    start_http_server(port)


def request_answered(verb: str, resource: str, code: int, seconds: float) -> None:
    _requests.labels(verb, resource, str(code)).observe(seconds)


def request_retried(verb: str, resource: str) -> None:
    _retries.labels(verb, resource).inc()


def watch_told(resource: str, type_: str) -> None:
    _watch_events.labels(resource, type_).inc()


def watch_ended(resource: str, cause: str) -> None:
    _watch_ends.labels(resource, cause).inc()


def listed(resource: str) -> None:
    _lists.labels(resource).inc()


def object_invalid(resource: str) -> None:
    _invalid.labels(resource).inc()


def planned(seconds: float) -> None:
    _plans.observe(seconds)


def performed(seconds: float) -> None:
    _performs.observe(seconds)


def action_ended(action: str, outcome: str) -> None:
    _actions.labels(action, outcome).inc()


def cycle_failed() -> None:
    _cycle_failures.inc()


def event_published() -> None:
    _events.labels("published").inc()


def event_withheld() -> None:
    """Said already, or too many at a time."""
    _events.labels("withheld").inc()


def event_failed() -> None:
    _events.labels("failed").inc()


def reading_taken() -> None:
    _readings.labels("taken").inc()


def reading_missed() -> None:
    """No answer in time, or none that is a reading."""
    _readings.labels("missed").inc()


def leading(held: bool) -> None:
    _leading.set(1 if held else 0)


def loop_lagged(seconds: float) -> None:
    _lag.set(seconds)
