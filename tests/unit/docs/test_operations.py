"""The page of operations names every setting and series as the code has them; links of all pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from millpond import metrics
from millpond.api import labels
from millpond.cluster.manifests.node_pod import METRICS_PORT
from millpond.scaling.reading import SERIES, series_name
from millpond.settings import Settings
from prometheus_client.metrics import MetricWrapperBase

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "operations.md").read_text()


def setting_lines() -> list[str]:
    """The table of settings, as the models say."""
    lines = []
    for name, field in Settings.model_fields.items():
        value = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        default = f"`{value}`" if value else ""
        lines.append(f"| `MILLPOND_{name.upper()}` | {default} | {field.description} |")
    return lines


def metric_lines() -> list[str]:
    """The table of series, as the collectors say."""
    lines = []
    for collector in vars(metrics).values():
        described = collector.describe() if isinstance(collector, MetricWrapperBase) else ()
        for family in described:
            name = f"{family.name}_total" if family.type == "counter" else family.name
            tags = ", ".join(f"`{label}`" for label in collector._labelnames)
            lines.append(f"| `{name}` | {tags} | {family.documentation} |")
    return lines


def node_metric_lines() -> list[str]:
    """The table of the agents' series, as they write them."""
    return [f"| `{series_name(field)}` | {series.kind} | {series.help} |" for field, series in SERIES.items()]


TABLES = [("Settings", setting_lines()), ("Metrics", metric_lines()), ("Metrics of nodes", node_metric_lines())]


@pytest.mark.parametrize(("title", "wanted"), TABLES)
def test_tables(title: str, wanted: list[str]) -> None:
    table = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    found = [line for line in table.splitlines() if line.startswith("| `")]
    assert found == wanted, "the table must be:\n" + "\n".join(wanted)


def test_the_way_out_names_every_finalizer() -> None:
    finalizers = [value for name, value in vars(labels).items() if name.endswith("_FINALIZER")]
    assert len(finalizers) == 5
    assert not [name for name in finalizers if f"`{name}`" not in PAGE]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        file, _, anchor = target.partition("#")
        if target.startswith("https://"):
            continue
        other = page.parent / file if file else page
        if not other.exists() or (anchor and anchor not in anchors(other)):
            broken.append(target)
    assert not broken


def test_the_port_of_agents() -> None:
    assert f"at port {METRICS_PORT} (`metrics`)" in PAGE
