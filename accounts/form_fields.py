"""A field for words, which every room's forms share."""

from typing import Any

from django import forms


class Words(forms.CharField):
    """What a person types in any script: it runs in its own direction, and nothing of it is cut.

    A form sends each line end as two characters; one is kept and counted, as the page counts it
    (js/shared/limits.js). The limit goes to the page as `data-most`: `maxlength` counts otherwise, and it
    cuts what is pasted.
    """

    def to_python(self, value: Any) -> Any:
        return super().to_python(one_line_end(value) if isinstance(value, str) else value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        limit = attrs.pop("maxlength", None)
        return attrs | {"dir": "auto"} | ({"data-most": limit} if limit else {})


def one_line_end(text: str) -> str:
    """The text with every line end as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
