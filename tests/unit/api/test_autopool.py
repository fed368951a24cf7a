"""The autopool as users write it, and the name of the Pool that is made."""

from __future__ import annotations

import pytest
from millpond.api.autopool import AutoPool
from millpond.api.job import Job
from pydantic import ValidationError

SPEC = {"nodeTemplate": {"image": "debian"}}


def test_defaults() -> None:
    pool = AutoPool.model_validate({"lifetime": "Job", "spec": SPEC})
    assert (pool.keep_alive, pool.name_prefix, pool.spec.node_template.image) == (False, None, "debian")


@pytest.mark.parametrize("fault", [{"lifetime": "Task"}, {"namePrefix": "x" * 21}, {"namePrefix": "A"}, {"spec": None}])
def test_faults(fault: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AutoPool.model_validate({"lifetime": "Job", "spec": SPEC} | fault)


def named(prefix: str | None, uid: str = "u1", job: str = "film") -> str:
    auto = {"lifetime": "Job", "spec": SPEC, "namePrefix": prefix}
    return Job.model_validate({"metadata": {"name": job, "uid": uid}, "spec": {"autoPool": auto}}).pool_name


def test_the_pool_s_name_is_of_its_prefix_and_of_the_job_alone() -> None:
    assert named("tmp").startswith("tmp-")
    assert named("tmp") == named("tmp")
    assert named("tmp") != named("tmp", uid="u2")
    assert named(None).startswith("film-")
    assert len(named(None, job="f" * 63)) == 63
