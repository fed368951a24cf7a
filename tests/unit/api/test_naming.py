"""Names are derived, legal and different for different things."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api import naming

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

_NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,250}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("task", "attempt", "pod"),
    [
        ("frame-042", 1, "frame-042-1"),
        ("frame-042", 12, "frame-042-12"),
        ("x" * 61, 1, "x" * 61 + "-1"),
        ("x" * 62, 1, "x" * 52 + "-eeqq7fse-1"),
        ("x" * 61, 10, "x" * 51 + "-yueooxze-10"),
    ],
)
def test_attempt_pod(task: str, attempt: int, pod: str) -> None:
    assert naming.attempt_pod(task, attempt) == pod


@pytest.mark.parametrize(
    ("task", "attempt", "instance", "pod"),
    [("mpi", 2, 0, "mpi-2"), ("mpi", 2, 1, "mpi-2-m1"), ("a" * 80, 10, 499, f"{'a' * 46}-")],
)
def test_member_pod(task: str, attempt: int, instance: int, pod: str) -> None:
    made = naming.member_pod(task, attempt, instance)
    assert made.startswith(pod)
    assert len(made) <= 63
    assert instance == 0 or made.endswith(f"-{attempt}-m{instance}")


@given(below=st.integers(1, 2**31), parts=st.lists(st.text(max_size=5), max_size=3))
def test_numbers_are_in_range_and_the_same_again(below: int, parts: list[str]) -> None:
    assert 0 <= naming.number(below, *parts) < below
    assert naming.number(below, *parts) == naming.number(below, *parts)


def test_numbers_of_different_parts_differ() -> None:
    numbers = {naming.number(2**30, *parts) for parts in (("a", "bc"), ("ab", "c"), ("abc",), ("bc", "a"))}
    assert len(numbers) == 4


@given(task=_NAMES, attempt=st.integers(1, 10**9))
def test_pods_have_legal_names(task: str, attempt: int) -> None:
    pod = naming.attempt_pod(task, attempt)
    assert len(pod) <= 63
    assert _DNS_SUBDOMAIN.fullmatch(pod)
    assert pod.endswith(f"-{attempt}")


@given(job=_NAMES, uid=st.uuids().map(str), boot=st.uuids().map(str))
def test_pods_of_preparation_and_release(job: str, uid: str, boot: str) -> None:
    preparation, release = naming.preparation_pod(job, uid, "n", boot), naming.release_pod(job, uid, "n")
    for pod, end in ((preparation, "-prep"), (release, "-release")):
        assert pod.endswith(end)
        assert len(pod) <= 63
        assert _DNS_SUBDOMAIN.fullmatch(pod)
    assert preparation != naming.preparation_pod(job, uid, "n", boot + "x")
    assert release != naming.release_pod(job, uid, "m")


def test_long_names_stay_different() -> None:
    assert naming.attempt_pod("a" * 100 + "b", 1) != naming.attempt_pod("a" * 100 + "c", 1)


@given(pool=_NAMES, uid=st.uuids().map(str), ordinal=st.integers(0, 10**6))
def test_node_names(pool: str, uid: str, ordinal: int) -> None:
    name = naming.node_name(pool, uid, ordinal)
    assert name == naming.node_name(pool, uid, ordinal)
    assert len(name) <= 63
    assert _DNS_LABEL.fullmatch(name)
    suffix = name.rpartition("-")[2]
    assert len(suffix) == 5
    assert not suffix.isdigit(), "could be taken for the attempt of a task"


def test_nodes_of_a_large_pool_differ() -> None:
    names = {naming.node_name("render", "uid", ordinal) for ordinal in range(2000)}
    assert len(names) > 1990


def test_a_pool_made_again_has_other_nodes() -> None:
    assert naming.node_name("render", "one", 1) != naming.node_name("render", "two", 1)


@given(st.text(max_size=300))
def test_label_values_are_legal(text: str) -> None:
    value = naming.label_value(text)
    assert len(value) <= 63
    assert _LABEL_VALUE.fullmatch(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("render", "render"),
        ("A_b.c-1", "A_b.c-1"),
        ("", ""),
        ("_a", "a-gt5xcybu"),
        ("a b", "a-b-zbuhucfk"),
        ("é", "jkmvk7sa"),
    ],
)
def test_label_value(text: str, value: str) -> None:
    assert naming.label_value(text) == value


def test_host_claims_tell_namespaces_apart() -> None:
    assert naming.host_claim("lab", "render") == "lab.render"
    assert naming.host_claim("a", "x" * 100) != naming.host_claim("b", "x" * 100)


def test_scheduled_jobs_and_template_tasks() -> None:
    assert naming.scheduled_job("nightly", 12) == "nightly-12"
    assert len(naming.scheduled_job("n" * 200, 1234)) == 63
    assert naming.scheduled_number(naming.scheduled_job("n" * 200, 1234)) == 1234
    assert naming.scheduled_number("by-hand") == naming.scheduled_number("x") == 0
    assert naming.template_task("nightly-12", "one") == "nightly-12-one"


def test_digest_knows_where_parts_end() -> None:
    assert naming.digest("a", "bc") != naming.digest("ab", "c")


def test_simulated_hosts_have_new_names_after_each_list() -> None:
    assert naming.simulated_host("lab.render", "17", 0) == naming.simulated_host("lab.render", "17", 0)
    names = {naming.simulated_host(c, v, n) for c in ("lab.render", "lab.other") for v in ("17", "18") for n in (0, 1)}
    assert len(names) == 8


def test_an_eraser_is_called_after_its_node() -> None:
    assert naming.eraser_pod("farm-aaaaa") == "farm-aaaaa-eraser"
    assert len(naming.eraser_pod("n" * 63)) == 63
