"""The doors of a story: begin, describe, draw, take, write, divide, undo, delete.

Each raises `conversations.Refused` with a sentence for the person, and Http404. `HeldBack` is one of them: the filter
stopped a title, a premise or a summary; it carries `help`, the crisis resources, where they are needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.contacts import guardian_limits, guardians
from accounts.models import User
from accounts.usage import quotas
from chat.conversation import conversations, follow_up
from chat.conversation.conversations import Busy, ModerationDown, OverQuota, WrongState
from chat.models import NoticeKind
from generation.jobs.waiting_room import Full
from moderation import lone_texts, user_turns
from moderation.crisis import ladder
from moderation.crisis.notices import CrisisNotice
from moderation.filter import assessment
from moderation.monitor import counts
from moderation.monitor.watching import Talk
from moderation.user_turns import Ruling
from persona_site.redis import cancel_key, connection
from personas import creation
from personas.models import Persona
from stories import monitoring, prose, queueing
from stories.models import Author, Continuation, ContinuationStatus, Dial, Notice, Passage, Scene, Story
from text import cleaning

DRAWN = 3  # continuations that are offered side by side
_MOST_SCENES = 2_000


class HeldBack(conversations.Refused):
    code = "wrong_state"

    def __init__(self, detail: str, help: CrisisNotice | None) -> None:
        super().__init__(detail)
        self.help = help


def owned_by(user: User) -> QuerySet[Story]:
    return Story.objects.filter(owner=user).select_related("persona")


def get_story_for(user: User, story_id: UUID) -> Story:
    visible = owned_by(user).filter(owner__is_active=True).select_related("owner")
    return get_object_or_404(visible, pk=story_id)


def get_scene_for(user: User, scene_id: int) -> Scene:
    scenes = Scene.objects.select_related("story__owner", "story__persona")
    return get_object_or_404(scenes, pk=scene_id, story__owner=user, story__owner__is_active=True)


def get_continuation_for(user: User, continuation_id: UUID) -> Continuation:
    continuations = Continuation.objects.select_related("story__owner", "story__persona")
    return get_object_or_404(continuations, pk=continuation_id, story__owner=user, story__owner__is_active=True)


def begin(*, user: User, persona_id: UUID, title: str, premise: str) -> Story:
    persona = creation.get_persona_for(user, persona_id)
    place = _before_a_story(user, persona)
    conversations.refuse_silent(user, persona, conversation_id=place.conversation_id)
    _refuse_unfit(place, persona, title, premise)
    with transaction.atomic():
        with _over_quota():
            quotas.spend(user=user, kind="conversations")
        story = Story.objects.create(owner=user, persona=persona, title=title, premise=premise)
        story.scenes.create(begins_chapter=True)
    return story


def describe(*, user: User, story_id: UUID, title: str, premise: str) -> None:
    story = get_story_for(user, story_id)
    _refuse_unfit(monitoring.talk(story), story.persona, title, premise)
    Story.objects.filter(pk=story.pk).update(title=title, premise=premise, updated_at=timezone.now())


def draw(*, user: User, story_id: UUID, dial: Dial) -> list[Continuation]:
    """Asks the narrator for continuations. They take the place of those that were offered before."""
    story = get_story_for(user, story_id)
    _check_rights(story, amount=DRAWN)
    try:
        queueing.check_room(user.id)
    except Full as full:
        raise Busy(full) from None
    with transaction.atomic():
        story = _locked(story)
        with _over_quota():
            quotas.spend(user=user, kind="messages", amount=DRAWN)
            guardian_limits.spend(user, DRAWN)
        _withdraw_offers(story)
        story.dial = dial
        story.save(update_fields=["dial", "updated_at"])
        offers = [story.continuations.create(number=number) for number in range(1, DRAWN + 1)]
        transaction.on_commit(lambda: queueing.hand_over(offers), robust=True)
    return offers


def take(*, user: User, continuation_id: UUID) -> Passage:
    """Adds a continuation to the story as it is. The filter has cleared it."""
    continuation = get_continuation_for(user, continuation_id)
    _check_rights(continuation.story)
    if continuation.status != ContinuationStatus.WRITTEN:
        raise WrongState(_("This continuation has no words that could be taken."))
    with transaction.atomic():
        story = _locked(continuation.story)
        if not story.continuations.filter(pk=continuation.pk).exists():
            raise WrongState(_("The story has gone on meanwhile."))
        return _add(story, continuation.text, Author.PERSONA)


def write(*, user: User, story_id: UUID, text: str) -> Passage:
    """Adds words of the person, or words that they chose among the continuations and changed.

    Only the sentences that the narrator did not offer are judged: the filter has cleared the others as its words.
    A text that the filter stops is kept and shown to its writer with a notice. It is no part of the story.
    """
    story = get_story_for(user, story_id)
    _check_rights(story)
    offered = list(story.continuations.filter(status=ContinuationStatus.WRITTEN).values_list("text", flat=True))
    if text in offered:
        return take(user=user, continuation_id=story.continuations.filter(text=text).values_list("pk", flat=True)[0])
    own = prose.own_words(text, offered)
    if not own:
        with transaction.atomic():
            return _add(_locked(story), text, Author.PERSONA)
    ruling = _judged(story, own)
    with transaction.atomic():
        story = _locked(story)
        if ruling.is_answered:
            with _over_quota():
                guardian_limits.spend(user)
        passage = _add(story, text, prose.author_of(text, offered), is_withheld=not ruling.is_answered)
        assessment.record(ruling.verdict, user=user, conversation_id=story.pk, message_id=passage.pk)
        _notice(story, passage, ruling)
        if ladder.is_for_the_site(ruling.verdict.level):
            # A person in danger waits behind nobody's tasks. If this look is lost, a worker's finds the same.
            crisis = ruling.verdict.findings_about(passage.pk)
            transaction.on_commit(lambda: monitoring.look_at(story.pk, crisis=crisis), robust=True)
    return passage


def divide(*, user: User, story_id: UUID, chapter: str | None) -> Scene:
    """Begins a new scene, or a new chapter with this title (which may be empty). None begins a scene."""
    story = get_story_for(user, story_id)
    _check_rights(story)
    if chapter:
        _refuse_unfit(monitoring.talk(story), story.persona, chapter)
    with transaction.atomic():
        story = _locked(story)
        last = story.scenes.order_by("id").last()
        if last is not None and not last.passages.filter(is_withheld=False).exists():
            raise WrongState(_("The last scene is still empty. Write something in it first."))
        if story.scenes.count() >= _MOST_SCENES:
            raise WrongState(_("A story has at most {most} scenes.").format(most=_MOST_SCENES))
        _withdraw_offers(story)
        story.save(update_fields=["updated_at"])
        return story.scenes.create(begins_chapter=chapter is not None, title=chapter or "")


def describe_chapter(*, user: User, scene_id: int, title: str, summary: str) -> Story:
    """Sets the title and the summary of the chapter that the scene begins."""
    scene = get_scene_for(user, scene_id)
    if not scene.begins_chapter:
        raise Http404("This scene begins no chapter.")
    _refuse_unfit(monitoring.talk(scene.story), scene.story.persona, title, summary)
    Scene.objects.filter(pk=scene.pk).update(title=title, summary=summary)
    return scene.story


def undo(*, user: User, story_id: UUID) -> None:
    """Takes back the last step: the newest passage, or the scene that was begun after it."""
    story = get_story_for(user, story_id)
    with transaction.atomic():
        story = _locked(story)
        scene = story.scenes.order_by("id").last()
        assert scene is not None
        passage = scene.passages.order_by("created_at").last()
        if passage is not None:
            passage.delete()
        elif story.scenes.count() > 1:
            scene.delete()
        else:
            raise WrongState(_("There is nothing to take back."))
        _withdraw_offers(story)
        story.save(update_fields=["updated_at"])


def delete(*, user: User, story_id: UUID) -> None:
    remove(get_story_for(user, story_id))


def remove(story: Story) -> None:
    """As `delete`, without a check of rights. For its owner's request, and for the erasure of the owner's account."""
    connection().set(cancel_key(story.id), 1, ex=3600)
    _withdraw_offers(story)
    counts.forget(story.id)
    story.delete()


def delete_all_with(persona: Persona) -> None:
    """Deletes every story of a narrator before the persona is deleted."""
    for story in Story.objects.filter(persona=persona):
        remove(story)


def _check_rights(story: Story, *, amount: int = 1) -> None:
    conversations.refuse_silent(story.owner, story.persona, conversation_id=story.id)
    with _over_quota():
        quotas.check(user=story.owner, kind="messages", amount=amount)


@contextmanager
def _over_quota() -> Iterator[None]:
    try:
        yield
    except quotas.QuotaExceeded as error:
        raise OverQuota(error.user_message, error.retry_after) from error


def _locked(story: Story) -> Story:
    """The story's row, locked until the transaction ends. So its doors run one at a time. Raises Http404."""
    rows = Story.objects.select_for_update(of=["self"]).select_related("persona", "owner")
    try:
        return rows.get(pk=story.pk)
    except Story.DoesNotExist:
        raise Http404("This story was deleted.") from None


