"""Asks a server with OpenAI's interface which models it has, and for one token of a model.

A server is foreign. Each request has one time limit for everything. At most _ANSWER_BYTES are read, and compressed
answers are not unpacked. Redirects are not followed, so an answer cannot send a request elsewhere. This site itself is
never asked. Nothing of an answer goes to a page or a log, except the names of models.

Every function raises ServerFault. Its message is a sentence for the owner that says what to do.
"""

import asyncio
import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext

from generation.engine import EngineUnavailable
from generation.models import EngineEntry
from generation.routing import engine_rows
from text import cleaning

_CONNECT_S = 3.0
_LIST_S = 5.0
_TOKEN_S = 120.0  # some servers load a model only when it is asked for
_ANSWER_BYTES = 1024**2
_MOST_MODELS = 200
_NAME_CHARACTERS = 128  # as in a row of EngineEntry
_LONGEST_WINDOW = 2**31 - 1
_PORTS = {"http": 80, "https": 443}


class ServerFault(Exception):
    """The message is for the owner."""


class NobodyAnswers(ServerFault):
    """No program listens at the address."""


@dataclass(frozen=True)
class ServedModel:
    name: str
    context_length: int | None = None  # tokens, if the server says so
    billions: float | None = None  # parameters, if the server says so

    @property
    def short_name(self) -> str:
        return short_name(self.name)

    @property
    def size_in_words(self) -> str:
        """Such as "8 billion" or "135 million"."""
        if self.billions is None:
            return ""
        return (
            gettext("%(billions)s billion") % {"billions": f"{self.billions:.3g}"}
            if self.billions >= 1
            else gettext("%(billions)s million") % {"billions": f"{1000 * self.billions:.0f}"}
        )


def short_name(model: str) -> str:
    """llama.cpp calls a model by the path of its file. The file's name is enough for people."""
    return model.rsplit("/", 1)[-1] if model.endswith(".gguf") else model


def models(entry: EngineEntry) -> list[ServedModel]:
    """The models of a server. `entry` need not be stored."""
    return asyncio.run(list_models(entry))


def answer(entry: EngineEntry) -> None:
    """Requests one token of the row's model."""
    prompt = {"prompt": "Hello"} if entry.prompt_form == "transcript" else {"messages": _GREETING}
    path = "completions" if entry.prompt_form == "transcript" else "chat/completions"
    body = {"model": entry.model, "max_tokens": 1, **prompt}
    value = asyncio.run(_request(entry, "POST", f"{entry.base_url.rstrip('/')}/{path}", limit_s=_TOKEN_S, body=body))
    if not (isinstance(value, dict) and isinstance(value.get("choices"), list) and value["choices"]):
        raise ServerFault(
            gettext(
                "The server at %(base_url)s has a list of models, but its answer to a message is not one of a "
                "model server. Check the address and the server's version."
            )
            % {"base_url": entry.base_url}
        )


_GREETING = [{"role": "user", "content": "Hello"}]


async def list_models(entry: EngineEntry, *, sizes_url: str = "") -> list[ServedModel]:
    """The models of a server. Ollama says their sizes at another address, `sizes_url`."""
    value = await _request(entry, "GET", f"{entry.base_url.rstrip('/')}/models", limit_s=_LIST_S)
    rows = value.get("data") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        raise _nonsense(entry)
    named = [row for row in rows[:_MOST_MODELS] if isinstance(row, dict) and isinstance(row.get("id"), str)]
    if not named and rows:
        raise _nonsense(entry)
    if not named:
        raise ServerFault(
            gettext(
                "The server at %(base_url)s has no model. Load one there, then try again. With Ollama this is "
                "`ollama pull NAME`."
            )
            % {"base_url": entry.base_url}
        )
    usable = [_served(row) for row in named if _is_usable(row["id"])]
    if not usable:
        raise ServerFault(
            gettext(
                "The names of the models at %(base_url)s are longer than %(name_characters)s characters or not "
                "plain text. Give the model a shorter name there. With llama.cpp this is `--alias NAME`."
            )
            % {"base_url": entry.base_url, "name_characters": _NAME_CHARACTERS}
        )
    return await _with_sizes(entry, usable, sizes_url) if sizes_url else usable


def is_this_site(base_url: str) -> bool:
    """Whether the address is this site's own, by its port on this machine or by the setting SITE_URL."""
    parts, own = urlsplit(base_url), urlsplit(settings.SITE_URL)
    port = parts.port or _PORTS.get(parts.scheme)
    if (parts.hostname, port) == (own.hostname, own.port or _PORTS.get(own.scheme)):
        return True
    return port == settings.PORT and _is_here(parts.hostname or "")


