"""Cases whose words teach the filter, and heads that judge otherwise than the shipped ones."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np

from accounts.models import User
from moderation.categories import Category
from moderation.filter.classifiers import linear, network
from moderation.filter.classifiers.heads import Head
from moderation.learning import versions
from moderation.learning.fitting import Fitted
from moderation.models import Action, ActionKind, HeadVersion
from moderation.talk import Turn
from tests.moderation.desk.material import decide, make_case

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def decided(user: User, moderator: User, text: str, *, is_broken: bool, category: str = "harassment") -> Action:
    """A decision about one message: it broke the rule that was found, or none."""
    turns = [Turn("user", text, uuid4(), START), Turn("persona", "I see.", uuid4(), START + timedelta(minutes=1))]
    case = make_case(user, turns=turns, category=category)
    if is_broken:
        return decide(case, moderator, ActionKind.WARN, labels=[category])
    return decide(case, moderator, ActionKind.DISMISS)


def fitted(*, offset: float, category: Category = Category.HARASSMENT) -> Fitted:
    """The shipped heads, with this added to every logit of one category."""
    heads = {}
    for language in network.LANGUAGES:
        shipped = linear.network_of(network.WEIGHTS[language]).head
        bias = shipped.bias.copy()
        bias[list(Category).index(category)] += np.float32(offset)
        heads[language] = Head(shipped.weight, bias)
    return Fitted(heads, {str(category): 12})


def stored(*, offset: float) -> HeadVersion:
    return versions.store(fitted(offset=offset))
