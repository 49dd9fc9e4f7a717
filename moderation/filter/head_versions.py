"""Which heads judge now, and which are tried in shadow. A process learns of a change within seconds."""

from dataclasses import dataclass

from safetensors import SafetensorError

from moderation.filter.classifiers.base import ClassifierUnavailable
from moderation.filter.classifiers.heads import Heads
from moderation.filter.rereading import Reread
from moderation.models import HeadState, HeadVersion


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


def _read(last: _InForce | None) -> _InForce:
    """The weights are read again only if other versions than those of `last` are in force."""
    rows = HeadVersion.objects.filter(state__in=[HeadState.ACTIVE, HeadState.TRIAL]).order_by("pk")
    keys = tuple(rows.values_list("pk", "state"))
    if last and last.keys == keys:
        return last
    heads = {row.state: heads_of(row) for row in rows}
    return _InForce(keys, heads.get(HeadState.ACTIVE), heads.get(HeadState.TRIAL))


_in_force = Reread(_read)
forget = _in_force.forget
