"""The marks that rules leave in a schema, and how documents are written."""

from millpond.api.environment import EnvironmentSetting, SecretKeyRef, ValueFrom
from millpond.api.schema import immutable, keyed_by, one_way, rule, validations


def test_rule_without_a_place() -> None:
    assert rule("self.a", "a: mend it") == {"rule": "self.a", "message": "a: mend it", "reason": "FieldValueInvalid"}


def test_immutable() -> None:
    assert immutable("jobName", "make another") == {
        "rule": "self.jobName == oldSelf.jobName",
        "message": "jobName cannot be changed: make another",
        "reason": "FieldValueForbidden",
        "fieldPath": ".jobName",
    }


def test_immutable_optional_fields_may_not_come_or_go() -> None:
    assert immutable("id", "x", optional=True)["rule"] == (
        "(has(self.id) == has(oldSelf.id) && (!has(self.id) || self.id == oldSelf.id))"
    )


def test_one_way() -> None:
    written = one_way("desiredState", "Terminated", "make another")
    assert written["rule"] == "oldSelf.desiredState != 'Terminated' || self.desiredState == 'Terminated'"
    assert written["message"] == "desiredState Terminated cannot be taken back: make another"


def test_marks() -> None:
    assert validations(rule("self", "m"))["x-kubernetes-validations"][0]["message"] == "m"
    assert keyed_by("name") == {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}


def test_documents_are_camel_case_and_hold_what_has_a_value() -> None:
    setting = EnvironmentSetting(name="KEY", value_from=ValueFrom(secret_key_ref=SecretKeyRef(name="s", key="k")))
    assert setting.as_document() == {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    assert EnvironmentSetting.model_validate(setting.as_document()) == setting
