"""Which entries a talk calls for, by the rules of Character Card V2 and V3 and of SillyTavern."""

import pytest

from personas.lorebook import book, triggering
from tests import timing

TALK = [("persona", "Good evening."), ("user", "I rode past Pemberley."), ("persona", "Did you?"), ("user", "I did.")]


def card(*entries, **fields):
    return {"spec": "chara_card_v3", "data": {"character_book": {"entries": list(entries), **fields}}}


def entry(content="The house is old.", keys=("Pemberley",), **fields):
    return {
        "keys": list(keys),
        "content": content,
        "enabled": True,
        "insertion_order": 10,
        "use_regex": False,
        **fields,
    }


def triggered(*entries, talk=TALK, greetings=(), count=len, limit=10_000, **fields):
    return triggering.triggered(
        book.read(card(*entries, **fields)), talk, greetings=greetings, count=count, limit=limit
    )


def texts(*entries, **more):
    return [each.text for each in triggered(*entries, **more).entries]


def test_a_key_in_a_recent_message_calls_for_its_entry_and_the_trace_says_so():
    result = triggered(entry(name="The house"))
    assert [each.text for each in result.entries] == ["The house is old."]
    assert result.trace == ("“The house” is in: the message 2 before the newest holds “Pemberley”.",)


def test_an_entry_without_its_key_is_out_and_says_nothing():
    assert triggered(entry(keys=["Rosings"])) == triggering.Triggered()


@pytest.mark.parametrize(
    ("fields", "is_in"),
    [
        ({"enabled": False, "constant": True}, False),
        ({"content": ""}, False),
        ({"keys": ["pemberley"]}, True),
        ({"keys": ["pemberley"], "case_sensitive": True}, False),
        ({"keys": ["Pember"]}, True),
        ({"keys": ["Pember"], "extensions": {"match_whole_words": True}}, False),
        ({"keys": [], "constant": True}, True),
        ({"keys": ["Pemberley"], "selective": True, "secondary_keys": ["rode"]}, True),
        ({"keys": ["Pemberley"], "selective": True, "secondary_keys": ["sailed"]}, False),
        ({"keys": ["Pemberley"], "selective": False, "secondary_keys": ["sailed"]}, True),
        ({"keys": ["Pemberley"], "selective": True, "secondary_keys": []}, True),
    ],
)
def test_keys(fields, is_in):
    assert bool(texts(entry(**fields))) == is_in


@pytest.mark.parametrize(
    ("logic", "secondary", "is_in"),
    [
        (0, ["rode", "sailed"], True),
        (1, ["rode", "sailed"], True),
        (1, ["rode", "past"], False),
        (2, ["sailed"], True),
        (2, ["rode", "sailed"], False),
        (3, ["rode", "past"], True),
        (3, ["rode", "sailed"], False),
    ],
)
def test_the_logic_of_secondary_keys(logic, secondary, is_in):
    extensions = {"selectiveLogic": logic}
    assert bool(texts(entry(selective=True, secondary_keys=secondary, extensions=extensions))) == is_in


def test_only_as_many_messages_are_searched_as_the_card_says():
    assert not texts(entry(), scan_depth=2)
    assert texts(entry(), scan_depth=3)
    assert texts(entry(content="@@scan_depth 3\nThe house."), scan_depth=2) == ["The house."]
    assert texts(entry(extensions={"scan_depth": 3}), scan_depth=2)


@pytest.mark.parametrize(
    ("key", "is_in"),
    [
        (r"Pember(ley|ton)", True),
        (r"/pemberley/", False),
        (r"/pemberley/i", True),
        (r"^I did\.$", True),
        (r"[unclosed", False),
        (r"(?=Pemberley)", False),
        ("Pemberley", True),
    ],
)
def test_patterns(key, is_in):
    assert bool(texts(entry(keys=[key], use_regex=True))) == is_in


def test_a_pattern_that_cannot_be_searched_is_told():
    trace = triggered(entry(name="Gate", keys=["(?=x)"], use_regex=True)).trace
    assert trace == ("“Gate” cannot match “(?=x)”: RE2 does not know this pattern.",)


def test_constant_counts_for_an_entry_of_plain_words_that_says_use_regex():
    """As SillyTavern exports every entry."""
    assert texts(entry(keys=["Rosings"], use_regex=True, constant=True))
    assert not texts(entry(keys=["Ros(ings)?$"], use_regex=True, constant=True))


def test_entries_stand_in_their_order_of_insertion():
    entries = [
        entry("Last.", insertion_order=3),
        entry("First.", insertion_order=-1),
        entry("Middle.", insertion_order=2),
    ]
    assert texts(*entries) == ["First.", "Middle.", "Last."]


def test_the_budget_drops_the_lowest_priority_and_says_so():
    entries = [
        entry("aaaa", name="A", priority=1),
        entry("bbbb", name="B", priority=9),
        entry("cccc", name="C", priority=5),
    ]
    result = triggered(*entries, token_budget=10)
    assert [each.title for each in result.entries] == ["B", "C"]
    assert result.dropped == 1
    assert result.tokens == 10
    assert "“A” is out: the message 2 before the newest holds “Pemberley”, but the 10 tokens" in result.trace[-1]


def test_the_room_of_the_prompt_limits_it_too():
    assert texts(entry("aaaa", constant=True), limit=4) == []


def test_without_priorities_the_lowest_order_goes_first():
    assert texts(entry("aaaa", insertion_order=1), entry("bbbb", insertion_order=2), token_budget=5) == ["bbbb"]


def test_one_text_is_added_once():
    assert texts(entry("The same."), entry("The same.", keys=["rode"])) == ["The same."]


