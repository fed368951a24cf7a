"""Exit conditions as users write them."""

from millpond.api.exit_conditions import DependencyAction, ExitConditions, JobAction


def test_public_names() -> None:
    read = ExitConditions.model_validate(
        {
            "exitCodes": [{"code": 3, "exitOptions": {"jobAction": "Terminate"}}],
            "exitCodeRanges": [{"start": 10, "end": 20, "exitOptions": {"dependencyAction": "Satisfy"}}],
            "preProcessingError": {},
            "default": {"jobAction": "None", "dependencyAction": "Block"},
        }
    )
    assert read.exit_codes[0].exit_options.job_action is JobAction.TERMINATE
    assert read.exit_code_ranges[0].exit_options.dependency_action is DependencyAction.SATISFY
    assert read.pre_processing_error is not None
    assert read.pre_processing_error.job_action is None
    assert read.default is not None
    assert read.default.job_action is JobAction.NONE
