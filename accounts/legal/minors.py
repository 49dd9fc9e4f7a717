"""What the site keeps of people under 18, for a compliance audit: counts, without names and words (compliance CN7)."""

from collections import Counter
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.personal_data import my_data, privacy
from accounts.sign_in import ages

_CHILD = 14  # younger than this, a guardian's consent is needed (China, Interim Measures, art. 17)


def audit() -> dict[str, Any]:
    """The accounts of people under 18: their number of rows of each kind, and why and how long each kind is kept."""
    today = timezone.localdate()
    known = User.objects.exclude(birth_date=None).order_by("pk")
    minors = [user for user in known.iterator() if ages.is_minor(user)]
    return {
        "made_at": timezone.now().isoformat(),
        "youngest_age_admitted": settings.MINIMUM_AGE,
        "accounts": [_of(user, today) for user in minors],
        "under_14": sum(_age(user, today) < _CHILD for user in minors),
        "kinds_of_data": {row.key: _kept(row) for row in privacy.rows()},
    }


def _of(user: User, today: date) -> dict[str, Any]:
    return {"account": user.pk, "age": _age(user, today), "rows": dict(sorted(_rows_of(user).items()))}


def _age(user: User, today: date) -> int:
    assert user.birth_date is not None
    return ages.age(user.birth_date, on=today)


def _rows_of(user: User) -> Counter[str]:
    """How many rows each list of the person's export has."""
    counts: Counter[str] = Counter()
    for room, content in my_data.contents(user):
        _count(content, room, counts)
    return counts


def _count(value: Any, name: str, counts: Counter[str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _count(inner, f"{name.split('.')[0]}.{key}", counts)
    elif isinstance(value, list | tuple) and all(isinstance(inner, dict) for inner in value):
        counts[name] += len(value)
        for inner in value:
            _count(inner, name, counts)


def _kept(row: privacy.Row) -> dict[str, str]:
    words = row.texts["en"]
    return {"purpose": words.purpose, "ground": words.basis, "kept": words.kept, "seen_by": words.seen_by}
