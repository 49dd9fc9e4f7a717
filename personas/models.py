"""The tables of personas: who they are, their uploads and words, and drafts of new ones. Sub-packages add theirs."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast
from django.utils.translation import gettext, gettext_lazy, gettext_noop, ngettext
from pgvector.django import HalfVectorField, HnswIndex, VectorField

from personas.audit.models import Audit, AuditAnswer  # noqa: F401  Django looks for an app's models here
from personas.importers.media.recognition import is_unsure
from personas.memory.models import Memory, MemoryChoice  # noqa: F401
from personas.portrait.models import Portrait, Statement  # noqa: F401


class Depicts(models.TextChoices):
    """Who a persona depicts. Each choice needs its own declaration (compliance H6)."""

    SELF = "self", gettext_lazy("Myself")
    LIVING = "living", gettext_lazy("Someone living, who agreed")
    DEAD = "dead", gettext_lazy("Someone who has died")
    HISTORICAL = "historical", gettext_lazy("A historical person")
    FICTIONAL = "fictional", gettext_lazy("A fictional character")


# No URL serves these folders. A view that checks the owner serves pictures. No view serves uploads.
def _avatar_path(persona: "Persona", name: str) -> str:
    return f"avatars/{persona.pk}.webp"


def _upload_path(row: "Source | DraftFile", name: str) -> str:
    return f"uploads/{uuid4()}"


def _media_path(transcript: "Transcript", name: str) -> str:
    return f"uploads/{uuid4()}"


def _draft_avatar_path(draft: "Draft", name: str) -> str:
    return f"uploads/{uuid4()}.webp"


class Persona(models.Model):
    """A character to talk with. Its words come from `Source`s and from the fields that its owner typed."""

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=gettext_lazy("creator"),
        on_delete=models.CASCADE,
        related_name="personas",
        null=True,
    )
    is_shared = models.BooleanField(
        gettext_lazy("shared with everybody"),
        default=False,
        help_text="Ships with the site; everybody may talk with it.",
    )
    name = models.CharField(max_length=80)
    depicts = models.CharField(gettext_lazy("depicts"), max_length=16, choices=Depicts)
    relation = models.CharField(max_length=120, blank=True, help_text="How they relate to the person who writes.")
    calls_user = models.CharField(max_length=80, blank=True, help_text="What they call the person who writes.")
    description = models.TextField(blank=True, max_length=20_000)
    scenario = models.TextField(blank=True, max_length=20_000)
    opening_line = models.TextField(blank=True, max_length=4_000)
    sayings = models.JSONField(
        default=list, blank=True, help_text="Sample sayings, one string each, in their own words."
    )
    examples = models.JSONField(
        default=list, blank=True, help_text="Sample exchanges: lists of [speaker, text], speaker 'user' or 'persona'."
    )
    language = models.CharField(
        gettext_lazy("language"), max_length=16, default="en", help_text="BCP 47 tag: en, zh-Hans …"
    )
    avatar = models.ImageField(upload_to=_avatar_path, blank=True)
    sampling = models.JSONField(
        gettext_lazy("sampling"),
        default=dict,
        blank=True,
        help_text="Values that differ from the model's own defaults.",
    )
    is_grounded = models.BooleanField(default=False, help_text="Replies hold only what its own words hold.")
    card = models.JSONField(default=dict, blank=True, help_text="The character card it came from, whole, for export.")
    created_at = models.DateTimeField(gettext_lazy("created"), auto_now_add=True)
    updated_at = models.DateTimeField(gettext_lazy("changed"), auto_now=True)

    class Meta:
        verbose_name = gettext_lazy("persona")
        verbose_name_plural = gettext_lazy("personas")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False) | models.Q(is_shared=True),
                name="persona_has_owner_or_is_shared",
            )
        ]

    def __str__(self) -> str:
        """As the admin names it: without the words of a person."""
        return self.name if self.owner_id is None else str(self.pk)


class Answer(models.TextChoices):
    YES = "yes", gettext_lazy("yes, they agree")
    NO = "no", gettext_lazy("no, they do not agree")
    WITHDRAWN = "withdrawn", gettext_lazy("they have withdrawn their agreement")


class Confirmation(models.Model):
    """Whether the living person whom a persona depicts agrees to it (`personas.rights.confirming`)."""

    persona = models.OneToOneField(Persona, on_delete=models.CASCADE, related_name="confirmation")
    key = models.UUIDField(default=uuid4, unique=True, help_text="Signed, it is the link. A new link has a new key.")
    name = models.CharField(max_length=80, help_text="The persona's name when the link was made.")
    answer = models.CharField(max_length=16, choices=Answer, blank=True, help_text="Empty until they have answered.")
    text = models.TextField(blank=True, help_text="What they read when they answered.")
    text_version = models.CharField(max_length=32, blank=True)
    answered_at = models.DateTimeField(null=True)

    @property
    def is_refused(self) -> bool:
        return self.answer in {Answer.NO, Answer.WITHDRAWN}


# The keys are those of `importers.registry.IMPORTERS`.
FORMAT_LABELS = {
    "whatsapp": gettext_noop("WhatsApp export"),
    "character-card": gettext_noop("Character card"),
    "chat-log": gettext_noop("Chat with times and names"),
    "transcript": gettext_noop("Transcript"),
    "plain-text": gettext_noop("Text by one author"),
    "telegram": gettext_noop("Telegram export"),
    "messenger": gettext_noop("Messages of Facebook or Instagram"),
    "x-archive": gettext_noop("Archive of X (Twitter)"),
    "tumblr": gettext_noop("Export of Tumblr"),
    "kindle": gettext_noop("Notes of a Kindle"),
    "discord": gettext_noop("Discord export"),
    "sms": gettext_noop("SMS backup"),
    "google-chat": gettext_noop("Google Chat export"),
    "linkedin": gettext_noop("LinkedIn messages"),
    "chatgpt": gettext_noop("ChatGPT conversations"),
    "silly-tavern": gettext_noop("SillyTavern chat"),
    "slack": gettext_noop("Slack export"),
    "line": gettext_noop("LINE export"),
    "kakaotalk": gettext_noop("KakaoTalk export"),
    "qq": gettext_noop("QQ or WeChat export"),
    "signal": gettext_noop("Signal export"),
    "imessage": gettext_noop("iMessage export"),
    "chat-table": gettext_noop("Chat as a table"),
    "chat-page": gettext_noop("Chat as a page"),
    "chat-json": gettext_noop("Chat in JSON"),
    "tiktok": gettext_noop("TikTok download"),
    "posts": gettext_noop("Posts, comments or notes"),
    "blog": gettext_noop("Blog or notebook"),
    "mail": gettext_noop("Mail"),
    "docx": gettext_noop("Word document"),
    "odt": gettext_noop("OpenDocument text"),
    "epub": gettext_noop("E-book"),
    "pdf": gettext_noop("PDF document"),
    "rtf": gettext_noop("Rich Text document"),
    "html": gettext_noop("Web page"),
    "latex": gettext_noop("LaTeX document"),
    "subtitles": gettext_noop("Subtitles"),
    "zip": gettext_noop("Archive (.zip)"),
    "scan": gettext_noop("Picture of a page"),
    "recording": gettext_noop("Recording"),
    "afterword": gettext_noop("Persona from Afterword"),
    "afterword-words": gettext_noop("Words from Afterword"),
}


class SourceStatus(models.TextChoices):
    IMPORTING = "importing", gettext_lazy("being imported")
    READY = "ready", gettext_lazy("ready")
    FAILED = "failed", gettext_lazy("failed")


class Source(models.Model):
    """One upload. The file is deleted after its import; its utterances and passages stay."""

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    persona = models.ForeignKey(Persona, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=255)
    format = models.CharField(gettext_lazy("format"), max_length=32)
    speaker = models.CharField(
        max_length=255, blank=True, help_text="Whose lines are the persona's; empty where the file has one author."
    )
    aliases = models.JSONField(default=list, help_text="Other names of the same speaker in this file.")
    own_names = models.JSONField(default=list, help_text="The names of the persona's owner in this file.")
    unmasked = models.JSONField(
        default=list, help_text="Phone numbers, addresses and the like that its owner chose not to mask."
    )
    bytes = models.PositiveBigIntegerField(gettext_lazy("bytes"))
    file = models.FileField(upload_to=_upload_path, blank=True, help_text="Only until it is imported.")
    status = models.CharField(
        gettext_lazy("status"), max_length=16, choices=SourceStatus, default=SourceStatus.IMPORTING
    )
    error = models.TextField(gettext_lazy("error"), blank=True)
    report = models.JSONField(
        default=dict,
        blank=True,
        help_text="Counts of speakers, messages, skipped lines by reason, first and last time.",
    )
    transcripts = models.JSONField(
        default=dict, blank=True, help_text="Recognised lines by digest of page or recording, only until the import."
    )
    stored = models.JSONField(
        default=dict,
        blank=True,
        help_text="While it is imported: how many utterances and passages are done, and the refused ones by reason.",
    )
    train_consent = models.BooleanField(
        default=False, help_text="Whether its owner has agreed that a fine-tune learns from its words."
    )
    created_at = models.DateTimeField(gettext_lazy("created"), auto_now_add=True)

    class Meta:
        verbose_name = gettext_lazy("source")
        verbose_name_plural = gettext_lazy("sources")
        ordering = ["created_at"]

    @property
    def label(self) -> str:
        return gettext(FORMAT_LABELS[self.format])


class Utterance(models.Model):
    """One message or paragraph of a source, in the order of the source."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="utterances")
    position = models.PositiveIntegerField()
    speaker = models.CharField(max_length=255, blank=True)
    is_persona = models.BooleanField()
    text = models.TextField()
    sent_at = models.DateTimeField(null=True)
    source_ref = models.CharField(max_length=64, help_text="Leads back to the line or page: line 12, page 3.")
    digest = models.UUIDField(
        null=True, db_index=True, help_text="Of the persona's words and their minute. Other files repeat neither."
    )

    class Meta:
        ordering = ["source", "position"]
        constraints = [models.UniqueConstraint(fields=["source", "position"], name="one_utterance_per_position")]


