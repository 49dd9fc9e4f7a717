"""Forms of the people whom a person names. They check shape and write nothing."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.contacts import emergency_contact, guardians
from accounts.contacts.guardians import Limits
from accounts.interface.form_fields import Words


class ContactForm(forms.Form):
    """The emergency contact, and the consent to write to them."""

    name = Words(max_length=80, label=_("Their name"))
    email = forms.EmailField(label=_("Their e-mail address"))
    own_name = Words(max_length=80, label=_("Your name, as they know you"))
    consent = forms.BooleanField(label=emergency_contact.CONSENT)


class GuardianForm(forms.Form):
    """The guardian of a person under 18, and the consent to what they may set."""

    name = Words(max_length=80, label=_("Their name"))
    email = forms.EmailField(label=_("Their e-mail address"))
    own_name = Words(max_length=80, label=_("Your name, as they know you"))
    consent = forms.BooleanField(label=guardians.CONSENT)


class LimitsForm(forms.Form):
    """What a guardian sets. 0: no limit."""

    minutes = forms.TypedChoiceField(
        label=_("Minutes a day"),
        coerce=int,
        choices=[(0, _("No limit")), *((minutes, minutes) for minutes in guardians.MINUTES)],
        help_text=_("The time in which they read or write here, once for all their devices."),
    )
    messages = forms.TypedChoiceField(
        label=_("Messages a day"),
        coerce=int,
        choices=[(0, _("No limit")), *((messages, messages) for messages in guardians.MESSAGES)],
        help_text=_("Each answer of a persona counts as one, also in groups, in stories and through other programs."),
    )
    personas = forms.ChoiceField(
        label=_("Personas"),
        choices=[
            ("all", _("All for people under 18")),
            ("shipped", _("Only those that come with this site")),
        ],
        help_text=_("People under 18 can make personas of their own, but none of a relative or a partner."),
    )
    alert = forms.BooleanField(
        label=_("Write to me when the site had to help in a crisis, at most once a day"),
        required=False,
    )

    @classmethod
    def showing(cls, limits: Limits) -> "LimitsForm":
        return cls(
            initial={
                "minutes": limits.minutes_per_day or 0,
                "messages": limits.messages_per_day or 0,
                "personas": "shipped" if limits.only_shipped else "all",
                "alert": limits.is_alerted,
            }
        )

    def limits(self) -> Limits:
        return Limits(
            minutes_per_day=self.cleaned_data["minutes"] or None,
            messages_per_day=self.cleaned_data["messages"] or None,
            only_shipped=self.cleaned_data["personas"] == "shipped",
            is_alerted=self.cleaned_data["alert"],
        )
