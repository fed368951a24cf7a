"""The texts that carry the CustomResourceDefinitions: one file a kind, and the chart's template of all."""

import yaml

from millpond.api.computenode import ComputeNode
from millpond.api.crd.definition import definition
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import Resource
from millpond.api.pool import Pool
from millpond.api.task import Task

KINDS: tuple[type[Resource], ...] = (Pool, ComputeNode, Job, Task, JobSchedule)

_HEADER = "Rendered from the models in operator/millpond/api by hack/crds: edit those, then run it."
_KEEP = """\
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""


def manifest(model: type[Resource]) -> str:
    """The definition of a kind as YAML."""
    return yaml.safe_dump(definition(model), sort_keys=False, width=140, allow_unicode=True)


def crd_files() -> dict[str, str]:
    """File name to text, one file a kind."""
    return {f"{model.KIND.plural}.yaml": f"# {_HEADER}\n{manifest(model)}" for model in KINDS}


def chart_template() -> str:
    """All definitions as one template: installed where ``crds.install``, kept at uninstall where ``crds.keep``."""
    documents = "".join(f"---\n{_templated(model)}" for model in KINDS)
    return f"{{{{- /* {_HEADER} */ -}}}}\n{{{{- if .Values.crds.install }}}}\n{documents}{{{{- end }}}}\n"


def _templated(model: type[Resource]) -> str:
    # Braces in a document would be taken for template actions.
    text = manifest(model).replace("{{", '{{ "{{" }}')
    name = f"  name: {model.KIND.crd_name}\n"
    return text.replace(name, name + _KEEP, 1)