def _add(story: Story, text: str, author: Author, *, is_withheld: bool = False) -> Passage:
    scene = story.scenes.order_by("id").last()
    assert scene is not None
    passage = scene.passages.create(text=text, author=author, is_withheld=is_withheld)
    _withdraw_offers(story)
    story.save(update_fields=["updated_at"])
    transaction.on_commit(lambda: queueing.have_monitored(story.id), robust=True)
    return passage


def _withdraw_offers(story: Story) -> None:
    """Deletes the continuations, and calls off those that are not written yet."""
    for continuation in story.continuations.filter(status=ContinuationStatus.QUEUED):
        queueing.call_off(continuation)
    story.continuations.all().delete()


@contextmanager
def _counted(user: User) -> Iterator[None]:
    """Around judging a text, which counts as a message, also if it is refused afterwards: judging takes seconds."""
    with _over_quota():
        quotas.check(user=user, kind="messages")
    try:
        yield
    except user_turns.FilterDown as down:
        raise ModerationDown(down.help) from None
    with _over_quota():
        quotas.spend(user=user, kind="messages")


def _judged(story: Story, text: str) -> Ruling:
    passages = list(story.passages)
    before = "\n".join(passage.text for passage in passages[-2:] if not passage.is_withheld)
    own = tuple(passage.text for passage in passages if passage.author != Author.PERSONA)
    turn = user_turns.Turn(text, before=before, earlier=own[-user_turns.EARLIER :])
    with _counted(story.owner):
        return user_turns.judge([turn], user=story.owner, addressee=story.persona)[0]


