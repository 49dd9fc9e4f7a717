from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from personas.models import Persona


class ConversationState(models.TextChoices):
    OPEN = "open"
    FAREWELL = "farewell"  # the last talk, before it rests
    RESTING = "resting"
    ARCHIVED = "archived"


class Conversation(models.Model):
    """A person's conversation with a persona. Its messages form a tree; `head` is the leaf of the read branch.

    A conversation with several personas has a `Member` for each; `persona` is then the first of them.
    """

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations")
    persona = models.ForeignKey(Persona, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=120, blank=True)
    state = models.CharField(
        max_length=16,
        choices=ConversationState,
        default=ConversationState.OPEN,
        help_text="`chat.conversation.partings` changes it.",
    )
    farewell_at = models.DateTimeField(
        null=True, blank=True, help_text="When a farewell ended here. Its persona rests for the owner from then on."
    )
    folder = models.CharField(
        max_length=60, blank=True, help_text="A word of its owner's, by which the list is filtered."
    )
    read_at = models.DateTimeField(
        null=True, blank=True, help_text="When its owner last saw its newest message. Empty: not since this is noted."
    )
    head = models.ForeignKey("Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(gettext_lazy("created"), auto_now_add=True)
    updated_at = models.DateTimeField(gettext_lazy("changed"), auto_now=True)

    class Meta:
        verbose_name = gettext_lazy("conversation")
        verbose_name_plural = pgettext_lazy("name of the records", "conversations")
        ordering = ["-updated_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ConversationState.values), name="conversation_state_known"
            )
        ]

    @property
    def is_group(self) -> bool:
        return len(self.members.all()) > 1

    @property
    def personas(self) -> list[Persona]:
        """Its personas in the order in which they joined."""
        return [member.persona for member in self.members.all()] or [self.persona]

    @property
    def names(self) -> str:
        return ", ".join(persona.name for persona in self.personas)


class Member(models.Model):
    """A persona that takes part in a conversation with several. A conversation with one persona has no members."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="members")
    persona = models.ForeignKey(Persona, on_delete=models.CASCADE, related_name="+")
    color = models.PositiveSmallIntegerField(help_text="Of its name and its lines, 1 to 6.")
    is_muted = models.BooleanField(default=False, help_text="It takes no turns until the person asks it to.")

    class Meta:
        ordering = ["id"]  # the order in which they joined
        constraints = [
            models.UniqueConstraint(fields=["conversation", "persona"], name="one_membership_per_persona"),
            models.UniqueConstraint(fields=["conversation", "color"], name="one_color_per_member"),
        ]


class Author(models.TextChoices):
    USER = "user"
    PERSONA = "persona"


class Messages(models.Manager["Message"]):
    """Leaves out `terms`, which is as long as the text and of use to the database alone."""

    def get_queryset(self) -> models.QuerySet["Message"]:
        return super().get_queryset().defer("terms")


class Message(models.Model):
    """One turn. Regenerating a reply or editing a message adds a sibling under the same parent."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    author = models.CharField(max_length=16, choices=Author)
    speaker = models.ForeignKey(
        Persona,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The persona that says it. Empty: the conversation's `persona`, or the person says it.",
    )
    text = models.TextField(blank=True)
    client_id = models.UUIDField(
        null=True, blank=True, help_text="Made by the browser; sending it again changes nothing."
    )
    is_withheld = models.BooleanField(
        default=False, help_text="The filter stopped it: shown to its writer, never put into a prompt."
    )
    is_pinned = models.BooleanField(default=False)
    branch_name = models.CharField(max_length=60, blank=True, help_text="Of the branch that begins with this message.")
    created_at = models.DateTimeField(default=timezone.now)
    # The stems of the words by the rules of English. For Chinese, Japanese and Korean, whose words have no spaces
    # between them: each character, and each pair of characters that follow one another.
    terms = models.GeneratedField(
        expression=models.Func("text", function="chat_search_vector"),
        output_field=SearchVectorField(),
        db_persist=True,
        help_text="What a search finds the text by; the migration 0007_search defines the function.",
    )

    objects = Messages()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "client_id"], name="one_message_per_client_id"),
        ]
        # A rare word is found by its terms; a common one by reading the newest messages first.
        indexes = [
            GinIndex(fields=["terms"], name="messages_by_words"),
            models.Index(fields=["-created_at"], name="newest_messages"),
        ]

    @property
    def persona(self) -> Persona:
        """The persona that says it, or that the person says it to."""
        return self.speaker or self.conversation.persona


class ReplyStatus(models.TextChoices):
    QUEUED = "queued", gettext_lazy("waiting")
    GENERATING = "generating", gettext_lazy("being written")
    COMPLETED = "completed", gettext_lazy("completed")
    STOPPED = "stopped", gettext_lazy("stopped")
    BLOCKED = "blocked", gettext_lazy("withheld")
    FAILED = "failed", gettext_lazy("failed")


UNFINISHED = (ReplyStatus.QUEUED, ReplyStatus.GENERATING)


