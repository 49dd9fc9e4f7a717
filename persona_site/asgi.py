"""HTTP goes to Django; websockets pass the origin check and the session before they reach chat."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
http = get_asgi_application()

from chat.routing import websocket_urlpatterns  # noqa: E402  (models are ready only after the line above)
from moderation.filter import assessment  # noqa: E402
from persona_site.origin import OwnOrigin  # noqa: E402

assessment.warm_meanwhile()

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": OwnOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
