"""Linux's own texts, read: real ones shortened, and those that lead astray."""

from __future__ import annotations

import pytest
from millpond.agent.measure import FileSystem, Texts, measure
from millpond.scaling.reading import Reading

STAT = """\
cpu  1000 50 300 4000 200 10 40 400 900 5
cpu0 500 25 150 2000 100 5 20 200 450 2
intr 7
"""
MEMINFO = """\
MemTotal:       16384000 kB
MemFree:          200000 kB
MemAvailable:   12288000 kB
HugePages_Total:       0
"""
DISKSTATS = """\
   7       0 loop0 9 0 9 0 9 0 9 0 0 0 0
 252       0 zram0 9 0 9 0 9 0 9 0 0 0 0
   8       0 sda 100 5 2000 40 50 6 1000 30 0 20 70 0 0 0 0
   8       1 sda1 90 5 1800 40 50 6 1000 30 0 20 70
   8      16 sdaa 1 0 8 0 2 0 16 0 0 0 0
 259       0 nvme0n1 10 0 80 0 20 0 160 0 0 0 0
 259       1 nvme0n1p1 10 0 80 0 20 0 160 0 0 0 0
 259       9 nvme0n10 1000 0 8000 0 2000 0 16000 0 0 0 0
 179       0 mmcblk0 3 0 1 0 4 0 2 0 0 0 0
 179       1 mmcblk0p12 3 0 1 0 4 0 2 0 0 0 0
 253       0 dm-0 100 5 2000 40 50 6 1000 30 0 20 70
   9     127 md127 100 5 2000 40 50 6 1000 30 0 20 70
"""
INTERFACES = """\
Inter-|   Receive                                                |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo: 1367321 11282846 0 0 0 0 0 0 1367321 11282846 0 0 0 0 0 0
  eth0:4000 137931    0    0    0     0          0         0  700 89558    0    0    0     0       0          0
  eth1: 300 9    0    0    0     0          0         0  20 9    0    0    0     0       0          0
veth12: 2030106 7688 0 0 0 0 0 23 12658456 7677 0 0 0 0 0 0
"""
ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
veth12	0000C80A	00000000	0001	0	0	0	00FFFFFF	0	0	0
veth12	00000000	00000000	0001	0	0	0	00000080	0	0	0
"""
NOWHERE = "0" * 32
IPV6_ROUTES = f"""\
{NOWHERE} 00 {NOWHERE} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth1
{NOWHERE} 00 {NOWHERE} 00 {NOWHERE} ffffffff 00000001 00000000 00200200       lo
fe800000000000000000000000000000 40 {NOWHERE} 00 {NOWHERE} 00000100 00000001 00000000 00000001   veth12
"""


def test_a_host() -> None:
    texts = Texts(STAT, MEMINFO, DISKSTATS, INTERFACES, ROUTES, "")
    assert measure(texts, FileSystem(300.0, 700.0), ticks_per_second=100) == Reading(
        cpu_busy_seconds=18.0,
        cpu_seconds=60.0,
        memory_used_bytes=4096000.0 * 1024,
        disk_used_bytes=300.0,
        disk_available_bytes=700.0,
        disk_read_bytes=(2000.0 + 8 + 80 + 8000 + 1) * 512,
        disk_written_bytes=(1000.0 + 16 + 160 + 16000 + 2) * 512,
        disk_reads=1114.0,
        disk_writes=2076.0,
        network_received_bytes=4000.0,
        network_sent_bytes=700.0,
    )


def test_nothing_to_read_is_nothing_known() -> None:
    assert measure(Texts(), None, 100) == Reading()


@pytest.mark.parametrize(
    ("routes", "ipv6_routes", "received"),
    [
        (ROUTES, IPV6_ROUTES, 4300.0),
        ("", IPV6_ROUTES, 300.0),
        ("", "", None),
        (ROUTES.replace("eth0", "gone"), "", None),
    ],
    ids=["both", "IPv6 only", "no way out", "an interface that went"],
)
def test_traffic_is_that_of_the_ways_out(routes: str, ipv6_routes: str, received: float | None) -> None:
    texts = Texts(interfaces=INTERFACES, routes=routes, ipv6_routes=ipv6_routes)
    assert measure(texts, None, 100).network_received_bytes == received


@pytest.mark.parametrize("texts", [Texts(stat=STAT.replace("300", "x")), Texts(meminfo="MemTotal: x\nMemAvailable: 1")])
def test_what_is_no_number_is_refused(texts: Texts) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        measure(texts, None, 100)
