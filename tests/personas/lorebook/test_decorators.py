from personas.lorebook import decorators


def test_the_lines_at_the_head_are_rules_and_the_rest_is_the_text():
    read = decorators.read("@@depth 3\n@@activate_only_after 2\n\nThe gate is shut.\nIt has been for years.")
    assert read.rules == {"depth": "3", "activate_only_after": "2"}
    assert read.text == "The gate is shut.\nIt has been for years."


def test_a_decorator_within_the_text_is_text():
    assert decorators.read("The gate.\n@@depth 3").rules == {}
    assert decorators.read("The gate.\n@@depth 3").text == "The gate.\n@@depth 3"


def test_the_first_of_two_decorators_with_one_name_counts():
    assert decorators.read("@@depth 1\n@@depth 5\nText").rules == {"depth": "1"}


def test_a_fallback_takes_the_place_of_what_is_not_followed():
    read = decorators.read("@@risu_only 4\n@@@agn_only 4\n@@@activate_only_every 4\nText")
    assert read.rules == {"activate_only_every": "4"}
    assert read.unknown == ("risu_only", "agn_only")


def test_a_fallback_of_what_is_followed_is_passed_over():
    assert decorators.read("@@depth 5\n@@@scan_depth 5\nText").rules == {"depth": "5"}


def test_a_value_that_is_not_valid_is_passed_over():
    assert decorators.read("@@depth soon\n@@activate_only_every 0\n@@position somewhere\nText").rules == {}


def test_lists_are_split_at_commas():
    assert decorators.words(decorators.read("@@additional_keys a, b ,,c\nText").rules["additional_keys"]) == (
        "a",
        "b",
        "c",
    )
