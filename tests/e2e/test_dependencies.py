"""Tasks that depend on each other and end their jobs, on real kubelets."""

from __future__ import annotations

import yaml
from support.binaries import ROOT
from support.installation import Space


def test_the_pipeline_of_the_examples_merges_the_words_of_all_licences(space: Space) -> None:
    """As it is kept, but for the image: the operator's own one has the licences too."""
    image = space.installation.until_leading()["spec"]["containers"][0]["image"]
    for path in sorted((ROOT / "examples" / "pipeline").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == "Pool":
                document["spec"]["nodeTemplate"]["image"] = image
            space.live.apply(document, space.name)
    status = space.until_state("jobs", "words", "Completed", 240)["status"]
    assert (status["terminateReason"], status["taskCounts"]["succeeded"]) == ("AllTasksComplete", 16)
    ends = {name: space.completed(name) for name in ("prepare", "gpl-3", "mpl-2.0", "merge")}
    for name in ("gpl-3", "mpl-2.0"):
        assert ends["prepare"]["endTime"] <= ends[name]["startTime"]
        assert ends[name]["endTime"] <= ends["merge"]["startTime"]
    words = [line.split() for line in space.log("merge-1").splitlines()]
    assert words[0][1] == "the"
    assert {"license", "software"} & {word for _, word in words}


def test_a_failure_ends_its_job_unless_its_exit_conditions_say_otherwise(shared: Space) -> None:
    options = {"jobAction": "None", "dependencyAction": "Satisfy"}
    forgiven = {"exitConditions": {"exitCodes": [{"code": 3, "exitOptions": options}]}}
    shared.job("strict", "shared", usesTaskDependencies=True, onTaskFailure="PerformExitOptionsJobAction")
    shared.task("strict-long", "strict", "sleep 300")
    shared.task("strict-bad", "strict", "exit 3", **forgiven)
    shared.task("strict-then", "strict", "exit 4", dependsOn={"taskIds": ["strict-bad"]})
    status = shared.until_state("jobs", "strict", "Completed")["status"]
    assert status["terminateReason"] == "TaskFailed"
    assert shared.completed("strict-then")["failure"]["code"] == "FailureExitCode"
    assert shared.completed("strict-long")["failure"]["code"] == "TaskEnded"
