"""Whether a host is anybody's: asked of the API server itself, just before a machine is given up."""

from __future__ import annotations

import msgspec

from millpond.api import labels
from millpond.api.views.host import HostView
from millpond.cluster.api_server import HOSTS, ApiServer
from millpond.cluster.errors import NotFoundError
from millpond.control.actions import SupplyHosts
from millpond.scaling.providers import Machine, Supply, plan_supply

_host = msgspec.json.Decoder(HostView).decode


async def plan_with_claims(api: ApiServer, wish: SupplyHosts, machines: list[Machine]) -> Supply:
    """The plan, in which no machine is chosen whose host a pool has claimed."""
    kept, looked = set(wish.kept), set[str]()
    by_name = {machine.name: machine for machine in machines}
    while True:
        plan = plan_supply(wish.wanted, kept, machines)
        hosts = [host for name in plan.mark if (host := by_name[name].host) and host not in looked]
        if not hosts:
            return plan
        looked.update(hosts)
        kept.update([host for host in hosts if await _is_claimed(api, host)])


async def _is_claimed(api: ApiServer, name: str) -> bool:
    try:
        return labels.HOST_LABEL in _host(await api.get(HOSTS, None, name)).metadata.labels
    except NotFoundError:
        return False
