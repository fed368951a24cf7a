import threading
from dataclasses import asdict

import pytest
from nativecluster import state
from nativecluster.layout import MAX_NODES, SLOTS, Instance
from nativecluster.progress import ClusterError
from nativecluster.state import ClusterRecord


@pytest.fixture
def instance(tmp_path):
    return Instance("one", tmp_path / "one")


def test_a_record_is_read_as_it_was_written(instance):
    record = ClusterRecord("one", 4, kubelets=True, simulated=True, task_seconds=2.5)
    record.add_node("zone=a", "1", "2Gi")
    state.save(instance, record)
    assert state.load(instance) == record
    assert [path.name for path in instance.root.iterdir()] == ["cluster.json"]


def test_an_instance_without_a_record_is_none_and_says_how_to_make_it(instance):
    assert state.load(instance) is None
    with pytest.raises(ClusterError, match="hack/cluster up --name one"):
        state.existing(instance)


def test_a_removed_nodes_number_is_used_again():
    record = ClusterRecord("one", 0)
    names = [record.add_node().name for _ in range(3)]
    record.nodes.remove(record.node("node-2"))
    assert names == ["node-1", "node-2", "node-3"]
    assert record.add_node().name == "node-2"
    assert record.add_node().name == "node-4"


def test_too_many_nodes_are_refused():
    record = ClusterRecord("one", 0)
    for _ in range(MAX_NODES):
        record.add_node()
    before = asdict(record)
    with pytest.raises(ClusterError, match="which is the most"):
        record.add_node()
    assert asdict(record) == before


SLOT_CASES = {
    "the first": (set(), [], 0),
    "the first that no instance has": ({0, 1, 3}, [], 2),
    "none that the machine routes": ({0}, ["10.201.7.0/24", "192.168.0.0/16"], 2),
    "one address is enough": (set(), ["10.200.0.1"], 1),
    "version 6 is no hindrance": (set(), ["fd00::/64"], 0),
}


@pytest.mark.parametrize(("taken", "networks", "expected"), SLOT_CASES.values(), ids=SLOT_CASES)
def test_a_new_instance_gets_a_free_slot(taken, networks, expected):
    assert state.free_slot(taken, networks) == expected


@pytest.mark.parametrize(("taken", "networks"), [(set(range(SLOTS)), []), (set(), ["10.0.0.0/8"])])
def test_no_free_slot_is_said(taken, networks):
    with pytest.raises(ClusterError, match="no free address range"):
        state.free_slot(taken, networks)


def test_a_lock_that_its_holder_removed_still_keeps_others_apart(tmp_path):
    path, order = tmp_path / "lock", []
    entered, leave = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]

    def enter(number):
        with state.locked(path, "it"):
            order.append(f"{number} enters")
            entered[number].set()
            assert leave[number].wait(20)
            order.append(f"{number} leaves")
            path.unlink()

    people = [threading.Thread(target=enter, args=(number,)) for number in (0, 1)]
    people[0].start()
    assert entered[0].wait(20)
    people[1].start()
    leave[1].set()
    assert not entered[1].wait(0.1)
    leave[0].set()
    for person in people:
        person.join(20)
    assert order == ["0 enters", "0 leaves", "1 enters", "1 leaves"]
    assert not path.exists()
