"""The message tree of one conversation, read without a database.

Every function takes the conversation's messages as `{id: parent id}` in order of creation. The later of two siblings
is the newer one.
"""

from collections.abc import Mapping
from uuid import UUID

Tree = Mapping[UUID, UUID | None]


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
