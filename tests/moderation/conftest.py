from collections.abc import Iterator

import pytest

from moderation.filter import policy


@pytest.fixture(autouse=True)
def _forget_the_policy() -> Iterator[None]:
    """A process keeps the policy for seconds, and a test's versions end with it."""
    policy.forget()
    yield
    policy.forget()
