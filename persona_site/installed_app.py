"""The site as an installed app: its manifest, its service worker, and the page that it shows without a connection.

Browsers fetch the worker again and again from one address, so it has no hashed name. It is registered only for people
who keep conversations on their device (docs/decisions/0022-conversations-kept-on-a-device.md).
"""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.interface.requests import SignedIn

_WORKER = settings.BASE_DIR / "static" / "js" / "offline" / "worker.js"
_ICONS = [("icon-192.png", 192, "any"), ("icon-512.png", 512, "any"), ("icon-maskable-512.png", 512, "maskable")]


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What a browser needs to install the site (W3C Web Application Manifest)."""
    icons = [
        {"src": static(f"img/{name}"), "type": "image/png", "sizes": f"{side}x{side}", "purpose": purpose}
        for name, side, purpose in _ICONS
    ]
    return JsonResponse(
        {
            "id": "/",
            "name": "Afterword",
            "description": _("A conversation with the words somebody left"),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#fafaf6",
            "theme_color": "#fafaf6",
            "icons": [{"src": static("img/favicon.svg"), "type": "image/svg+xml", "sizes": "any"}, *icons],
        },
        content_type="application/manifest+json",
    )


@require_GET
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")


@require_GET
@never_cache
@login_required
def offline(request: SignedIn) -> HttpResponse:
    """The list of kept conversations. It holds no words: its script reads the titles from the copies."""
    return render(request, "offline.html")
