"""Names of what the operator makes, derived from what they stand for: the same input gives the same name for ever.

Names that would be too long are cut and end in a hash of the whole, so that different inputs keep different names.
"""

import base64
import hashlib
import re
from functools import lru_cache

DEFAULT_STORE = "millpond-store"
"""The Secret of a namespace's default store: `url`, and the keys that open it."""
NAME_LIMIT = 63
_HASH_LENGTH = 8
_NODE_SUFFIX_LENGTH = 5


def digest(*parts: str | int, length: int = _HASH_LENGTH) -> str:
    """The first ``length`` (1 to 52) base32 characters, a-z and 2-7, of the hash of the parts in order."""
    return base64.b32encode(_hashed(parts)).decode().lower()[:length]


def number(below: int, *parts: str | int) -> int:
    """A number from 0 up to ``below`` by the hash of the parts in order."""
    return int.from_bytes(_hashed(parts)) % below


def _hashed(parts: tuple[str | int, ...]) -> bytes:
    # Parts are joined by a character that no name contains, so that ("a", "bc") and ("ab", "c") differ.
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).digest()


def shorten(name: str, limit: int = NAME_LIMIT) -> str:
    """The name itself where it fits in ``limit`` (10 or more) characters, else its beginning and a hash."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - _HASH_LENGTH - 1].rstrip('-._')}-{digest(name)}"


def label_value(text: str) -> str:
    """A label value for any text: itself where Kubernetes allows it, else the allowed part of it and a hash."""
    allowed = re.sub(r"[^A-Za-z0-9._-]", "-", text).strip("-._")
    if allowed == text:
        return shorten(text)
    beginning = allowed[: NAME_LIMIT - _HASH_LENGTH - 1].rstrip("-._")
    return f"{beginning}-{digest(text)}" if beginning else digest(text)


@lru_cache(maxsize=16)  # the same name is asked for again at once, and then never more
def attempt_pod(task_name: str, attempt: int) -> str:
    """The Pod of one attempt (counted from 1) of a task: ``<task>-<attempt>``."""
    suffix = f"-{attempt}"
    name = task_name + suffix
    return name if len(name) <= NAME_LIMIT else shorten(task_name, NAME_LIMIT - len(suffix)) + suffix


def member_pod(task_name: str, attempt: int, instance: int) -> str:
    """The Pod of an instance (from 1) of an attempt of a multi-instance task: ``<task>-<attempt>-m<instance>``.

    The primary, instance 0, has the attempt's own name. No other Pod's name ends in the letter and a number.
    """
    if instance == 0:
        return attempt_pod(task_name, attempt)
    suffix = f"-{attempt}-m{instance}"
    return shorten(task_name, NAME_LIMIT - len(suffix)) + suffix


def preparation_pod(job_name: str, job_uid: str, node: str, boot: str) -> str:
    """The Pod of a job's preparation task on a node since its start ``boot`` (the uid of its node Pod).

    ``<job>-<8 characters>-prep``: no task's Pod ends in letters, and no node's in four of them.
    """
    return _job_pod(job_name, digest(job_uid, node, boot), "prep")


def release_pod(job_name: str, job_uid: str, node: str) -> str:
    """The Pod of a job's release task on a node: ``<job>-<8 characters>-release``."""
    return _job_pod(job_name, digest(job_uid, node), "release")


def _job_pod(job_name: str, hashed: str, role: str) -> str:
    suffix = f"-{hashed}-{role}"
    return shorten(job_name, NAME_LIMIT - len(suffix)) + suffix


def node_name(pool_name: str, pool_uid: str, ordinal: int) -> str:
    """The compute node with this ordinal in the pool, and its Pod: ``<pool>-<5 characters>``.

    An ordinal, and with it the name, is used again only when nothing of the node that had it is left. The suffix holds
    a letter, since a suffix of digits could be taken for the attempt of a task.
    """
    suffix = digest(pool_uid, ordinal, length=_NODE_SUFFIX_LENGTH)
    salt = 0
    while suffix.isdigit():
        salt += 1
        suffix = digest(pool_uid, ordinal, salt, length=_NODE_SUFFIX_LENGTH)
    return f"{shorten(pool_name, NAME_LIMIT - _NODE_SUFFIX_LENGTH - 1)}-{suffix}"


def eraser_pod(node: str) -> str:
    """The Pod that erases what the node leaves on its host: ``<node>-eraser``."""
    suffix = "-eraser"
    return shorten(node, NAME_LIMIT - len(suffix)) + suffix


def network_policy(pool_name: str) -> str:
    """The NetworkPolicy that closes a pool's Pods: ``millpond-pool-<pool>``."""
    return f"millpond-pool-{pool_name}"


def host_claim(namespace: str, pool_name: str) -> str:
    """The value of label and taint on a host that belongs to the pool: ``<namespace>.<pool>``."""
    return label_value(f"{namespace}.{pool_name}")


def simulated_host(claim: str, version: str, number: int) -> str:
    """A simulated host for the pool of that claim, the ``number``-th made after the list of hosts had this version."""
    return f"simulated-{digest(claim, version, number)}"


def scheduled_job(schedule_name: str, number: int) -> str:
    """The job a schedule makes as its ``number``-th (counted from 1): ``<schedule>-<number>``."""
    suffix = f"-{number}"
    return shorten(schedule_name, NAME_LIMIT - len(suffix)) + suffix


def scheduled_number(job_name: str) -> int:
    """Which of its schedule's jobs a job of that name is; 0 for a name that no schedule gives."""
    suffix = job_name.rpartition("-")[2]
    return int(suffix) if suffix.isascii() and suffix.isdigit() else 0


def auto_pool(prefix: str, uid: str) -> str:
    """The pool made for the job or schedule of that uid: ``<prefix>-<10 characters>``."""
    hashed = digest("autopool", uid, length=10)
    return f"{shorten(prefix, NAME_LIMIT - len(hashed) - 1)}-{hashed}"


def manager_task(job_name: str, manager_id: str) -> str:
    """The task of a job's manager: ``<job>-<id>``, which the Job's schema keeps short enough."""
    return f"{job_name}-{manager_id}"


def current_samples(pool_name: str) -> str:
    """The ConfigMap with the samples of a pool's present hour: ``millpond-samples-hour-<pool>``."""
    return f"millpond-samples-hour-{pool_name}"


def sealed_samples(pool_name: str) -> str:
    """The ConfigMap with the samples of a pool's past hours: ``millpond-samples-day-<pool>``."""
    return f"millpond-samples-day-{pool_name}"


def job_account(job_name: str) -> str:
    """The ServiceAccount whose tokens tasks of the job may have, and its RoleBinding: ``millpond-job-<job>``.

    The chart's admission policy reads the job's name off it.
    """
    return f"millpond-job-{job_name}"


def template_task(job_name: str, task_name: str) -> str:
    """The task that a job template names ``task_name``, made for ``job_name``: ``<job>-<task>``."""
    return shorten(f"{job_name}-{task_name}")
