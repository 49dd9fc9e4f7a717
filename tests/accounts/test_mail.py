"""Where a mail server is silent, the e-mail counts as not sent, and the page goes on."""

import socket

from accounts import mail


def test_a_mail_server_that_says_nothing_is_given_up(settings) -> None:
    assert settings.EMAIL_TIMEOUT == 20
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        assert not mail.is_sent("Subject", "Text", ["alice@example.test"])
