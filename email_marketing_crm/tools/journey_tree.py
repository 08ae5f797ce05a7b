"""The shape of a journey: a tree of steps.

Each step has one parent and is reached by one edge of it: the outcome of the parent
under which people go on to the step. Which edges a step has depends on its kind: most
have `next`, a wait for an event has `yes` and `no`, an end has none. Each edge leads to
at most one step, so that a person stands in one place at a time.

The functions here look at bare nodes; the words for what is wrong belong to the model.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

#: Outcomes under which a step follows, in the order in which branches are shown.
EDGES = ("next", "yes", "no")


class Node(NamedTuple):
    """A step as the tree needs it; `parent_id` and `edge` are None for the first."""

    id: int
    parent_id: int | None
    edge: str | None
    kind: str


class Place(NamedTuple):
    """Where a node is shown: its id and how deep it is indented."""

    id: int
    level: int


class Problem(NamedTuple):
    """What is wrong with a tree; `node_id` is None where it concerns all of it."""

    code: str
    node_id: int | None


def _get_children(nodes: Iterable[Node]) -> dict[int | None, list[Node]]:
    children: dict[int | None, list[Node]] = {}
    rank = {edge: position for position, edge in enumerate(EDGES)}
    for node in sorted(nodes, key=lambda n: (rank.get(n.edge or "", len(rank)), n.id)):
        children.setdefault(node.parent_id, []).append(node)
    return children


def order_nodes(nodes: Iterable[Node]) -> list[Place]:
    """The nodes in the order of reading: each before what follows it, yes before no.

    A branch is indented, what simply comes next is not. Nodes that cannot be reached
    from a first step (a cycle) come last, not indented, so that nothing disappears.
    """
    nodes = list(nodes)
    children = _get_children(nodes)
    places: list[Place] = []
    stack = [(node, 0) for node in reversed(children.get(None, []))]
    while stack:
        node, level = stack.pop()
        places.append(Place(node.id, level))
        stack.extend(
            (child, level if child.edge == "next" else level + 1)
            for child in reversed(children.get(node.id, []))
        )
    reached = {place.id for place in places}
    places.extend(Place(node.id, 0) for node in nodes if node.id not in reached)
    return places


def find_problems(
    nodes: Iterable[Node], edges_by_kind: Mapping[str, tuple[str, ...]]
) -> list[Problem]:
    """What makes the tree unfit to run, in the order of reading.

    Codes: `empty` (no step at all), `several_first` (a second step without a parent),
    `unreachable` (a cycle), `wrong_edge` (the parent has no such edge; an end has
    none), `edge_taken` (two steps on one edge), `no_branch` (a step with several edges
    and nothing on any of them).
    """
    nodes = list(nodes)
    if not nodes:
        return [Problem("empty", None)]
    by_id = {node.id: node for node in nodes}
    order = {place.id: rank for rank, place in enumerate(order_nodes(nodes))}
    reached = _get_reached(nodes)
    problems = []
    seen: set[tuple[int | None, str | None]] = set()
    degree = Counter(node.parent_id for node in nodes)
    for node in sorted(nodes, key=lambda n: order[n.id]):
        parent = by_id.get(node.parent_id) if node.parent_id else None
        if node.id not in reached:
            problems.append(Problem("unreachable", node.id))
            continue
        slot = (node.parent_id, node.edge if parent else None)
        if slot in seen:
            code = "edge_taken" if parent else "several_first"
            problems.append(Problem(code, node.id))
        seen.add(slot)
        if parent and node.edge not in edges_by_kind[parent.kind]:
            problems.append(Problem("wrong_edge", node.id))
        if len(edges_by_kind[node.kind]) > 1 and not degree[node.id]:
            problems.append(Problem("no_branch", node.id))
    return problems


def _get_reached(nodes: list[Node]) -> set[int]:
    children = _get_children(nodes)
    reached: set[int] = set()
    stack = list(children.get(None, []))
    while stack:
        node = stack.pop()
        reached.add(node.id)
        stack.extend(children.get(node.id, []))
    return reached


def find_ancestor(nodes: Iterable[Node], node_id: int, kind: str) -> int | None:
    """Id of the nearest step of a kind on the way from `node_id` to the first step."""
    by_id = {node.id: node for node in nodes}
    seen = {node_id}
    current = by_id[node_id].parent_id
    while current and current in by_id and current not in seen:
        seen.add(current)
        if by_id[current].kind == kind:
            return current
        current = by_id[current].parent_id
    return None


def is_ancestor(nodes: Iterable[Node], ancestor_id: int, node_id: int) -> bool:
    """Whether `ancestor_id` lies on the way from `node_id` to the first step."""
    parents = {node.id: node.parent_id for node in nodes}
    seen: set[int] = set()
    current = parents.get(node_id)
    while current and current not in seen:
        if current == ancestor_id:
            return True
        seen.add(current)
        current = parents.get(current)
    return False
