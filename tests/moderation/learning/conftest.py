from collections.abc import Iterator

import pytest

from moderation.filter import head_versions


@pytest.fixture(autouse=True)
def _forget_the_heads() -> Iterator[None]:
    """A process keeps them for seconds, and a test's versions end with it."""
    head_versions.forget()
    yield
    head_versions.forget()