# An index over vectors in half precision takes half the room and finds the same neighbours.
HALF_EMBEDDING = Cast("embedding", HalfVectorField(dimensions=384))
# The words of a passage and of what it answers, and pairs of Chinese characters, cut as `search.terms` cuts a query.
# The migration 0014_large_personas defines the function.
PASSAGE_TERMS = models.Func("text", "prompted_by", function="passage_terms", output_field=SearchVectorField())


def _nearest(name: str, embedder: str) -> HnswIndex:
    """Of one embedder's vectors: those of two cannot be compared."""
    return HnswIndex(OpClass(HALF_EMBEDDING, name="halfvec_ip_ops"), name=name, condition=models.Q(embedder=embedder))


class Passage(models.Model):
    """A cleaned piece of the persona's own words, short enough for a prompt."""

    persona = models.ForeignKey(Persona, on_delete=models.CASCADE, related_name="passages")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="passages")
    text = models.TextField()
    prompted_by = models.TextField(blank=True, help_text="What the other person had said just before, if a chat tells.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the text, folded; keeps one of each.")
    source_ref = models.CharField(max_length=64)
    embedder = models.CharField(max_length=64, blank=True, help_text="Name of the embedder that made `embedding`.")
    embedding = VectorField(dimensions=384, null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["persona", "digest"], name="one_passage_per_text")]
        # `personas.memory.passage_search` searches by these.
        indexes = [
            _nearest("passages_by_meaning", "all-minilm-l6-v2"),
            _nearest("passages_by_meaning_zh", "multilingual-e5-small-centred"),
            GinIndex(PASSAGE_TERMS, name="passages_by_words", fastupdate=False),
            models.Index(fields=["persona", "id"], condition=models.Q(embedder=""), name="passages_without_vector"),
        ]


