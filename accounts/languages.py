"""The language of a public page that the site has in English and Chinese."""

from django.http import HttpRequest
from django.utils.translation import get_language

NAMES = {"en": "English", "zh": "中文"}


def of_page(request: HttpRequest) -> str:
    """The language that the reader chose with `?lang=`, or else their browser's; English if it is neither."""
    chosen = request.GET.get("lang") or (get_language() or "en").split("-")[0]
    return chosen if chosen in NAMES else "en"
