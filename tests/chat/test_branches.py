from uuid import uuid4

from chat import branches

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
