"""The text field that the forms of all rooms share."""

from typing import Any

from django import forms


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


def one_line_end(text: str) -> str:
    """The text with every line end as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