def _is_here(host: str) -> bool:
    """Whether the host's name or address is that of this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host in {"localhost", socket.gethostname().lower()} or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


async def _request(entry: EngineEntry, method: str, url: str, *, limit_s: float, body: Any = None) -> Any:
    """The JSON value of a successful answer."""
    with _told(entry, limit_s):
        if is_this_site(entry.base_url):
            raise ServerFault(
                gettext("%(base_url)s is the address of this site itself. Enter the address of the server.")
                % {"base_url": entry.base_url}
            )
        key = engine_rows.options(entry)["api_key"]
        async with (
            asyncio.timeout(limit_s),
            _client(entry, key) as client,
            client.stream(method, url, json=body, headers={"Accept-Encoding": "identity"}) as response,
        ):
            _check_status(entry, response.status_code)
            document = await _bounded(entry, response)
    try:
        return cleaning.parsed_json(document)
    except cleaning.BadJSON:
        raise _nonsense(entry) from None


@contextmanager
def _told(entry: EngineEntry, limit_s: float) -> Iterator[None]:
    """Tells a fault of the request as a ServerFault."""
    try:
        yield
    except (EngineUnavailable, ImproperlyConfigured) as error:
        raise ServerFault(
            gettext("%(error)s Set this variable there, or the file %(key_variable)s_FILE.")
            % {"error": error, "key_variable": entry.key_variable}
        ) from None
    except TimeoutError:
        raise ServerFault(
            gettext(
                "The server at %(base_url)s gave no complete answer within %(limit_s)s seconds. If it is loading "
                "a model, wait until that has ended, then try again. Otherwise look into its log."
            )
            % {"base_url": entry.base_url, "limit_s": f"{limit_s:.0f}"}
        ) from None
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise NobodyAnswers(
            gettext(
                "Nothing answers at %(base_url)s. Start the server there, or correct the address. The addresses "
                "of most servers look like http://127.0.0.1:8080/v1."
            )
            % {"base_url": entry.base_url}
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):  # ValueError: an address or a key that HTTP cannot carry
        raise ServerFault(
            gettext(
                "What answers at %(base_url)s does not speak HTTP as a model server does. Check the address, its "
                "port and whether it begins with http:// or https://."
            )
            % {"base_url": entry.base_url}
        ) from None


def _client(entry: EngineEntry, key: str) -> httpx.AsyncClient:
    """A proxy of the environment is for the network. An address of this machine is asked directly."""
    return httpx.AsyncClient(
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx.Timeout(None, connect=_CONNECT_S),
        follow_redirects=False,
        trust_env=not _is_here(urlsplit(entry.base_url).hostname or ""),
    )


async def _bounded(entry: EngineEntry, response: httpx.Response) -> bytes:
    document = bytearray()
    async for piece in response.aiter_raw():
        document += piece
        if len(document) > _ANSWER_BYTES:
            raise ServerFault(
                gettext(
                    "The answer of %(base_url)s is larger than %(answer_bytes)s MB, so it is not that of a model "
                    "server. Check the address and the port."
                )
                % {"base_url": entry.base_url, "answer_bytes": _ANSWER_BYTES // 1024**2}
            )
    return bytes(document)


def _check_status(entry: EngineEntry, status: int) -> None:
    if 200 <= status < 300:
        return
    if status in (401, 403):
        raise _wrong_key(entry, status)
    if 300 <= status < 400:
        raise ServerFault(
            gettext(
                "The server at %(base_url)s sends requests on to another address (answer %(status)s). Enter that "
                "address itself."
            )
            % {"base_url": entry.base_url, "status": status}
        )
    if status in (404, 405):
        raise ServerFault(
            gettext(
                "The server at %(base_url)s does not know this request (answer %(status)s). Check that the "
                "address ends as its manual says, mostly in /v1, and that the model is loaded there."
            )
            % {"base_url": entry.base_url, "status": status}
        )
    if status == 400:
        raise ServerFault(
            gettext(
                "The server at %(base_url)s refuses the request (answer 400). Check that the model can chat. A "
                "base model needs the prompt form “plain text”."
            )
            % {"base_url": entry.base_url}
        )
    raise ServerFault(
        gettext("The server at %(base_url)s cannot answer now (answer %(status)s). Look into its log, then try again.")
        % {"base_url": entry.base_url, "status": status}
    )


def _wrong_key(entry: EngineEntry, status: int) -> ServerFault:
    what_to_do = (
        gettext("Put the right key into %(key_variable)s on the machine of the generation worker.")
        % {"key_variable": entry.key_variable}
        if entry.key_variable
        else gettext("Name the environment variable that holds the server's key.")
    )
    refused = "refuses the key" if entry.key_variable else "wants a key"
    return ServerFault(
        gettext("The server at %(base_url)s %(refused)s (answer %(status)s). %(what_to_do)s")
        % {"base_url": entry.base_url, "refused": refused, "status": status, "what_to_do": what_to_do}
    )


def _nonsense(entry: EngineEntry) -> ServerFault:
    return ServerFault(
        gettext(
            "Something answers at %(base_url)s, but not as a model server: the answer is no list of models. "
            "Check the address and the port."
        )
        % {"base_url": entry.base_url}
    )


def _is_usable(name: str) -> bool:
    return 0 < len(name) <= _NAME_CHARACTERS and cleaning.clean_line(name) == name


def _served(row: dict[str, Any]) -> ServedModel:
    """The window and size are where vLLM, LM Studio or llama.cpp put them."""
    meta: Any = row.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    window = _count(row.get("max_model_len")) or _count(row.get("max_context_length")) or _count(meta.get("n_ctx"))
    parameters = _count(meta.get("n_params"), most=10**15)
    return ServedModel(row["id"], window, parameters / 10**9 if parameters else None)


def _count(value: Any, *, most: int = _LONGEST_WINDOW) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most else None


async def _with_sizes(entry: EngineEntry, served: list[ServedModel], url: str) -> list[ServedModel]:
    """The models with the sizes that Ollama's own list gives, such as "8.0B" or "135M"."""
    value = await _request(entry, "GET", url, limit_s=_LIST_S)
    rows = value.get("models") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        raise _nonsense(entry)
    sizes = {
        row["name"]: _billions(row["details"].get("parameter_size"))
        for row in rows[:_MOST_MODELS]
        if isinstance(row, dict) and isinstance(row.get("name"), str) and isinstance(row.get("details"), dict)
    }
    return [replace(model, billions=sizes.get(model.name)) for model in served]


def _billions(size: Any) -> float | None:
    unit = {"B": 1.0, "M": 0.001}.get(size[-1:]) if isinstance(size, str) and len(size) <= 10 else None
    try:
        billions = float(size[:-1]) * unit if unit else 0.0
    except ValueError:
        return None
    return billions if 0 < billions < math.inf else None
