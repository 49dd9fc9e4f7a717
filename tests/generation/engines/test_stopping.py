from generation.engines.batching.stopping import StopStrings


def shown(stops: tuple[str, ...], pieces: list[str]) -> tuple[str, bool]:
    watch = StopStrings(stops)
    text = "".join(watch.push(piece) for piece in pieces)
    return text + watch.finish(), watch.found


def test_a_stop_string_ends_the_text_wherever_it_is_cut() -> None:
    for cut in range(1, 6):
        whole = "Good evening.\nYou: hm"
        pieces = [whole[i : i + cut] for i in range(0, len(whole), cut)]
        assert shown(("\nYou:",), pieces) == ("Good evening.", True)


def test_its_beginning_is_held_back_until_it_is_something_else() -> None:
    watch = StopStrings(("\nYou:",))
    assert watch.push("Hello.\nYo") == "Hello."
    assert watch.push("nder") == "\nYonder"
    assert not watch.found


def test_what_was_held_back_at_the_end_is_shown() -> None:
    assert shown(("\nYou:",), ["Hello.", "\nYou"]) == ("Hello.\nYou", False)


def test_the_earliest_of_several_wins() -> None:
    assert shown(("three", "two"), ["one two three"]) == ("one ", True)


def test_an_empty_stop_string_stops_nothing() -> None:
    assert shown(("",), ["one", " two"]) == ("one two", False)
