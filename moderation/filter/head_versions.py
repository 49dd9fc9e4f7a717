"""Which heads judge now, and which are tried in shadow. A process learns of a change within seconds.

Heads can only read the networks that they were fitted on. After an update brings other networks, the shipped heads
judge until new ones are made.
"""

import logging
from dataclasses import dataclass

from safetensors import SafetensorError

from moderation.categories import ClassifierUnavailable
from moderation.filter.classifiers import linear
from moderation.filter.classifiers.heads import Heads
from moderation.filter.rereading import Reread
from moderation.models import HeadState, HeadVersion

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _InForce:
    keys: tuple[tuple[int, str], ...]
    active: Heads | None
    trial: Heads | None


def active() -> Heads | None:
    """The heads that decisions taught, or None for the shipped ones. Raises ClassifierUnavailable."""
    return _in_force.value().active


def on_trial() -> Heads | None:
    """The heads that are tried in shadow. Raises ClassifierUnavailable."""
    return _in_force.value().trial


def heads_of(row: HeadVersion) -> Heads:
    """Raises ClassifierUnavailable."""
    try:
        return Heads.from_bytes(row.version, bytes(row.weights))
    except (SafetensorError, KeyError) as error:
        raise ClassifierUnavailable(f"The weights of version {row.version} cannot be read: {error}.") from error


def fits(row: HeadVersion) -> bool:
    """Whether heads can read the networks that the site ships. Raises ClassifierUnavailable."""
    return bool(row.networks == linear.network_versions())


def _read(last: _InForce | None) -> _InForce:
    """The weights are read again only if other versions than those of `last` are in force."""
    rows = HeadVersion.objects.filter(state__in=[HeadState.ACTIVE, HeadState.TRIAL]).order_by("pk")
    keys = tuple(rows.values_list("pk", "state"))
    if last and last.keys == keys:
        return last
    heads = {}
    for row in rows:
        if fits(row):
            heads[row.state] = heads_of(row)
        else:
            _log.warning("Version %s of the heads was made for other networks, so it does not judge.", row.version)
    return _InForce(keys, heads.get(HeadState.ACTIVE), heads.get(HeadState.TRIAL))


_in_force = Reread(_read)
forget = _in_force.forget