def test_entries_call_for_entries_only_where_the_book_says_so():
    chain = [
        entry("Mr. Darcy owns it."),
        entry("He has a sister.", keys=["Darcy"]),
        entry("Georgiana.", keys=["sister"]),
    ]
    assert texts(*chain) == ["Mr. Darcy owns it."]
    assert texts(*chain, recursive_scanning=False) == ["Mr. Darcy owns it."]
    result = triggered(*chain, recursive_scanning=True)
    assert [each.text for each in result.entries] == ["Mr. Darcy owns it.", "He has a sister.", "Georgiana."]
    assert result.trace[1].endswith("is in: an entry that is in holds “Darcy”.")


def test_recursion_ends():
    pair = [entry("one calls two", keys=["Pemberley", "two"]), entry("two calls one", keys=["one"])]
    assert len(texts(*pair, recursive_scanning=True)) == 2


def test_an_entry_may_stay_out_of_the_recursion():
    caller = entry("Darcy owns it.")
    assert (
        len(texts(caller, entry("x", keys=["Darcy"], extensions={"exclude_recursion": True}), recursive_scanning=True))
        == 1
    )
    silent = entry("Darcy owns it.", extensions={"prevent_recursion": True})
    assert len(texts(silent, entry("x", keys=["Darcy"]), recursive_scanning=True)) == 1


@pytest.mark.parametrize(
    ("content", "is_in"),
    [
        ("@@dont_activate\nx", False),
        ("@@dont_activate\n@@activate\nx", True),
        ("@@activate_only_after 2\nx", True),
        ("@@activate_only_after 3\nx", False),
        ("@@activate_only_every 2\nx", True),
        ("@@activate_only_every 3\nx", False),
        ("@@exclude_keys rode\nx", False),
        ("@@exclude_keys sailed\nx", True),
        ("@@is_greeting 0\nx", True),
        ("@@is_greeting 1\nx", False),
        ("@@unknown_rule\nx", True),
    ],
)
def test_decorators_say_when(content, is_in):
    assert bool(texts(entry(content), greetings=["Good evening.", "You again."])) == is_in


def test_additional_keys_count_like_keys():
    assert texts(entry("@@additional_keys Rosings, past\nx", keys=[])) == ["x"]


def test_an_entry_that_activates_in_any_case_needs_no_key():
    assert texts(entry("@@activate\nx", keys=["Rosings"])) == ["x"]


def test_what_matched_once_can_stay_or_be_over():
    talk = [("user", "Pemberley!"), *[("persona", "Yes."), ("user", "Go on.")] * 4]
    assert not texts(entry(), talk=talk)
    assert texts(entry("@@keep_activate_after_match\nx"), talk=talk) == ["x"]
    again = [*talk, ("persona", "Yes."), ("user", "Pemberley, then.")]
    assert texts(entry("x"), talk=again) == ["x"]
    assert not texts(entry("@@dont_activate_after_match\nx"), talk=again)


def test_a_held_back_entry_says_why():
    trace = triggered(entry("@@activate_only_after 5\nx", name="Later")).trace
    assert trace == ("“Later” is out: @@activate_only_after waits for 5 replies, and there are 2.",)


def test_hidden_keys_are_seen_by_other_entries_only():
    read = book.read(
        card(entry("He owns it.{{hidden_key:Darcy}}"), entry("A sister.", keys=["Darcy"]), recursive_scanning=True),
        fill=lambda text: text.split("{{")[0],
        fill_scanned=lambda text: text.replace("{{hidden_key:", " ").replace("}}", ""),
    )
    result = triggering.triggered(read, TALK, limit=1000)
    assert [each.text for each in result.entries] == ["He owns it.", "A sister."]


def test_fixed_entries_know_their_place_and_others_their_depth():
    read = book.read(
        card(
            entry("a", constant=True, position="before_char"),
            entry("b", constant=True, position="after_char"),
            entry("@@position scenario\nc", constant=True),
            entry("@@depth 3\nd", constant=True),
            entry("e", extensions={"position": 4, "depth": 2}),
            entry("f", position="before_char"),
        )
    )
    result = triggering.triggered(read, TALK, limit=1000)
    assert [result.fixed(place) for place in ("before", "after", "scenario")] == [["a"], ["b"], ["c"]]
    assert [(each.text, each.depth) for each in result.moving] == [("d", 3), ("e", 2), ("f", None)]


@pytest.mark.parametrize(
    "damaged",
    [
        {"data": {"character_book": []}},
        {"data": {"character_book": {"entries": "none"}}},
        {"data": {"character_book": {"entries": [3, None, {"keys": 3, "content": ["x"], "extensions": 4}]}}},
        {"data": {"character_book": {"entries": [{"keys": ["zz", 3], "content": "x", "insertion_order": "first"}]}}},
        {"data": "none"},
    ],
)
def test_a_damaged_book_says_nothing(damaged):
    assert not triggering.triggered(book.read(damaged), TALK, limit=1000).entries


@pytest.mark.parametrize(
    "book_of",
    [
        lambda: [entry(f"text {n}", keys=[f"key{n}{k}" for k in range(50)]) for n in range(2_000)],
        lambda: [entry("a" * 20_000, keys=["(a*)*b", "a+a+a+b", "/(.*)*x/"], use_regex=True)] * 300,
        lambda: [entry(f"call{n + 1}", keys=[f"call{n}"]) for n in range(1_000)],
    ],
)
def test_a_hostile_book_costs_less_than_a_second(book_of):
    talk = [("user", "call0 " + "a" * 8_000), *[("user", "a" * 8_000)] * 200]
    read = book.read(card(*book_of(), recursive_scanning=True, scan_depth=1000))
    assert timing.takes_at_most(1, lambda: triggering.triggered(read, talk, limit=1000))
