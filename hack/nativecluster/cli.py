"""The command line: what can be said to `hack/cluster`, and how answers and failures are shown."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from . import binaries, images, machine_controller, node, operations, packages, state, volumes
from .layout import Instance
from .operations import NodeWish
from .progress import ClusterError, say


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 if not, 2 for a command line that makes no sense."""
    options = _parser().parse_args(argv)
    packages.extend_path()
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command continues from here, `hack/cluster down` clears up", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hack/cluster", description="A Kubernetes cluster as plain processes of this machine."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        sub.add_argument(
            "--name",
            default=os.environ.get("MILLPOND_CLUSTER", "millpond"),
            help="which cluster (default: %(default)s)",
        )
        return sub

    def wish(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--node-labels", default="", metavar="K=V,…", help="labels of the new nodes")
        sub.add_argument("--node-cpu", default="", metavar="CORES", help="what each new node offers (default: all)")
        sub.add_argument(
            "--node-memory", default="", metavar="SIZE", help="what each new node offers, as 2Gi (default: all)"
        )

    up = add("up", _up, "bring the cluster up, or verify and mend it; prints the kubeconfig's path")
    up.add_argument("--nodes", type=_count, metavar="N", help="at least so many nodes (a new cluster: 3)")
    up.add_argument("--no-kubelets", action="store_true", help="control plane only (simulated nodes can be added)")
    wish(up)
    add("down", _down, "take the cluster down and remove everything it made")
    add("status", _status, "show each part; exit status 1 if one is not well")
    new = add("add-node", _add_node, "add a node, or simulated ones; prints the names")
    new.add_argument(
        "--simulated", nargs="?", type=_count, const=1, default=0, metavar="COUNT", help="simulated nodes (default: 1)"
    )
    new.add_argument(
        "--task-seconds", type=float, metavar="S", help="how long pods that end take on simulated nodes (first: 1)"
    )
    wish(new)
    add("remove-node", _remove_node, "remove a node and what runs on it").add_argument("node", metavar="NODE")
    machines = add("machines", _machines, "MachineDeployments as Cluster API's, whose Machines are real nodes")
    machines.add_argument(
        "what", choices=("up", "down", "run"), help="install and start, remove all, or be the process that serves them"
    )
    supply = add("volumes", _volumes, f"free volumes of class {volumes.CLASS} on each node; prints their names")
    supply.add_argument("--each", type=_count, default=2, metavar="N", help="how many on each (default: %(default)s)")
    add("kubeconfig", _kubeconfig, "print the path of the administrator's kubeconfig")
    add("load-image", _load_image, "load images into every node, present and to come").add_argument(
        "images",
        nargs="+",
        metavar="FILE|IMAGE",
        help="an OCI or Docker archive, or an image that buildah or docker has",
    )
    add("test-image", _test_image, f"build the image {images.BUSYBOX_IMAGE}; prints the archive's path")
    build = add("build", _build, "build the programs into the cache; prints their folder")
    build.add_argument(
        "programs", nargs="*", metavar="PROGRAM", help=f"of: {', '.join(binaries.PACKAGES)} (default: all)"
    )
    build.add_argument("--no-kubelets", action="store_true", help="all but what only real nodes need")
    add("list", _list, "list the clusters of this machine")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _instance(options: argparse.Namespace) -> Instance:
    return Instance.named(options.name)


def _wish(options: argparse.Namespace) -> NodeWish:
    return NodeWish(options.node_labels, options.node_cpu, options.node_memory)


def _up(options: argparse.Namespace) -> int:
    instance = _instance(options)
    record = operations.up(instance, options.nodes, kubelets=not options.no_kubelets, wish=_wish(options))
    say(f"cluster {record.name} is up: {len(record.nodes)} nodes Ready")
    print(instance.kubeconfig)
    return 0


def _down(options: argparse.Namespace) -> int:
    if not operations.down(_instance(options)):
        say(f"there is no cluster {options.name}: nothing to do")
    return 0


def _status(options: argparse.Namespace) -> int:
    return 0 if operations.status(_instance(options)) else 1


def _add_node(options: argparse.Namespace) -> int:
    instance = _instance(options)
    if options.simulated:
        print("\n".join(operations.add_simulated(instance, options.simulated, _wish(options), options.task_seconds)))
    else:
        print("\n".join(operations.add_nodes(instance, [_wish(options)])))
    return 0


def _remove_node(options: argparse.Namespace) -> int:
    operations.remove_node(_instance(options), options.node)
    node.clear(_instance(options))
    return 0


def _machines(options: argparse.Namespace) -> int:
    serve = {"up": machine_controller.install, "down": machine_controller.remove, "run": machine_controller.run}
    serve[options.what](_instance(options))
    return 0


def _volumes(options: argparse.Namespace) -> int:
    print("\n".join(volumes.supply(_instance(options), options.each)))
    return 0


def _kubeconfig(options: argparse.Namespace) -> int:
    instance = _instance(options)
    state.existing(instance)
    print(instance.kubeconfig)
    return 0


def _load_image(options: argparse.Namespace) -> int:
    operations.load_images(_instance(options), options.images)
    return 0


def _test_image(_: argparse.Namespace) -> int:
    print(images.busybox())
    return 0


def _build(options: argparse.Namespace) -> int:
    unknown = sorted(set(options.programs) - set(binaries.PACKAGES))
    if unknown:
        raise ClusterError(f"unknown programs: {', '.join(unknown)}; known: {', '.join(binaries.PACKAGES)}")
    names = options.programs or [
        name for name in binaries.PACKAGES if not (options.no_kubelets and name in binaries.NODES)
    ]
    print(binaries.ensure(names))
    return 0


def _list(_: argparse.Namespace) -> int:
    for name in state.every_instance():
        record = state.existing(Instance.named(name))
        print(f"{name}\t{record.plan.api_url}\t{len(record.nodes)} nodes")
    return 0