class FineTuneStatus(models.TextChoices):
    QUEUED = "queued"
    TRAINING = "training"
    READY = "ready"
    FAILED = "failed"


class FineTune(models.Model):
    """A training of the model on a persona's own words, and its result: an adapter for `weights`.

    queued → training → ready or failed. A training whose worker is lost stays `training` and goes on from its last
    measurement. The files are in a folder of its own (`finetuning.files`).
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    persona = models.OneToOneField(Persona, on_delete=models.CASCADE, related_name="fine_tune")
    status = models.CharField(max_length=16, choices=FineTuneStatus, default=FineTuneStatus.QUEUED)
    error = models.TextField(blank=True, help_text="Why it failed, for its owner.")
    is_used = models.BooleanField(default=False, help_text="Whether the persona talks with it.")
    is_stopping = models.BooleanField(default=False, help_text="Its owner has asked to end the training early.")
    model = models.CharField(max_length=64)
    weights = models.CharField(max_length=100, help_text="The weights that it was trained for.")
    words = models.PositiveIntegerField(help_text="Of the persona's passages when it began.")
    estimate = models.DurationField(help_text="Of the whole training, made before it began.")
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    remaining = models.DurationField(null=True, help_text="The time left, as the training last told.")
    curve = models.JSONField(
        default=list, help_text="Measurements: [step, loss while learning, loss on held-out words] in bits per byte."
    )
    messages = models.JSONField(default=list, help_text="What the comparison asks; words that were not learnt.")
    comparison = models.JSONField(
        default=list, help_text="Rows of message, untuned reply and tuned reply, as the filter cleared them."
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Workers that began it since the last measurement."
    )
    bytes = models.PositiveBigIntegerField(help_text="Of its files; while it trains, the most that they may take.")
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["queued_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_used=False) | models.Q(status="ready"), name="only_a_ready_fine_tune_is_used"
            )
        ]

    @property
    def is_under_way(self) -> bool:
        return self.status in {FineTuneStatus.QUEUED, FineTuneStatus.TRAINING}

    @property
    def before(self) -> float | None:
        """Bits per byte on the held-out words without it."""
        return float(self.curve[0][2]) if self.curve else None

    @property
    def after(self) -> float | None:
        """The lowest bits per byte that was measured on the held-out words."""
        return min(float(point[2]) for point in self.curve) if self.curve else None

    @property
    def gain(self) -> float:
        """By how many percent it predicts the held-out words better."""
        return 100 * (1 - self.after / self.before) if self.before and self.after else 0.0


class Draft(models.Model):
    """A persona that is being made or changed: the typed fields and the uploads, before they are saved."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="persona_drafts")
    persona = models.ForeignKey(
        Persona, on_delete=models.CASCADE, null=True, related_name="drafts", help_text="The persona that it changes."
    )
    fields = models.JSONField(default=dict, help_text="What was typed, as it was typed.")
    card = models.JSONField(default=dict)
    avatar = models.FileField(upload_to=_draft_avatar_path, blank=True)
    roles = models.JSONField(default=dict, help_text="Who somebody is, as chosen: a `speakers.Role` by name.")
    unmasked = models.JSONField(default=list, help_text="As in Source.")
    updated_at = models.DateTimeField(auto_now=True)