def _before_a_story(user: User, persona: Persona) -> Talk:
    """Where a person begins stories with this persona."""
    place = uuid5(persona.pk, f"stories of {user.pk}")
    return Talk(user, conversation_id=place, persona_id=persona.pk, persona_name=monitoring.name_of(persona))


def _refuse_unfit(talk: Talk, persona: Persona, *texts: str) -> None:
    """Raises HeldBack if the filter does not let the texts pass together. A person looks at what it stopped."""
    text = "\n".join(filter(None, texts))
    if cleaning.is_blank(text):
        return
    with _counted(talk.user):
        ruling = lone_texts.judge(text, talk=talk, addressee=persona)
    if not ruling.is_answered:
        raise HeldBack(ruling.refusal or (ruling.help.text if ruling.help else ""), ruling.help)


def _notice(story: Story, passage: Passage, ruling: Ruling) -> None:
    """Records the site's notices on a passage."""
    if ruling.is_crisis:
        guardians.note_crisis(story.owner)
    if ruling.refusal:
        story.notices.create(
            passage=passage,
            kind=NoticeKind.BLOCKED,
            rule=ruling.verdict.category,
            version=ruling.verdict.policy_version,
            text=ruling.refusal,
        )
    if ruling.help is not None and not (ruling.is_answered and _noticed_today(story)):
        story.notices.create(
            passage=passage,
            kind=NoticeKind.CRISIS,
            rule=ruling.verdict.level,
            version=ruling.help.version,
            text=ruling.help.text,
            resources=ruling.help.resources,
        )


def newest_crisis(user: User) -> datetime | None:
    """When the site last answered a crisis in a story of this person."""
    noticed = Notice.objects.filter(story__owner=user, kind=NoticeKind.CRISIS, rule__in=follow_up.CRISIS)
    return noticed.order_by("shown_at").values_list("shown_at", flat=True).last()


def _noticed_today(story: Story) -> bool:
    """The notice beside words that may pass comes once a day (compliance K3)."""
    since = timezone.now() - timedelta(days=1)
    return story.notices.filter(kind=NoticeKind.CRISIS, shown_at__gt=since).exists()
