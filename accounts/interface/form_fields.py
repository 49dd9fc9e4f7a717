"""Fields that several forms share."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_OLDEST = 120  # years


class Words(forms.CharField):
    """Text in any script. It is shown in its own direction, and the browser does not cut it.

    A form sends each line end as two characters. The field stores and counts one, as the page does
    (js/shared/limits.js). The page reads the limit from `data-most`: `maxlength` counts differently, and it
    cuts pasted text.
    """

    def to_python(self, value: Any) -> Any:
        return super().to_python(one_line_end(value) if isinstance(value, str) else value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        limit = attrs.pop("maxlength", None)
        return attrs | {"dir": "auto"} | ({"data-most": limit} if limit else {})


class BirthDate(forms.DateField):
    """A date of birth, asked neutrally: the field has no date to begin with, and no answer is favoured."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Date of birth"),
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
            help_text=_("You cannot change it later. It is shown to nobody."),
            error_messages={"invalid": _("Write the date as year, month and day, such as 1970-12-31.")},
        )

    def validate(self, value: date | None) -> None:
        super().validate(value)
        today = timezone.localdate()
        if value is not None and not (value <= today and today.year - value.year <= _OLDEST):
            raise forms.ValidationError(
                gettext("A date of birth lies between {oldest} and today. You entered {date}.").format(
                    oldest=today.year - _OLDEST, date=value.isoformat()
                )
            )


def one_line_end(text: str) -> str:
    """The text with every line end as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
