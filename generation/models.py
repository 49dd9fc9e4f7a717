from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from generation.engine_kinds import ENGINES, LOCAL, RANKING, REMOTE


class ModelStatus(models.TextChoices):
    AVAILABLE = "available", gettext_lazy("available")
    INSTALLING = "installing", gettext_lazy("being installed")
    READY = "ready", gettext_lazy("ready")
    FAILED = "failed", gettext_lazy("failed")


class PromptForms(models.TextChoices):
    TRANSCRIPT = "transcript", gettext_lazy("Transcript: continues plain text; for base models")
    CHAT = "chat", gettext_lazy("Chat: the model's own template")


class ModelEntry(models.Model):
    """A model that this site can run, and its state here.

    A packaged model is described in `packaged.PACKAGED`. A model that the owner added from `path` is described in
    this row.
    """

    name = models.SlugField(gettext_lazy("name"), primary_key=True, max_length=64)
    status = models.CharField(gettext_lazy("status"), max_length=16, choices=ModelStatus, default=ModelStatus.AVAILABLE)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent of the installation.")
    step = models.CharField(
        gettext_lazy("step"),
        max_length=120,
        blank=True,
        help_text=gettext_lazy("What the installation is doing, in words."),
    )
    error = models.TextField(blank=True)
    is_active = models.BooleanField(gettext_lazy("in use"), default=False)
    path = models.TextField(
        gettext_lazy("path"),
        blank=True,
        help_text=gettext_lazy("Where the operator put it; empty for packaged models."),
    )
    title = models.CharField(max_length=80, blank=True)
    prompt_form = models.CharField(
        gettext_lazy("form of the prompt"), max_length=16, choices=PromptForms, default=PromptForms.TRANSCRIPT
    )
    context_length = models.PositiveIntegerField(
        gettext_lazy("context length (tokens)"), default=0, help_text=gettext_lazy("Tokens that it reads.")
    )
    licence = models.CharField(gettext_lazy("licence"), max_length=200, blank=True)
    languages = ArrayField(
        models.CharField(max_length=16),
        verbose_name=gettext_lazy("languages"),
        default=list,
        blank=True,
        help_text=gettext_lazy("Such as en, zh."),
    )
    disk_mb = models.PositiveIntegerField(default=0, help_text="Needed while it is installed.")
    parameters_m = models.PositiveIntegerField(default=0, help_text="Its parameters in millions; 0 if not known.")

    class Meta:
        verbose_name = gettext_lazy("model")
        verbose_name_plural = gettext_lazy("models")
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=models.Q(is_active=True), name="one_active_model")
        ]


def kinds() -> list[tuple[str, str]]:
    """The choices as a function, so that a new kind needs no migration."""
    return [(kind, kind) for kind in ENGINES]


