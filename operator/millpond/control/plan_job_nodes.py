"""Jobs on their nodes: preparation before the first task, release after the last, both let go when the job ended.

Their Pods are the record of what has run: they are kept, by their finalizer, while the job lives and its node is there.
"""

from __future__ import annotations

from millpond.api import labels
from millpond.api.computenode import NodeOperation
from millpond.api.nodetemplate import NodeClass
from millpond.api.reasons import JobState
from millpond.api.times import parse_time
from millpond.control.actions import AnyAction, ReleaseEvidence, StartJobTask, StopAttempt
from millpond.control.draining import fate_on, waits_for_tasks
from millpond.control.job_nodes import JobNode, JobPod, drop_job_node
from millpond.control.limits import Limits
from millpond.control.node_record import NodeRecord
from millpond.control.plan_leaving import host_lost_under, is_empty
from millpond.control.plan_nodes import given_up_at
from millpond.control.pool_state import PoolState
from millpond.lifecycle.draining import Fate
from millpond.lifecycle.jobtask import observe_run
from millpond.lifecycle.preparation import Preparation, PreparationFacts, judge_preparation
from millpond.lifecycle.release import Release, judge_release
from millpond.lifecycle.run import Run, RunState
from millpond.lifecycle.waits import starts_since

PREPARATION, RELEASE = labels.Role.PREPARATION, labels.Role.RELEASE


