"""HTTP goes to Django; websockets pass the origin check and the session before they reach chat."""

import os

from channels.auth import AuthMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
http = get_asgi_application()

from chat.routing import websocket_urlpatterns  # noqa: E402  (models are ready only after the line above)
from moderation.filter import assessment  # noqa: E402
from persona_site import request_bodies, socket_frames  # noqa: E402
from persona_site.browser_text import with_clean_cookies  # noqa: E402
from persona_site.origin import OwnOrigin  # noqa: E402

assessment.warm_meanwhile()
request_bodies.bound()
socket_frames.bound()

signed_in = SessionMiddleware(AuthMiddleware(URLRouter(websocket_urlpatterns)))
application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": OwnOrigin(CookieMiddleware(with_clean_cookies(signed_in))),
    }
)