class DraftFileStatus(models.TextChoices):
    UPLOADING = "uploading"
    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class DraftFile(models.Model):
    """An uploaded file of a draft and the result of reading it."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    status = models.CharField(max_length=16, choices=DraftFileStatus, default=DraftFileStatus.READING)
    error = models.TextField(blank=True, help_text="Why it could not be read, for its owner.")
    name = models.CharField(max_length=255)
    format = models.CharField(max_length=32, blank=True, help_text="Empty until it is read.")
    bytes = models.PositiveBigIntegerField(help_text="Of the whole file, also while it arrives.")
    received = models.PositiveBigIntegerField(default=0, help_text="Bytes that have arrived in pieces.")
    modified = models.CharField(
        max_length=32, blank=True, help_text="Time of its last change, as the browser gives it."
    )
    file = models.FileField(upload_to=_upload_path, blank=True, help_text="Gone if it could not be read.")
    report = models.JSONField(default=dict)
    samples = models.JSONField(default=dict, help_text="A few lines of each speaker, to choose by.")
    beginning = models.JSONField(
        default=list, encoder=DjangoJSONEncoder, help_text="Its first utterances, from which the preview is made."
    )
    personal = models.JSONField(default=list, help_text="Personal data in it: rows of kind, value and count.")

    class Meta:
        ordering = ["id"]

    @property
    def label(self) -> str:
        return gettext(FORMAT_LABELS[self.format]) if self.format else ""

    @property
    def unchecked_transcripts(self) -> int:
        return sum(not transcript.is_checked for transcript in self.transcripts.all())

    @property
    def unsure_lines(self) -> int:
        return sum(transcript.unsure_lines for transcript in self.transcripts.all())

    @property
    def amount(self) -> str:
        """How many messages it has; paragraphs if an author without a name wrote it."""
        count = self.report.get("messages", 0)
        if "" in self.report.get("speakers", {}):
            return ngettext("{count} paragraph", "{count} paragraphs", count).format(count=count)
        return ngettext("{count} message", "{count} messages", count).format(count=count)

    @property
    def percent(self) -> int:
        """How much of it has arrived."""
        return 100 * self.received // self.bytes if self.bytes else 0


class TriedLineStatus(models.TextChoices):
    QUEUED = "queued"
    WRITTEN = "written"
    WITHHELD = "withheld", gettext_lazy("held back by the filter")
    FAILED = "failed"


class TriedLine(models.Model):
    """A line that the owner of a draft tried, and what the persona would answer (`personas.way_in.trying`)."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="tried_lines")
    text = models.CharField(max_length=500)
    status = models.CharField(max_length=16, choices=TriedLineStatus, default=TriedLineStatus.QUEUED)
    reply = models.TextField(blank=True)
    note = models.TextField(blank=True, help_text="Words of the site: why there is no reply, or where to find help.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Workers that began it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]


class Transcript(models.Model):
    """The words that were recognised in one page or recording of a draft's file (`transcripts`)."""

    file = models.ForeignKey(DraftFile, on_delete=models.CASCADE, related_name="transcripts")
    medium = models.CharField(max_length=8, choices=[("page", "page"), ("sound", "recording")])
    place = models.CharField(max_length=64, help_text="Where it stands in the file: page 3.")
    digest = models.CharField(max_length=64, help_text="SHA-256; tells the page or recording from others.")
    lines = models.JSONField(help_text="Objects of text, confidence, start, in order.")
    is_checked = models.BooleanField(default=False, help_text="Whether the owner has looked at the lines.")
    media = models.FileField(upload_to=_media_path, help_text="The page as WebP, or the sound as MP3.")
    bytes = models.PositiveBigIntegerField(help_text="Of `media`.")

    class Meta:
        ordering = ["file", "id"]
        constraints = [models.UniqueConstraint(fields=["file", "digest"], name="one_transcript_per_page")]

    @property
    def unsure_lines(self) -> int:
        return sum(is_unsure(self.medium, line["confidence"]) for line in self.lines)