class Reply(models.Model):
    """The reply that a persona owes to a message: its state, and how its text was written.

    `queued → generating → completed | stopped | blocked | failed`. `generating → queued` when a worker was lost.
    `completed | stopped | failed → queued` to continue. Each start of work raises `attempt`, and only the newest
    attempt may finish the reply.
    """

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="reply")
    status = models.CharField(gettext_lazy("status"), max_length=16, choices=ReplyStatus, default=ReplyStatus.QUEUED)
    attempt = models.PositiveIntegerField(gettext_lazy("attempt"), default=0)
    prefix = models.TextField(blank=True, help_text="Text that this generation continues.")
    is_prefix_judged = models.BooleanField(
        gettext_lazy("beginning was judged"),
        default=True,
        help_text="False: the prefix was put together from alternatives, and no filter has seen it.",
    )
    engine = models.CharField(gettext_lazy("engine"), max_length=64, blank=True, help_text="The last one that spoke.")
    model = models.CharField(gettext_lazy("model"), max_length=128, blank=True)
    engines = models.JSONField(
        gettext_lazy("engines"),
        default=list,
        help_text="Every engine that spoke, in order: engine, model, and because of what it took over.",
    )
    prompt_form = models.CharField(gettext_lazy("form of the prompt"), max_length=16, blank=True)
    sampling = models.JSONField(gettext_lazy("sampling"), default=dict)
    policy_version = models.CharField(gettext_lazy("version of the policy"), max_length=32, blank=True)
    category = models.CharField(gettext_lazy("category"), max_length=32, blank=True, help_text="Why it was blocked.")
    code = models.CharField(gettext_lazy("error code"), max_length=64, blank=True, help_text="Why it failed.")
    recalled = models.JSONField(
        gettext_lazy("recalled"),
        default=dict,
        help_text="Ids of what its prompt recalled: `told` (memories) and `memories` (passages).",
    )
    prompt_tokens = models.PositiveIntegerField(gettext_lazy("tokens of the prompt"), null=True)
    cached_tokens = models.PositiveIntegerField(gettext_lazy("tokens already read"), null=True)
    completion_tokens = models.PositiveIntegerField(gettext_lazy("tokens written"), null=True)
    first_token_ms = models.PositiveIntegerField(gettext_lazy("first token after (ms)"), null=True)
    offset = models.CharField(
        gettext_lazy("place in the stream"),
        max_length=32,
        help_text="Where the stream stood before this reply; a page that loads meanwhile starts there.",
    )
    queued_at = models.DateTimeField(gettext_lazy("queued"))
    started_at = models.DateTimeField(gettext_lazy("began"), null=True)
    finished_at = models.DateTimeField(gettext_lazy("ended"), null=True)
    is_end_told = models.BooleanField(
        gettext_lazy("end was told"),
        default=True,
        help_text="False from its end until the open pages were told of it (chat.conversation.ends).",
    )

    class Meta:
        verbose_name = gettext_lazy("reply")
        verbose_name_plural = gettext_lazy("replies")
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=ReplyStatus.values), name="reply_status_known"),
            models.CheckConstraint(
                condition=models.Q(status__in=["queued", "generating"]) | models.Q(finished_at__isnull=False),
                name="ended_reply_has_finish_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"], name="unfinished_replies", condition=models.Q(status__in=["queued", "generating"])
            ),
            models.Index(fields=["finished_at"], name="untold_ends", condition=models.Q(is_end_told=False)),
        ]


# Who wrote a span of a reply, as `Origin.authors` says.
MODEL, SITE, PERSON, UNKNOWN = "model", "site", "person", "unknown"


class Origin(models.Model):
    """How a reply's newest words were written: the prompt, and how likely each word was.

    Written when the reply ends, and again each time it is continued. Its text is as private as the message.
    """

    reply = models.OneToOneField(Reply, on_delete=models.CASCADE, primary_key=True, related_name="origin")
    attempt = models.PositiveIntegerField(default=0, help_text="The attempt of the reply that this tells of.")
    engines = models.JSONField(default=list, help_text="Those that spoke, in order, and why each took over.")
    parts = models.JSONField(default=list, help_text="The prompt's parts: name, text, tokens, dropped.")
    prompt = models.JSONField(default=dict, help_text="form, text, messages, stop; what came before the reply.")
    begun = models.TextField(blank=True, help_text="The beginning of the reply that the engine was given.")
    rendered = models.TextField(blank=True, help_text="All of it as the model read it, where that is known.")
    authors = models.JSONField(default=list, help_text="[start, end, who] over the message's text.")
    choices = models.JSONField(default=list, help_text="Each piece: start, chosen, and its candidates with scores.")
    units = models.JSONField(null=True, help_text="The text's tokens with probabilities; null until they are known.")
    read_by = models.CharField(max_length=128, blank=True, help_text="The model that gave the probabilities.")
    asked_at = models.DateTimeField(null=True, help_text="When somebody last looked and the model was asked.")
    code = models.CharField(max_length=64, blank=True, help_text="Why the probabilities could not be had.")


class NoticeKind(models.TextChoices):
    DISCLOSURE = "disclosure", gettext_lazy("reminder of the AI")
    BREAK = "break", gettext_lazy("reminder of a break")
    CRISIS = "crisis", gettext_lazy("help in a crisis")
    CARE = "care", gettext_lazy("care")
    BLOCKED = "blocked", gettext_lazy("withheld")
    MASKED = "masked", gettext_lazy("masked")
    RESTRICTED = "restricted", gettext_lazy("restricted")


class Notice(models.Model):
    """A notice that the site showed in a conversation, kept as proof of its text and time (compliance CA10)."""

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="notices")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="notices")
    kind = models.CharField(gettext_lazy("kind"), max_length=16, choices=NoticeKind)
    rule = models.CharField(
        gettext_lazy("rule"), max_length=64, help_text="What called for it: a category, a level, a law's row."
    )
    version = models.CharField(gettext_lazy("version"), max_length=32)
    text = models.TextField(gettext_lazy("text"))
    resources = models.JSONField(gettext_lazy("help lines"), default=list)
    shown_at = models.DateTimeField(gettext_lazy("shown"), default=timezone.now)

    class Meta:
        verbose_name = gettext_lazy("notice")
        verbose_name_plural = gettext_lazy("notices")
        ordering = ["shown_at"]