def judge_job_nodes(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Judge each marked pair of job and node."""
    for key in pool.taken("jobnode"):
        of = pool.job_nodes.get(key)
        if of is not None:
            _judge(pool, of, now, limits, actions)


def _judge(pool: PoolState, of: JobNode, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    if now >= of.not_before:
        of.refused = False
    runs = [pod.run for pod in of.pods.values()]
    for pod in of.pods.values():
        _observe(pool, pod, now, limits)
    if runs != [pod.run for pod in of.pods.values()]:
        pool.mark("touched", of.node.name)
    _stand(pool, of, now, limits)
    if _is_over(pool, of):
        _let_all_go(pool, of, actions)
        if not of.pods:
            drop_job_node(of)
        return
    for _, pod in sorted(of.pods.items()):
        if _is_useless(of, pod) or (pod.holds and _stops(pool, of.node)):
            _let_go(pool, pod, actions)
    _start(pool, of, now, limits, actions)


def _observe(pool: PoolState, pod: JobPod, now: float, limits: Limits) -> None:
    """How the run is doing, and when time alone may change that."""
    view = pod.view
    if view is None:
        return
    since = parse_time(starts_since(view))
    pod.run = observe_run(view, now - since, limits.image_pull, limits.startup)
    if not view.terminal:
        later = [since + limit for limit in (limits.image_pull, limits.startup) if now < since + limit]
        lost_at = given_up_at(pool, pod.of.node, view, now, limits)
        later += [lost_at] if lost_at is not None and now < lost_at else []
        if later:
            pool.look_at(min(later), "jobnode", pod.of.key)


def _stand(pool: PoolState, of: JobNode, now: float, limits: Limits) -> None:
    """What the runs mean for the job on this node, and telling all whom a change concerns."""
    before = of.preparation, of.release, of.unfinished
    pods = {pod.name: pod for role in (PREPARATION, RELEASE) for pod in of.valid(role)}
    preparations = {name: pod.run for name, pod in pods.items() if pod.role == PREPARATION}
    of.preparation, of.release = _judged(of, preparations, pods.get(of.release_pod))
    lost = any(_given_up(pool, pod, now, limits) for pod in pods.values())
    if _is_left(pool, of.node) or lost or now >= _waited_for_until(pool, of):
        of.unfinished = False
    else:
        of.unfinished = of.release in (Release.OWED, Release.RUNNING) or any(map(_keeps_waiting, pods.values()))
    if (of.preparation, of.release, of.unfinished) != before:
        _tell(pool, of)


def _judged(of: JobNode, preparations: dict[str, Run], release: JobPod | None) -> tuple[Preparation, Release]:
    spec = of.job.model.spec if of.job.model else None
    task = spec.job_preparation_task if spec else None
    if spec is None or task is None:
        return Preparation.ABSENT, Release.NONE
    current, waits = preparations.get(of.current), task.wait_for_success
    earlier = tuple(run for name, run in preparations.items() if name != of.current)
    facts = PreparationFacts(waits, task.rerun_on_node_reboot_after_success, current, earlier)
    prepared = judge_preparation(facts)
    if of.refused and prepared is Preparation.ABSENT:
        prepared = Preparation.FAILED
    if spec.job_release_task is None:
        return prepared, Release.NONE
    released = judge_release(preparations.values(), release.run if release else None, waits=waits)
    if of.refused and released is Release.OWED:
        released = Release.DONE
    return prepared, released


def _keeps_waiting(pod: JobPod) -> bool:
    """False for what has ended, and for a release that cannot start: that has failed, and goes when the job is over."""
    return pod.holds and not (pod.role == RELEASE and pod.run.completed)


def _given_up(pool: PoolState, pod: JobPod, now: float, limits: Limits) -> bool:
    """True when nothing more is to be expected of the Pod's host: it is lost, or has been silent for too long."""
    lost_at = given_up_at(pool, pod.of.node, pod.view, now, limits) if pod.view is not None else None
    return lost_at is not None and now >= lost_at


def _waited_for_until(pool: PoolState, of: JobNode) -> float:
    """When the wait for a release ends that has no host to run on: as long after the job's end as it might have run.

    It is not waited for then, and still run if a host comes before the job is over.
    """
    model = of.job.model
    task, ended = (model.spec.job_release_task, model.status.terminate_time) if model else (None, None)
    role, name = _due(of)
    if task is None or ended is None or role is not RELEASE or not name or _host(pool, of) is not None:
        return float("inf")
    return ended.timestamp() + task.max_wall_clock_seconds


def _tell(pool: PoolState, of: JobNode) -> None:
    """Have all those judged again whom this concerns."""
    model = of.job.model
    task = model.spec.job_preparation_task if model else None
    barred = of.preparation is Preparation.FAILED and task is not None and task.wait_for_success
    (of.job.barred.add if barred else of.job.barred.discard)(of.node.name)
    of.job.pool.mark("job", of.job.name)
    if of.preparation in (Preparation.DONE, Preparation.FAILED) or of.release is Release.DONE:
        of.node.last_written = float("-inf")
    pool.mark("node", of.node.name)
    for name, attempt in of.node.attempts.items():
        if attempt.preparation and attempt.job is of.job:
            pool.mark("attempt", name)


def _is_left(pool: PoolState, node: NodeRecord) -> bool:
    """True when the node goes, and does not wait for what runs there."""
    if node.model is None:
        return True
    forgets = node.leaving or _forgets(node)
    return forgets and (fate_on(pool, node) is not Fate.STAYS or (not node.leaving and is_empty(pool, node)))


def _forgets(node: NodeRecord) -> bool:
    """True while the node is being reimaged: what was prepared on it is erased."""
    return node.draining is not None and node.draining.operation is NodeOperation.REIMAGE


def _stops(pool: PoolState, node: NodeRecord) -> bool:
    """True while all that runs on the node is stopped, to run again when it has been rebooted."""
    if node.draining is None or node.draining.operation not in (NodeOperation.REBOOT, NodeOperation.UPGRADE):
        return False
    return fate_on(pool, node) is not Fate.STAYS


def _is_over(pool: PoolState, of: JobNode) -> bool:
    """True when nothing is to be done any more for the job on this node but to let go of what is there."""
    job = of.job
    if job.model is None or _is_left(pool, of.node) or job.state is JobState.COMPLETED:
        return True
    return not of.pods and not of.refusals and not any(attempt.job is job for attempt in of.node.attempts.values())


def _is_useless(of: JobNode, pod: JobPod) -> bool:
    """True for a Pod that counts for nothing, or stands in the way of the run that is to come."""
    if pod.spent or pod.view is None:
        return False
    if pod.run.state is RunState.LOST or of.is_void(pod):
        return True
    return pod.role == PREPARATION and pod.holds and (of.job.ending or of.current not in ("", pod.name))


def _let_all_go(pool: PoolState, of: JobNode, actions: list[AnyAction]) -> None:
    """First the preparations, then the release: where only that is left it is known not to be due again."""
    for pod in of.of_role(PREPARATION):
        _let_go(pool, pod, actions)
    if not of.of_role(PREPARATION):
        for pod in of.of_role(RELEASE):
            _let_go(pool, pod, actions)


def _let_go(pool: PoolState, pod: JobPod, actions: list[AnyAction]) -> None:
    """Stop what runs; drop the evidence of what has ended, or lost its host. A lost run makes room at once."""
    if pod.view is None:
        return
    # After the write that tells of it in the node's status, and only if that succeeds.
    chain = f"node/{pod.of.node.name}"
    ended = not pod.holds or host_lost_under(pool, pod.view)
    if not pod.deleting and (not ended or pod.run.state is RunState.LOST):
        pod.deleting = True
        actions.append(StopAttempt(namespace=pool.namespace, pod=pod.name, uid=pod.uid, chain=chain))
    if ended and pod.name not in pod.of.letting_go:
        pod.of.letting_go.add(pod.name)
        actions.append(ReleaseEvidence(namespace=pool.namespace, pod=pod.name, uid=pod.uid, chain=chain))


def _start(pool: PoolState, of: JobNode, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Ask for the Pod that is due, unless one of this job, or of a namesake, still works in its place.

    A restart that waits for the tasks there waits for the preparation that they wait for.
    """
    role, name = _due(of)
    if not name or of.refused or name in pool.job_pods:
        return
    if of.node.restarting and (role is RELEASE or not waits_for_tasks(pool, of.node)):
        return
    if any(_is_beside(of, pod) for pod in of.pods.values()):
        return
    if now < of.not_before:
        pool.look_at(of.not_before, "jobnode", of.key)
        return
    host, model = _host(pool, of), of.job.model
    if host is None or model is None:
        until = _waited_for_until(pool, of)
        again = now + limits.backoff_most
        pool.look_at(min(again, until) if until > now else again, "jobnode", of.key)
        return
    of.backoff = min(max(limits.backoff, of.backoff * 2), limits.backoff_most)
    of.not_before = now + of.backoff
    pool.job_pods[name] = of.pods[name] = JobPod(name, role.value, of)
    actions.append(
        StartJobTask(
            namespace=pool.namespace,
            role=role,
            pool=pool.name,
            job=of.job.name,
            job_uid=model.metadata.uid,
            pod=name,
            node=of.node.name,
            host=host,
            dedicated=of.node.node_class is NodeClass.DEDICATED,
        )
    )
    _stand(pool, of, now, limits)


def _is_beside(of: JobNode, pod: JobPod) -> bool:
    """True for a Pod that has not ended in the node's directory, be it of a namesake of the job."""
    host = of.node.pod.spec.node_name if of.node.pod else None
    return pod.holds and (pod.view is None or pod.view.spec.node_name == host)


def _due(of: JobNode) -> tuple[labels.Role, str]:
    """The task that is to run now and its Pod's name; "" where none is."""
    if of.job.ending:
        due = of.release is Release.OWED and not of.job.live and not of.job.forced
        return RELEASE, of.release_pod if due else ""
    wanted = of.preparation is Preparation.ABSENT and any(
        attempt.preparation == of.current and attempt.pod in of.job.live for attempt in of.node.attempts.values()
    )
    return PREPARATION, of.current if wanted else ""


def _host(pool: PoolState, of: JobNode) -> str | None:
    """The host to run on, while it is well."""
    node_pod = of.node.pod
    name = node_pod.spec.node_name if node_pod else None
    host = pool.hosts.get(name) if name else None
    return name if host is not None and host.ready else None
