from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    USER = "user", _("User")
    AUDITOR = "auditor", _("Auditor")  # reads the review desk and changes nothing
    MODERATOR = "moderator", _("Moderator")
    OWNER = "owner", _("Owner")


class Theme(models.TextChoices):
    DEVICE = "", _("As the device")  # light or dark
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")
    CONTRAST = "contrast", _("High contrast")
    TERMINAL = "terminal", _("Terminal")


class TextSize(models.TextChoices):
    NORMAL = "", _("Normal")
    LARGE = "large", _("Large")
    LARGER = "larger", _("Larger")
    LARGEST = "largest", _("Largest")


class User(AbstractUser):
    """A person, who signs in by e-mail. `sign_in.roles.give` sets `is_staff` and `is_superuser` by the role."""

    # Not unique: that would tell strangers who has an account (`accounts.backends`).
    email = models.EmailField(_("e-mail address"), db_index=True)
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.USER)
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("Two letters (ISO 3166-1), such as CN. It chooses the help lines that are shown."),
    )
    language = models.CharField(
        max_length=16,
        blank=True,
        help_text="Of the interface; empty until the first page (`accounts.interface.languages`).",
    )
    # Written once (`sign_in.ages`); none for accounts that were never asked.
    birth_date = models.DateField(_("date of birth"), null=True, editable=False)

    theme = models.CharField(max_length=16, choices=Theme, blank=True, default=Theme.DEVICE)
    text_size = models.CharField(max_length=16, choices=TextSize, blank=True, default=TextSize.NORMAL)

    @property
    def is_moderator(self) -> bool:
        return self.role in {Role.MODERATOR, Role.OWNER}

    @property
    def is_auditor(self) -> bool:
        return self.role == Role.AUDITOR

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER


class Quota(models.Model):
    """How much of one kind a person used in the window that began at `window_start`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="quotas"
    )
    kind = models.CharField(_("kind"), max_length=32)
    window_start = models.DateTimeField(_("counted since"))
    used = models.PositiveIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_quota_per_kind")]


class Consent(models.Model):
    """What a person agreed to or declared, with the text that they read and its version (GDPR art. 7(1))."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="consents"
    )
    kind = models.CharField(
        _("kind"), max_length=64, help_text="persona.<who> for a declaration, model.<name> for terms."
    )
    text = models.TextField(_("text"))
    text_version = models.CharField(_("version of the text"), max_length=32)
    subject_id = models.UUIDField(
        _("for the persona"), null=True, blank=True, help_text="The persona it was given for, if any."
    )
    given_at = models.DateTimeField(_("given"), auto_now_add=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")


class Sitting(models.Model):
    """A stretch of a person's use without a longer break (`usage.sittings`)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sittings")
    began_at = models.DateTimeField()
    last_at = models.DateTimeField(help_text="The last sign of use.")
    active = models.DurationField(default=timedelta(0), help_text="The time of use in it, without idle gaps.")
    reminded_at = models.DurationField(default=timedelta(0), help_text="`active` at the last reminder of a break.")

    class Meta:
        indexes = [models.Index(fields=["user", "-last_at"], name="newest_sitting")]


class Scope(models.TextChoices):
    IN = "in_scope", _("Kept here")
    OUT = "out_of_scope", _("Not kept here")
    NOT_SERVED = "not_served", _("Not kept, because nobody there is served")


class LawScope(models.Model):
    """A decision of the owner whether this site keeps a law (`legal.laws`). The newest one of a law counts."""

    law = models.CharField(max_length=32)
    scope = models.CharField(max_length=16, choices=Scope)
    reason = models.TextField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["law", "-decided_at"], name="newest_scope_of_a_law")]
        constraints = [
            models.CheckConstraint(condition=models.Q(scope__in=Scope.values), name="law_scope_known"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="law_scope_has_a_reason"),
        ]


class EmergencyContact(models.Model):
    """Whom a moderator may write to if this person is in danger (`contacts.emergency_contact`)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="emergency_contact")
    name = models.CharField(max_length=80)
    email = models.EmailField()
    own_name = models.CharField(max_length=80, help_text="Under which the contact knows the person.")
    key = models.UUIDField(default=uuid4, unique=True, help_text="Signed, it is the link by which they decline.")
    named_at = models.DateTimeField(auto_now_add=True)
    declined_at = models.DateTimeField(null=True)


class Guardian(models.Model):
    """The guardian of a person under 18, and what they have set (`contacts.guardians`). None and False: no limit."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="guardian")
    name = models.CharField(max_length=80)
    email = models.EmailField()
    own_name = models.CharField(max_length=80, help_text="Under which the guardian knows the person.")
    key = models.UUIDField(default=uuid4, unique=True, help_text="Signed, it is the link to the guardian's page.")
    named_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True, help_text="When they declined, or withdrew later.")
    minutes_per_day = models.PositiveSmallIntegerField(null=True)
    messages_per_day = models.PositiveSmallIntegerField(null=True)
    only_shipped = models.BooleanField(default=False, help_text="Only the personas that come with the site.")
    is_alerted = models.BooleanField(default=False, help_text="Wants an e-mail when the site has answered a crisis.")
    alert_owed_at = models.DateTimeField(null=True)
    alerted_at = models.DateTimeField(null=True)

    @property
    def is_in_force(self) -> bool:
        return self.accepted_at is not None and self.declined_at is None


class DeclinedAddress(models.Model):
    """Where somebody has declined to be named by this person (`contacts.letters`). Only a keyed digest is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="declined_addresses")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="one_digest_per_declined_address")]


class Closing(models.Model):
    """The announced end of the service (`legal.closing`). At most one row."""

    closes_on = models.DateField()
    announced_at = models.DateTimeField(auto_now_add=True)


class SetupLink(models.Model):
    """A one-time link that signs the owner in. Only its SHA-256 is stored."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
