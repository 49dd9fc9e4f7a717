"""`manage.py train_conversation`."""

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (("--epochs", "0"), "from 1 to 1000"),
        (("--epochs", "2.5"), "from 1 to 1000"),
        (("--rate", "nan"), "more than 0 and at most 1"),
        (("--rate", "fast"), "more than 0 and at most 1"),
    ],
)
def test_an_option_that_cannot_be_is_told_before_any_work(option, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("train_conversation", "smollm2-135m", *option)
