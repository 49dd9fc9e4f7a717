"""The message tree of one conversation, read without a database.

Every function takes the conversation's messages as `{id: parent id}` in order of creation. The later of two siblings
is the newer one.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

Tree = Mapping[UUID, UUID | None]


@dataclass(frozen=True)
class Branch:
    """A line of the drawing of a tree: the messages from `first` down to `leaf`."""

    first: UUID
    leaf: UUID
    length: int  # messages
    depth: int  # 0 for the read branch, 1 for those that leave it, and so on


def path(tree: Tree, head: UUID | None) -> list[UUID]:
    """The ids from the first message down to `head`; empty if there is no head."""
    ids = []
    while head is not None:
        ids.append(head)
        head = tree[head]
    return ids[::-1]


def siblings(tree: Tree, message: UUID) -> list[UUID]:
    """The messages with the same parent, this one included, oldest first."""
    parent = tree[message]
    return [other for other, other_parent in tree.items() if other_parent == parent]


def newest_leaf(tree: Tree, message: UUID) -> UUID:
    """The last message below `message`, along the newest branch at each fork."""
    newest_child = {parent: child for child, parent in tree.items() if parent is not None}
    while message in newest_child:
        message = newest_child[message]
    return message


def below(tree: Tree, message: UUID) -> list[UUID]:
    """The message and all messages below it."""
    children = children_of(tree)
    ids = [message]
    for each in ids:
        ids += children[each]
    return ids


def named_at(tree: Tree, head: UUID | None) -> UUID | None:
    """The message that holds the name of the branch down to `head`: the last one that has siblings, or the first."""
    children = children_of(tree)
    ids = path(tree, head)
    return next((each for each in reversed(ids) if len(children[tree[each]]) > 1), ids[0] if ids else None)


def outline(tree: Tree, head: UUID | None) -> list[Branch]:
    """Every branch once. The read branch comes first, and each branch is followed by those that leave it.

    A branch that is not read runs down to its newest leaf.
    """
    children = children_of(tree)
    lines = []
    waiting = [(path(tree, head), 0)] if head else [(_down(children, root), 0) for root in reversed(children[None])]
    while waiting:
        line, depth = waiting.pop()
        lines.append(Branch(line[0], line[-1], len(line), depth))
        # The siblings of a line's first message leave the line above it. The read branch has none above it.
        forks = [tree[each] for each in line[1 if depth or not head else 0 :]]
        taken = set(line)
        sides = [child for fork in [*forks, line[-1]] for child in children[fork] if child not in taken]
        waiting += [(_down(children, side), depth + 1) for side in reversed(sides)]
    return lines


def _down(children: Mapping[UUID | None, list[UUID]], message: UUID) -> list[UUID]:
    """The message and those below it, along the newest branch at each fork."""
    line = [message]
    while children[line[-1]]:
        line.append(children[line[-1]][-1])
    return line


def children_of(tree: Tree) -> defaultdict[UUID | None, list[UUID]]:
    """The messages below each message, oldest first; under None, those at the beginning."""
    children: defaultdict[UUID | None, list[UUID]] = defaultdict(list)
    for child, parent in tree.items():
        children[parent].append(child)
    return children
