"""How many more nodes the quota of cores allows: of a namespace, for each class (azure-batch-semantics §8.2)."""

from __future__ import annotations

import msgspec

from millpond.api.nodetemplate import NodeClass

SETTINGS = {
    NodeClass.DEDICATED: "MILLPOND_CORE_QUOTA",
    NodeClass.LOW_PRIORITY: "MILLPOND_LOW_PRIORITY_CORE_QUOTA",
}
WORDS = {NodeClass.DEDICATED: "dedicated", NodeClass.LOW_PRIORITY: "low-priority"}


class QuotaFacts(msgspec.Struct, frozen=True, gc=False):
    """Amounts in millicores."""

    node_class: NodeClass
    quota: int
    """0: there is none."""
    used: int
    """What the nodes of that class have, of all pools of the namespace."""
    each: int
    """What a new one will have, as far as is known; more than 0."""
    asked: int
    """How many new ones are wanted."""


class Allowance(msgspec.Struct, frozen=True, gc=False):
    """How many of those asked for may be made; `why` not all, or ""."""

    nodes: int
    why: str = ""


def judge_quota(facts: QuotaFacts) -> Allowance:
    """As many as fit: the quota is never passed by nodes whose size is known."""
    if not facts.quota:
        return Allowance(facts.asked)
    fit = max(0, facts.quota - facts.used) // facts.each
    if fit >= facts.asked:
        return Allowance(facts.asked)
    kind = WORDS[facts.node_class]
    why = (
        f"The {kind} nodes of this namespace may have {_cores(facts.quota)} in all ({SETTINGS[facts.node_class]}) and "
        f"have {_cores(facts.used)}; {facts.asked} more were asked for, of {_cores(facts.each)} each."
    )
    return Allowance(fit, why)


def _cores(millis: int) -> str:
    return f"{millis / 1000:g} core" + ("" if millis == 1000 else "s")
