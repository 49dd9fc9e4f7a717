"""Puts the messages of a file into the order in which they were written. Some exports begin with the newest."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.utils.translation import gettext

from personas.importers.base import FileTooLarge, Record, Utterance

MOST = 1_000_000  # messages that are held at once; a page of Messenger has 10,000
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def in_order(records: Iterable[Record]) -> Iterator[Record]:
    """Skips and remarks at once, then the utterances in order of time. Raises FileTooLarge.

    Utterances of one second keep the file's order, or its reverse if the file begins with the newest. An utterance
    without a time stays behind the one before it.
    """
    messages: list[Utterance] = []
    for record in records:
        if not isinstance(record, Utterance):
            yield record
            continue
        messages.append(record)
        if len(messages) > MOST:
            raise FileTooLarge(
                gettext("This file holds more than %(most)s messages, which is the limit. Split it.")
                % {"most": f"{MOST:,}"}
            )
    times = [message.sent_at for message in messages if message.sent_at is not None]
    if times and times[0] > times[-1]:
        messages.reverse()
    moments: list[datetime] = []
    for message in messages:
        moments.append(message.sent_at or (moments[-1] if moments else _BEFORE_ALL))
    yield from (messages[place] for place in sorted(range(len(messages)), key=moments.__getitem__))
