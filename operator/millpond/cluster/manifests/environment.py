"""The environment of start tasks and tasks: users' settings, then the service's own variables, which win (§6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from millpond.api.environment import EnvironmentSetting
from millpond.lifecycle.variables import NAMES, ContainerLimit, Value

Variable = dict[str, Any]


def literal(text: str) -> str:
    """Text that arrives as written: Kubernetes reads `$$` as `$`, and expands `$(NAME)`, in commands as in values."""
    return text.replace("$", "$$")


def written(value: str) -> str:
    """The text that a literal value was made of."""
    return value.replace("$$", "$")


def environment(settings: Iterable[Iterable[EnvironmentSetting]], service: Mapping[str, Value]) -> list[Variable]:
    """The container's variables: later settings override earlier ones of the same name, and none a service variable.

    A setting under the name of a service variable has no effect, also where that variable is out of scope: what is
    found under such a name is the service's word or nothing.
    """
    own = {setting.name: setting for group in settings for setting in group if setting.name not in NAMES}
    return [_setting(one) for one in own.values()] + [_service(name, value) for name, value in service.items()]


def _setting(setting: EnvironmentSetting) -> Variable:
    if setting.value_from is not None:
        key = setting.value_from.secret_key_ref
        return {"name": setting.name, "valueFrom": {"secretKeyRef": {"name": key.name, "key": key.key}}}
    return {"name": setting.name, "value": literal(setting.value or "")}


def _service(name: str, value: Value) -> Variable:
    if isinstance(value, ContainerLimit):
        return {"name": name, "valueFrom": {"resourceFieldRef": {"resource": f"limits.{value.resource}"}}}
    return {"name": name, "value": literal(value)}
