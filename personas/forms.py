"""The persona form. It checks the shape and size of the typed values, keeps them, and writes nothing."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from accounts.interface.form_fields import Words
from personas.cards import written_examples
from personas.models import Depicts, Persona
from personas.persona_fields import PersonaFields
from personas.rights import declarations, import_consent
from text import cleaning

LANGUAGES = [
    ("en", "English"),
    ("zh-Hans", "中文（简体）"),
    ("zh-Hant", "中文（繁體）"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("pt", "Português"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("ru", "Русский"),
    ("tr", "Türkçe"),
    ("ar", "العربية"),
    ("hi", "हिन्दी"),
    ("ja", "日本語"),
    ("ko", "한국어"),
]
SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "frequency_penalty", "presence_penalty")
_NUMBERS = ("max_tokens", "seed", "candidates")
_SAYING_CHARACTERS = 1_000
_MOST_SAYINGS = 200
_MOST_EXCHANGES = 100
_MOST_STOPS = 4
_MOST_CANDIDATES = 16
_QUOTED = re.compile(r"^\\(?=\\?>)")
_FIELDS = PersonaFields.__dataclass_fields__.keys() - {"sampling", "card"}


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _number(low: float, high: float, step: float, label: str, help_text: str) -> forms.FloatField:
    return forms.FloatField(
        label=gettext_lazy(label), help_text=gettext_lazy(help_text),
        min_value=low, max_value=high, step_size=None, required=False,
        widget=forms.NumberInput(attrs={"step": step, "min": low, "max": high}),
    )  # fmt: skip


class PersonaForm(forms.Form):
    name = Words(max_length=80, label=gettext_lazy("Name"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    depicts = forms.ChoiceField(choices=Depicts, label=gettext_lazy("Who is this?"), widget=forms.RadioSelect)
    declaration = forms.BooleanField(required=False, label=gettext_lazy("I declare this."))
    import_consent = forms.BooleanField(required=False, label=import_consent.LABEL, help_text=import_consent.TEXT)
    relation = Words(
        max_length=120,
        required=False,
        label=gettext_lazy("How do they relate to you?"),
        help_text=gettext_lazy("For example: my grandmother."),
    )
    calls_user = Words(
        max_length=80,
        required=False,
        label=gettext_lazy("What do they call you?"),
        help_text=gettext_lazy("A name or a pet name."),
    )
    description = Words(
        max_length=20_000,
        required=False,
        label=gettext_lazy("Description"),
        widget=_area(8),
        help_text=gettext_lazy(
            "Who they are, how they speak, what matters to them. Two to six plain sentences work best."
        ),
    )
    scenario = Words(
        max_length=20_000,
        required=False,
        label=gettext_lazy("Where and when"),
        widget=_area(3),
        help_text=gettext_lazy("The situation in which you talk."),
    )
    sayings = Words(
        max_length=50_000,
        required=False,
        label=gettext_lazy("Things they say"),
        widget=_area(5),
        help_text=gettext_lazy("In their own words, one to a line."),
    )
    examples = Words(
        max_length=50_000,
        required=False,
        label=gettext_lazy("Sample exchanges"),
        widget=_area(8),
        help_text=gettext_lazy(
            "Begin each line to them with “>”. Write their answer without it. A blank line separates exchanges."
        ),
    )
    opening_line = Words(
        max_length=4_000,
        required=False,
        label=gettext_lazy("Opening line"),
        widget=_area(2),
        help_text=gettext_lazy("Leave it empty if you want to write first."),
    )
    language = forms.ChoiceField(choices=LANGUAGES, initial="en", label=gettext_lazy("Language"))
    temperature = _number(0, 2, 0.05, gettext_noop("Temperature"), gettext_noop("0 to 2. Higher is more surprising."))
    top_p = _number(
        0.05,
        1,
        0.01,
        gettext_noop("Top p"),
        gettext_noop("0.05 to 1. Considers only the likeliest words that make up this share."),
    )
    top_k = forms.IntegerField(
        min_value=0,
        max_value=1000,
        required=False,
        label=gettext_lazy("Top k"),
        help_text=gettext_lazy("0 to 1000. 0 switches it off."),
    )
    min_p = _number(
        0,
        1,
        0.01,
        gettext_noop("Min p"),
        gettext_noop("0 to 1. Drops words less likely than this share of the likeliest."),
    )
    repetition_penalty = _number(
        0.5, 2, 0.01, gettext_noop("Repetition penalty"), gettext_noop("0.5 to 2. Above 1 repeats less.")
    )
    frequency_penalty = _number(-2, 2, 0.05, gettext_noop("Frequency penalty"), gettext_noop("−2 to 2."))
    presence_penalty = _number(-2, 2, 0.05, gettext_noop("Presence penalty"), gettext_noop("−2 to 2."))
    max_tokens = forms.IntegerField(
        min_value=16,
        max_value=2048,
        required=False,
        label=gettext_lazy("Longest reply"),
        help_text=gettext_lazy("16 to 2048 tokens."),
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        label=gettext_lazy("Seed"),
        help_text=gettext_lazy("With the same seed, the same reply to the same words is likely to come again."),
    )
    candidates = forms.TypedChoiceField(
        choices=[
            ("", gettext_lazy("As the engine")),
            (1, gettext_lazy("Off")),
            *((count, count) for count in range(2, _MOST_CANDIDATES + 1)),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        label=gettext_lazy("Candidates"),
        help_text=gettext_lazy("The words of a reply are chosen among this many, or fewer if the engine draws fewer."),
    )
    stop = Words(
        max_length=200,
        required=False,
        label=gettext_lazy("Stop at"),
        widget=_area(2),
        help_text=gettext_lazy("Up to four texts, one to a line."),
    )
    without_avatar = forms.BooleanField(required=False, label=gettext_lazy("Remove the picture"))

    advanced = (*SAMPLING, *_NUMBERS, "stop")

    def __init__(
        self,
        *args: Any,
        persona: Persona | None = None,
        card: Mapping[str, Any] | None = None,
        has_files: bool = False,
        **kwargs: Any,
    ) -> None:
        """`has_files`: words are to be imported, which needs a consent."""
        super().__init__(*args, **kwargs)
        self.has_files = has_files
        self.persona = persona
        self.card = card or {}
        self.fields["declaration"].help_text = format_html_join(
            "", '<span data-declaration="{}"><strong>{}:</strong> {}</span><br>',
            [(value, label, gettext(declarations.TEXTS[value])) for value, label in Depicts.choices],
        )  # fmt: skip
        for name, field in self.fields.items():
            if self.is_bound and name in self.errors:
                field.widget.attrs["aria-invalid"] = "true"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if cleaning.is_blank(name):
            raise forms.ValidationError(
                gettext("This name has no visible character. Write a name with a letter in it.")
            )
        return name

    def clean_sayings(self) -> list[str]:
        sayings = [
            line.strip().removeprefix("- ") for line in self.cleaned_data["sayings"].splitlines() if line.strip()
        ]
        if len(sayings) > _MOST_SAYINGS:
            raise forms.ValidationError(
                gettext("You entered %(sayings)s sayings; the limit is %(most_sayings)s. Upload the rest as a file.")
                % {"sayings": len(sayings), "most_sayings": _MOST_SAYINGS}
            )
        longest = max(sayings, key=len, default="")
        if len(longest) > _SAYING_CHARACTERS:
            raise forms.ValidationError(
                gettext(
                    "One saying has %(longest)s characters; the limit is %(saying_characters)s. Upload long texts as "
                    "a file."
                )
                % {"longest": len(longest), "saying_characters": _SAYING_CHARACTERS}
            )
        return sayings

    def clean_examples(self) -> list[list[list[str]]]:
        exchanges = read_examples(self.cleaned_data["examples"])
        if len(exchanges) > _MOST_EXCHANGES:
            raise forms.ValidationError(
                gettext("You entered %(exchanges)s exchanges; the limit is %(most_exchanges)s. Delete some of them.")
                % {"exchanges": len(exchanges), "most_exchanges": _MOST_EXCHANGES}
            )
        return exchanges

    def clean_stop(self) -> list[str]:
        stops = [line for line in self.cleaned_data["stop"].splitlines() if line.strip()]
        if len(stops) > _MOST_STOPS:
            raise forms.ValidationError(
                gettext("You entered %(stops)s texts; the limit is %(most_stops)s. Delete some of them.")
                % {"stops": len(stops), "most_stops": _MOST_STOPS}
            )
        return stops

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        depicts = cleaned.get("depicts")
        is_declared = self.persona is not None and self.persona.depicts == depicts
        if depicts and not cleaned.get("declaration") and not is_declared:
            self.add_error(
                "declaration",
                gettext("Please declare: %(declaration)s") % {"declaration": gettext(declarations.TEXTS[depicts])},
            )
        if self.has_files and not cleaned.get("import_consent"):
            self.add_error(
                "import_consent", gettext("Tick this box, or remove the files. Without it, no word is imported.")
            )
        return cleaned

    def persona_fields(self) -> PersonaFields:
        """The values of a valid form."""
        values = self.cleaned_data
        sampling = {name: values[name] for name in (*SAMPLING, *_NUMBERS) if values.get(name) is not None}
        if values.get("stop"):
            sampling["stop"] = values["stop"]
        return PersonaFields(
            **{name: values[name] for name in _FIELDS if name in values}, sampling=sampling, card=dict(self.card)
        )

    def provisional_fields(self) -> PersonaFields:
        """The values that are right so far. The others are blank, and the language is the first."""
        self.cleaned_data = {"name": "", "depicts": "", **self.cleaned_data}
        return self.persona_fields()


def read_examples(text: str) -> list[list[list[str]]]:
    """Exchanges from text: lines to the persona begin with `>`, its answers do not, blank lines separate exchanges.

    An answer's own `>` at the start of a line has a backslash before it.
    """
    exchanges: list[list[list[str]]] = []
    turns: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        words = line.strip()
        if not words:
            if turns:
                exchanges.append(turns)
            turns = []
            continue
        speaker = "user" if words.startswith(">") else "persona"
        words = words.removeprefix(">").strip() if speaker == "user" else _QUOTED.sub("", words)
        if turns and turns[-1][0] == speaker:
            turns[-1][1] = f"{turns[-1][1]}\n{words}"
        else:
            turns.append([speaker, words])
    return exchanges


def initial_of(persona: Persona) -> dict[str, Any]:
    """The values of a persona in the form's shape."""
    sampling = persona.sampling
    return {
        **{
            name: getattr(persona, name)
            for name in PersonaFields.__dataclass_fields__
            if name not in {"sampling", "card"}
        },
        "sayings": "\n".join(persona.sayings),
        "examples": written_examples(persona.examples),
        **{name: sampling.get(name) for name in (*SAMPLING, *_NUMBERS)},
        "stop": "\n".join(sampling.get("stop", [])),
    }
