"""System checks: settings that look right one by one and do not work together.

`manage.py check` reports all of them. `manage.py up` stops at the first error.
`manage.py check --deploy` adds the checks that matter on a public address.
"""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.http.request import validate_host

from accounts import mail
from accounts.legal import thresholds
from generation.catalogue.packaged import PACKAGED
from generation.engine_kinds import ENGINES
from moderation.filter.classifiers.registry import CLASSIFIERS

_SENDING = "Set EMAIL_BACKEND=django.core.mail.backends.smtp.EmailBackend and EMAIL_HOST."
_LOOPBACK = {"127.0.0.1", "localhost", "::1", "[::1]"}


@register(Tags.compatibility)
def engines_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _names_are_known("ENGINES", ENGINES, 1)


@register(Tags.compatibility)
def classifiers_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _names_are_known("CLASSIFIERS", CLASSIFIERS, 2)


@register(Tags.compatibility)
def model_is_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.MODEL or settings.MODEL in PACKAGED:
        return []
    choices = ", ".join(PACKAGED)
    return [_error(f"MODEL names {settings.MODEL!r}, which is not packaged.", f"Known: {choices}.", 4)]


def _names_are_known(setting: str, registry: Collection[str], number: int) -> list[CheckMessage]:
    """Checks that the setting has at least one name, and that its registry has every name."""
    choices = ", ".join(sorted(registry))
    names = getattr(settings, setting)
    if not names:
        return [_error(f"{setting} is empty.", f"Name at least one of: {choices}.", number)]
    return [
        _error(f"{setting} names {name!r}, which is unknown.", f"Known: {choices}.", number)
        for name in names
        if name not in registry
    ]


@register(Tags.compatibility)
def site_address_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Links in e-mails and the owner's link begin with SITE_URL."""
    try:
        parts = urlsplit(settings.SITE_URL)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if is_whole:
        return []
    return [_error(f"SITE_URL is {settings.SITE_URL!r}.", "Write an address such as https://example.org.", 5)]


@register(Tags.compatibility)
def addresses_can_be_confirmed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Nobody can sign in before a confirmation that never arrives."""
    if settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory" or mail.goes_out():
        return []
    return [
        _error(
            f"EMAIL_VERIFICATION is mandatory, but EMAIL_BACKEND is {settings.EMAIL_BACKEND}, which sends no e-mail. "
            "Nobody who signs up could ever sign in.",
            f"{_SENDING} Or set EMAIL_VERIFICATION=optional.",
            6,
        )
    ]


@register(Tags.compatibility)
def remote_engine_is_complete(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if "openai" in settings.ENGINES:
        for setting in ("OPENAI_BASE_URL", "OPENAI_MODEL"):
            if not getattr(settings, setting):
                problems.append(
                    _error(f"ENGINES has openai, but {setting} is empty.", f"Set {setting}, or leave openai out.", 3)
                )
    elif settings.OPENAI_BASE_URL:
        problems.append(
            Warning(
                "OPENAI_BASE_URL is set, but ENGINES does not have openai, so it is not used.",
                hint="ENGINES=openai,transformers tries the remote server first.",
                id="afterword.W004",
            )
        )
    return problems


@register(Tags.database)
def thresholds_are_far(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warns before the number of people calls for a filing (compliance CN11).

    `check --database default` runs it, and so does `migrate`, which may be about to make the tables.
    """
    if not databases or "default" not in databases or not thresholds.is_ready():
        return []
    return [
        Warning(
            f"{counter.name}: {counter.count:,}, near {counter.threshold:,}.",
            hint="China's Interim Measures ask for a security assessment and a filing at this number. Begin them now.",
            id="afterword.W026",
        )
        for counter in thresholds.counters()
        if counter.is_near
    ]


@register(Tags.security, deploy=True)
def public_site_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Checks what a public address needs: SITE_URL, ALLOWED_HOSTS, HTTPS behind a proxy, and e-mail."""
    problems: list[CheckMessage] = []
    host = urlsplit(settings.SITE_URL).hostname or ""
    if host in _LOOPBACK:
        problems.append(
            Warning(
                f"SITE_URL is {settings.SITE_URL}; links in e-mails and the owner's link do not work elsewhere.",
                hint="Set SITE_URL to the public address, such as https://example.org.",
                id="afterword.W020",
            )
        )
    elif not _allows(settings.ALLOWED_HOSTS, host):
        problems.append(_error(f"ALLOWED_HOSTS lacks {host}, the host of SITE_URL.", f"Add {host} to it.", 21))
    if settings.HTTPS and not settings.SITE_URL.startswith("https://"):
        problems.append(_error("HTTPS is on, but SITE_URL does not begin with https://.", "Change one of them.", 22))
    if settings.HTTPS and not settings.BEHIND_PROXY:
        problems.append(
            Warning(
                "HTTPS is on and BEHIND_PROXY is off. The web server itself serves plain HTTP, so every request "
                "would be redirected without end.",
                hint="Put a proxy that ends TLS in front and set BEHIND_PROXY=yes.",
                id="afterword.W023",
            )
        )
    if not mail.goes_out():
        problems.append(
            Warning(
                "E-mails, also those for password resets, are not sent.",
                hint=_SENDING,
                id="afterword.W024",
            )
        )
    return problems


@register(Tags.security)
def plain_http_stays_at_home(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warns where other machines would send passwords in clear text."""
    hosts = [host for host in settings.ALLOWED_HOSTS if host not in _LOOPBACK]
    if settings.HTTPS or not hosts or settings.BIND in _LOOPBACK:
        return []
    return [
        Warning(
            f"The site listens on {settings.BIND} for {', '.join(hosts)} without HTTPS.",
            hint="Put a proxy that ends TLS in front, and set HTTPS=yes and BEHIND_PROXY=yes.",
            id="afterword.W025",
        )
    ]


def _allows(hosts: Sequence[str], host: str) -> bool:
    return validate_host(host, hosts)


def _error(message: str, hint: str | None, number: int) -> Error:
    return Error(message, hint=hint, id=f"afterword.E{number:03}")
