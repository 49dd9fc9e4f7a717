"""The cast and the real parts that tests share."""

import os
from pathlib import Path

import pytest

from accounts.models import Role, User
from tests import factories

SHARED_DATA = Path(os.environ.get("SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


@pytest.fixture
def alice(db: None) -> User:
    """Owns what a test makes."""
    return factories.make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Another person, who must see nothing of alice's."""
    return factories.make_user("bob")


@pytest.fixture
def mina(db: None) -> User:
    """A moderator."""
    return factories.make_user("mina", role=Role.MODERATOR)


@pytest.fixture
def olga(db: None) -> User:
    """The owner, who operates the site."""
    return factories.make_user("olga", role=Role.OWNER)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real letters, exports, cards and labelled texts, which are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is not here; it lies beside a checkout, or where SHARED_DATA says.")
    return SHARED_DATA
