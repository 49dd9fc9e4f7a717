from uuid import uuid4

from chat.conversation import branches

FIRST, A1, A2, B1, B2 = (uuid4() for _ in range(5))
# FIRST ─┬─ A1 ── B1
#        └─ A2 ── B2      (in order of creation)
TREE = {FIRST: None, A1: FIRST, B1: A1, A2: FIRST, B2: A2}


def test_path_reads_from_the_first_message_down_to_the_head():
    assert branches.path(TREE, B1) == [FIRST, A1, B1]


def test_path_of_no_head_is_empty():
    assert branches.path(TREE, None) == []


def test_siblings_stand_under_the_same_parent_oldest_first():
    assert branches.siblings(TREE, A2) == [A1, A2]
    assert branches.siblings(TREE, FIRST) == [FIRST]


def test_newest_leaf_takes_the_newest_branch_down():
    assert branches.newest_leaf(TREE, FIRST) == B2
    assert branches.newest_leaf(TREE, A1) == B1
    assert branches.newest_leaf(TREE, B2) == B2


def test_the_outline_of_a_tree_that_somebody_made_deep_takes_linear_time():
    """Each message has a sibling, and every branch leaves the one before it."""
    tree, above = {}, None
    for _ in range(3000):
        left, right = uuid4(), uuid4()
        tree |= {left: above, right: above}
        above = left
    lines = branches.outline(tree, None)
    assert sum(line.length for line in lines) == len(tree)
    assert {message for line in lines for message in (line.first, line.leaf)} <= set(tree)


def test_what_is_below_a_message():
    assert branches.below(TREE, A1) == [A1, B1]
    assert branches.named_at(TREE, B1) == A1
    assert branches.named_at({FIRST: None}, FIRST) == FIRST
