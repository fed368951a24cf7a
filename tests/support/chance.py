"""What containers do in random histories: the same for the same seed and name, whatever else happens."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from support.scripts import Run, Scripts, StartRun

FOREVER = 10.0**12


def by_chance(seed: int) -> Scripts:
    """Scripts in which most things succeed, and every way to fail occurs."""

    def start_task(node: str) -> StartRun:
        return StartRun(1.0, 1 if Random(f"{seed}/{node}").random() < 0.15 else 0)

    def job_task(role: str, job: str, node: str) -> Run:
        random = Random(f"{seed}/{role}/{job}/{node}")
        kind, seconds = random.random(), random.choice((0.5, 10.0, 60.0))
        return Run(seconds, exit_code=int(kind < 0.15), oom=0.15 <= kind < 0.2, image_missing=kind > 0.95)

    def failing_installs(node: str) -> float:
        return Random(f"{seed}/packages/{node}").choice((0, 0, 0, 0, 1, 3, FOREVER))

    return Scripts(
        otherwise=lambda task, attempt: _task(Random(f"{seed}/{task}/{attempt}")),
        start_task=start_task,
        failing_installs=failing_installs,
        job_task=job_task,
    )


def _task(random: Random) -> Run:
    code = random.choice(("BlobNotFound", "DiskFull")) if random.random() < 0.1 else ""
    run = replace(_command(random), fetch_seconds=random.choice((0.1, 5.0, 900.0)), not_fetched=code)
    code = random.choice(("ApplicationPackageError", "DiskFull")) if random.random() < 0.2 else ""
    run = replace(run, install_seconds=random.choice((0.1, 5.0, 900.0)), not_installed=code)
    coordination = random.choice((0, 1, 2)) if random.random() < 0.2 else None
    run = replace(run, coordination=coordination, deaf=random.random() < 0.2)
    if random.random() < 0.7:
        return run
    ended, says = random.choice(((0, ""), (1, '{"code":"FileUploadAccessDenied","message":"No."}'), (1, ""), (137, "")))
    return replace(run, upload_seconds=random.choice((0.1, 5.0, 60.0)), upload_code=ended, upload_says=says)


def _command(random: Random) -> Run:
    kind = random.random()
    seconds = random.choice((0.5, 2.0, 10.0, 60.0))
    term = random.choice((0.2, 5.0, 1000.0))
    if kind < 0.65:
        return Run(seconds, term_seconds=term)
    if kind < 0.85:
        return Run(seconds, exit_code=random.choice((1, 2, 137)), term_seconds=term)
    if kind < 0.90:
        return Run(seconds, oom=True)
    if kind < 0.93:
        return Run(seconds, exit_code=125, cause="WallClock")
    return Run(seconds, image_missing=kind > 0.97, term_seconds=term)