class EngineEntry(models.Model):
    """An engine that replies may use: how it is reached, when it is tried, and what it may cost.

    A remote engine's key is never stored here, only the name of its environment variable. Rows appear in backups,
    in database exports and in the admin, where a secret must not be.
    """

    name = models.SlugField(gettext_lazy("name"), primary_key=True, max_length=64)
    kind = models.CharField(gettext_lazy("kind"), max_length=32, choices=kinds)
    is_enabled = models.BooleanField(gettext_lazy("switched on"), default=True)
    follows_environment = models.BooleanField(
        default=False, editable=False, help_text="Written anew from ENGINES and OPENAI_* at every start."
    )
    order = models.PositiveSmallIntegerField(
        gettext_lazy("order"), default=100, help_text=gettext_lazy("Lower ones are tried first.")
    )
    weight = models.PositiveSmallIntegerField(
        gettext_lazy("weight"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=gettext_lazy("Its share among engines of the same order."),
    )
    candidates = models.PositiveSmallIntegerField(
        gettext_lazy("candidates"),
        null=True,
        blank=True,
        validators=[
            MinValueValidator(
                1, gettext_lazy("The number of candidates must be between 1 and 16. You entered %(show_value)s.")
            ),
            MaxValueValidator(
                16, gettext_lazy("The number of candidates must be between 1 and 16. You entered %(show_value)s.")
            ),
        ],
        help_text=gettext_lazy(
            "2 to 16: this many are drawn for the words of a reply, and the best is shown. 1: no choice. "
            "Empty: on the engine openvino, the setting CANDIDATES for models with fewer than a billion parameters; "
            "otherwise no choice. A remote engine shows no word before it has chosen, which is when the first "
            "sentences of most candidates are complete, and each of its candidates costs tokens."
        ),
    )
    # Not a URLField, because it refuses one-word host names of a private network, such as http://vllm:8000/v1.
    base_url = models.CharField(
        gettext_lazy("address of the server"),
        max_length=200,
        blank=True,
        validators=[RegexValidator(r"^https?://[^\s/]", gettext_lazy("Begin with http:// or https://."))],
        help_text=gettext_lazy("Remotes: the server's address, up to and with /v1."),
    )
    model = models.CharField(
        gettext_lazy("model"), max_length=128, blank=True, help_text=gettext_lazy("Remotes: the model's name there.")
    )
    context_length = models.PositiveIntegerField(
        gettext_lazy("context length (tokens)"),
        default=8192,
        help_text=gettext_lazy("Remotes: what the model reads, in tokens."),
    )
    prompt_form = models.CharField(
        gettext_lazy("form of the prompt"),
        max_length=16,
        default="chat",
        choices=[
            ("chat", gettext_lazy("chat: the model's own template")),
            ("transcript", gettext_lazy("transcript: plain text, for base models")),
        ],
    )
    # Only names of this form. Otherwise an admin could send any variable or file to a server of their own.
    key_variable = models.CharField(
        gettext_lazy("variable of the key"),
        max_length=64,
        blank=True,
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9_]*_API_KEY$", gettext_lazy("Write a name that ends with _API_KEY."))
        ],
        help_text=gettext_lazy(
            "Remotes: the environment variable that holds the key, such as PROVIDER_API_KEY; "
            "PROVIDER_API_KEY_FILE may name a file instead. The key itself is not kept here."
        ),
    )
    first_token_seconds = models.PositiveSmallIntegerField(
        gettext_lazy("patience for the first token (seconds)"),
        default=60,
        validators=[MinValueValidator(1)],
        help_text=gettext_lazy("Remotes: silent for longer, it has failed."),
    )
    between_tokens_seconds = models.PositiveSmallIntegerField(
        gettext_lazy("patience between tokens (seconds)"),
        default=20,
        validators=[MinValueValidator(1)],
        help_text=gettext_lazy("Remotes: the same, once it speaks."),
    )
    prompt_price = models.DecimalField(
        gettext_lazy("price of reading"),
        max_digits=10,
        decimal_places=4,
        default=0,
        help_text=gettext_lazy("Money for a million tokens read."),
    )
    completion_price = models.DecimalField(
        gettext_lazy("price of writing"),
        max_digits=10,
        decimal_places=4,
        default=0,
        help_text=gettext_lazy("Money for a million tokens written."),
    )
    currency = models.CharField(
        gettext_lazy("currency"),
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}$", gettext_lazy("Write three letters, such as EUR."))],
    )
    tokens_per_day = models.PositiveBigIntegerField(
        gettext_lazy("tokens a day"), null=True, blank=True, help_text=gettext_lazy("Empty: no limit.")
    )
    money_per_day = models.DecimalField(
        gettext_lazy("money a day"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=gettext_lazy("Empty: no limit."),
    )
    tokens_per_person = models.PositiveBigIntegerField(
        gettext_lazy("tokens of one person a day"),
        null=True,
        blank=True,
        help_text=gettext_lazy("Of one person in a day. Empty: no limit."),
    )

    class Meta:
        verbose_name = gettext_lazy("engine")
        verbose_name_plural = gettext_lazy("engines")
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_remote(self) -> bool:
        return self.kind in REMOTE

    @property
    def loads_weights(self) -> bool:
        return self.kind in LOCAL

    def clean(self) -> None:
        if (self.candidates or 1) > 1 and self.kind not in RANKING:
            raise ValidationError(
                {
                    "candidates": gettext("The engine %(kind)s cannot choose among candidates. Leave this field empty.")
                    % {"kind": self.kind}
                }
            )
        if self.is_remote:
            missing = {
                field: gettext("A remote engine needs this field.")
                for field in ("base_url", "model")
                if not getattr(self, field)
            }
            if missing:
                raise ValidationError(missing)
        elif EngineEntry.objects.filter(kind=self.kind).exclude(pk=self.pk).exists():
            raise ValidationError(
                {
                    "kind": gettext("There is already a %(kind)s engine. A second one would load the same weights.")
                    % {"kind": self.kind}
                }
            )


class EngineSpend(models.Model):
    """One account's use of one engine on one day (UTC). The account is an opaque id; it is empty after an erasure."""

    engine = models.SlugField(max_length=64)
    account = models.CharField(max_length=64, blank=True)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    replies = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    estimated_tokens = models.PositiveBigIntegerField(
        default=0, help_text="How many of these were estimated, because the engine did not say."
    )
    money = models.DecimalField(max_digits=16, decimal_places=8, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "engine", "account", "currency"], name="one_spend_a_day"),
        ]
        indexes = [models.Index(fields=["account"], name="spend_of_account")]


class TrialStatus(models.TextChoices):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ModelTrial(models.Model):
    """The owner's trial of a model that does not serve yet: an installed one, or one on a server.

    A server's columns are those of `EngineEntry`, and are checked by its rules.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    status = models.CharField(max_length=16, choices=TrialStatus, default=TrialStatus.RUNNING)
    step = models.CharField(max_length=200, help_text="What the trial is doing, in words.")
    error = models.TextField(blank=True, help_text="Why it failed, and what to do.")
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True, help_text="When a worker took it.")
    moved_at = models.DateTimeField(default=timezone.now, help_text="When its step last changed.")
    installed = models.SlugField(max_length=64, blank=True, help_text="The name of the installed model.")
    base_url = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=128, blank=True, help_text="Empty until a model of the server is chosen.")
    key_variable = models.CharField(max_length=64, blank=True)
    context_length = models.PositiveIntegerField(null=True, help_text="In tokens. Empty: as the server says.")
    prompt_form = models.CharField(max_length=16, default="chat")
    offered = ArrayField(models.CharField(max_length=128), default=list, help_text="Models to choose from.")
    today = models.CharField(max_length=200, blank=True, help_text="The model that served during the trial.")
    comparisons = models.JSONField(default=list, help_text="trials.comparing.Comparison, in order.")
    engine = models.SlugField(max_length=64, blank=True, help_text="The engine that serves since the switch.")
    before = models.JSONField(default=dict, help_text="What served before the switch (trials.switching).")
    switched_at = models.DateTimeField(null=True)
    switched_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            # Two trials at once would need memory for two models beside the one that serves, and slow each other down.
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status=TrialStatus.RUNNING), name="one_trial_at_a_time"
            )
        ]
