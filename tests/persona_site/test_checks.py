import os
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

from persona_site import checks

pytestmark = pytest.mark.slow

PRODUCTION = {
    "SECRET_KEY": "kq7-Zr2_" * 8,
    "SITE_URL": "https://afterword.example",
    "ALLOWED_HOSTS": "afterword.example",
    "HTTPS": "yes",
    "BEHIND_PROXY": "yes",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
}


def ids(found):
    return {message.id for message in found}


def deploy_check(**changes):
    environment = os.environ | PRODUCTION | changes
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # the test run's own, for the browser's loop
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_production_settings_are_clean():
    done = deploy_check()
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("changes", "identifiers"),
    [
        ({"HTTPS": "no", "SITE_URL": "http://afterword.example"}, {"security.W004"}),
        (
            {
                "DEBUG": "yes",
                "BEHIND_PROXY": "no",
                "ALLOWED_HOSTS": "elsewhere.example",
                "SITE_URL": "http://afterword.example",
            },
            {"security.W018", "afterword.W023", "afterword.E021", "afterword.E022"},
        ),
    ],
)
def test_unsafe_changes_are_told(changes, identifiers):
    done = deploy_check(**changes)
    assert done.returncode != 0
    assert {identifier for identifier in identifiers if identifier in done.stderr} == identifiers


def test_a_remote_engine_needs_an_address_and_a_model(settings):
    settings.ENGINES = ["openai"]
    settings.OPENAI_BASE_URL = settings.OPENAI_MODEL = ""
    messages = checks.remote_engine_is_complete(None)
    assert len(messages) == 2
    assert ids(messages) == {"afterword.E003"}
    assert all(message.hint for message in messages)


def test_an_address_that_no_engine_uses_is_told(settings):
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9000/v1"
    assert ids(checks.remote_engine_is_complete(None)) == {"afterword.W004"}


@pytest.mark.parametrize("address", ["example.org", "https://", "http://[::1", "ftp://example.org", "http://a:b"])
def test_an_address_of_the_site_that_no_link_can_begin_with_is_told(settings, address):
    assert not checks.site_address_is_whole(None)
    settings.SITE_URL = address
    assert ids(checks.site_address_is_whole(None)) == {"afterword.E005"}


def test_plain_http_for_others_is_told(settings):
    settings.BIND, settings.ALLOWED_HOSTS = "0.0.0.0", ["192.0.2.7", "localhost"]
    assert ids(checks.plain_http_stays_at_home(None)) == {"afterword.W025"}
    settings.BIND = "127.0.0.1"
    assert checks.plain_http_stays_at_home(None) == []


@pytest.mark.parametrize("backend", ["console", "dummy", "filebased"])
def test_a_confirmation_that_no_e_mail_asks_for_is_told(settings, backend):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert checks.addresses_can_be_confirmed(None) == []
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    messages = checks.addresses_can_be_confirmed(None)
    assert ids(messages) == {"afterword.E006"}
    assert "EMAIL_HOST" in messages[0].hint
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert checks.addresses_can_be_confirmed(None) == []
