"""/v1/, OpenAI's HTTP interface: read the key and the body, call a door, answer in OpenAI's shape.

This module loads no engine. Workers write the completions, and the views wait for their frames.
"""

import logging
from base64 import b64encode
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, ValidationError

from accounts.usage.quotas import QuotaExceeded
from api import admission, errors, jobs, keys, model_list, verdicts
from api.answers import Chat, Shape, Text
from api.errors import ApiError
from api.jobs import Failed
from api.models import ApiKey, Scope
from api.schemas import ChatCompletionRequest, CompletionRequest, EmbeddingRequest, Generation, ModerationRequest
from generation.jobs import waiting_room
from moderation.categories import ClassifierUnavailable
from moderation.filter import assessment, encoder
from moderation.models import Direction
from personas.embedders.minilm import MiniLM
from text import cleaning

logger = logging.getLogger(__name__)

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
B = TypeVar("B", bound=BaseModel)

_MOST_VALUES = 50_000  # of a body: messages, their fields and their parts
_REFUSED_TOKENS = 1_000  # that a refused body for embedding costs

# A machine writes every answer here, and every answer states it.
_DISCLOSURE = {"AI-Disclosure": "Written by a computer program, not by a person."}


def endpoint(method: str, *scopes: Scope) -> Callable[[View], View]:
    """Decorates a view that takes `method` and a key with one of `scopes`. Refusals have OpenAI's shape."""

    def guard(view: View) -> View:
        @csrf_exempt  # cookies are ignored here, and a request without a key is refused
        @wraps(view)
        async def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            try:
                key = await sync_to_async(_key)(request)
                if request.method != method:
                    raise ApiError(405, f"This address takes {method} only.", code="method_not_allowed")
                if not set(scopes) & set(key.scopes):
                    raise errors.missing_scope(scopes[0])
                return await view(request, key, **kwargs)
            except ApiError as error:
                return error.response()
            except Exception as error:
                if waiting_room.is_loss(error):
                    return errors.unavailable("The site is restarting. Ask again.", code="unavailable").response()
                logger.exception("api.failed")
                return errors.failure("site_error").response()

        return guarded

    return guard


@endpoint("GET", Scope.MODELS)
async def models(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    return JsonResponse({"object": "list", "data": await sync_to_async(model_list.listed)(key)})


@endpoint("GET", Scope.MODELS)
async def model(request: HttpRequest, key: ApiKey, model: str) -> HttpResponseBase:
    return JsonResponse(await sync_to_async(model_list.one)(key, model))


@endpoint("POST", Scope.CHAT, Scope.BASE)
async def chat_completions(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    body = await sync_to_async(_body)(request, key, ChatCompletionRequest, messages=1)
    return await _answer(body, Chat, await sync_to_async(admission.chat)(key, body))


@endpoint("POST", Scope.CHAT, Scope.BASE)
async def completions(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    body = await sync_to_async(_body)(request, key, CompletionRequest, messages=1)
    return await _answer(body, Text, await sync_to_async(admission.completion)(key, body))


@endpoint("POST", Scope.EMBEDDINGS)
async def embeddings(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    body = await sync_to_async(_body)(request, key, EmbeddingRequest, tokens=_REFUSED_TOKENS)
    return JsonResponse(await sync_to_async(_embeddings)(key, body))


@endpoint("POST", Scope.MODERATIONS)
async def moderations(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    body = await sync_to_async(_body)(request, key, ModerationRequest, messages=1)
    return JsonResponse(await sync_to_async(_moderations)(key, body))


@csrf_exempt
def unknown(request: HttpRequest, path: str = "") -> HttpResponse:
    return ApiError(404, "There is no such address under /v1/.", code="unknown_url").response()


# --- Reading ------------------------------------------------------------------------------------


def _key(request: HttpRequest) -> ApiKey:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    key = keys.recognise(secret.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise errors.invalid_key()
    return key


def _body(request: HttpRequest, key: ApiKey, schema: type[B], *, messages: int = 0, tokens: int = 0) -> B:
    """Reads a body. A refused one costs the key `messages` and `tokens`. Raises ApiError.

    Called in a thread: the event loop serves all other people meanwhile.
    """
    try:
        keys.check(key, messages=messages, tokens=min(tokens, 1))  # a key that is not used up may ask
        try:
            return _parsed(request, schema)
        except ApiError:
            keys.note(key, messages=messages, tokens=tokens)
            raise
    except QuotaExceeded as error:
        raise errors.over_quota(error) from None


def _parsed(request: HttpRequest, schema: type[B]) -> B:
    limit = settings.API_BODY
    try:
        if len(request.body) > limit:
            raise errors.too_large(limit)
        return schema.model_validate(cleaning.parsed_json(request.body, most_values=_MOST_VALUES))
    except RequestDataTooBig:
        raise errors.too_large(limit) from None
    except cleaning.BadJSON as error:
        raise ApiError(400, f"The body cannot be read. {error}", code="invalid_json") from None
    except ValidationError as error:
        raise errors.invalid(error) from None


# --- Completions ----------------------------------------------------------------------------------


async def _answer(body: Generation, shape_class: type[Shape], admitted: admission.Admitted) -> HttpResponseBase:
    await sync_to_async(_close_connection)()
    shape = shape_class(admitted)
    frames = jobs.follow([job.id for job in admitted.jobs])
    if not body.stream:
        async with aclosing(frames):
            return JsonResponse(await shape.whole(frames), headers=_DISCLOSURE)
    # The first frame decides the status, so an answer that fails at once is an error and not a broken stream.
    first = await anext(frames)
    if isinstance(first[1], Failed):
        await frames.aclose()
        raise errors.failure(first[1].code)
    with_usage = bool(body.stream_options and body.stream_options.include_usage)
    return StreamingHttpResponse(
        shape.events(first, frames, with_usage=with_usage),
        content_type="text/event-stream",
        headers={"X-Accel-Buffering": "no", **_DISCLOSURE},
    )


def _close_connection() -> None:
    """Closes the request's connection. A hundred requests that wait for text would otherwise hold all connections."""
    if not connection.in_atomic_block:  # a test runs in one
        connection.close()


# --- Vectors and verdicts -------------------------------------------------------------------------


def _embeddings(key: ApiKey, body: EmbeddingRequest) -> dict[str, Any]:
    if body.model != MiniLM.name:
        raise errors.model_not_found(f"The only embedding model here is {MiniLM.name}.")
    if body.dimensions not in (None, MiniLM.dimensions):
        raise errors.bad("dimensions", f"The vectors of this model have {MiniLM.dimensions} dimensions.")
    admission.refuse_restricted(key.user)
    counts = _counted(body.input)
    _spend(key, tokens=sum(counts))
    vectors = MiniLM().embed(body.input)
    rows = [
        b64encode(vector.astype("<f4").tobytes()).decode() if body.encoding_format == "base64" else vector.tolist()
        for vector in vectors
    ]
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)],
        "model": MiniLM.name,
        "usage": {"prompt_tokens": sum(counts), "total_tokens": sum(counts)},
    }


def _counted(texts: list[str]) -> list[int]:
    """The number of tokens of each text. Raises ApiError if a text is empty or too long."""
    try:
        counts = encoder.minilm().count_tokens(texts)
    except encoder.EncoderMissing:
        raise errors.unavailable("The embedding model is not installed.", code="model_not_loaded") from None
    for index, (text, count) in enumerate(zip(texts, counts, strict=True)):
        if not text:
            raise errors.bad(f"input[{index}]", "An empty text has no vector.")
        if count > encoder.MOST_TOKENS:
            message = f"This text has {count} tokens; the limit is {encoder.MOST_TOKENS}. Send it in parts."
            raise errors.bad(f"input[{index}]", message, code="context_length_exceeded")
    return counts


def _moderations(key: ApiKey, body: ModerationRequest) -> dict[str, Any]:
    if body.model is not None and body.model not in model_list.MODERATION_ALIASES:
        raise errors.model_not_found(f"The only moderation model here is {model_list.MODERATION}.")
    for index, text in enumerate(body.input):
        if len(text) > settings.MESSAGE_CHARACTERS:
            message = f"This text has {len(text):,} characters; the limit is {settings.MESSAGE_CHARACTERS:,}."
            raise errors.bad(f"input[{index}]", message, code="string_above_max_length")
    admission.refuse_restricted(key.user)
    _spend(key, messages=len(body.input))
    try:
        judgements = assessment.assess_many(body.input, direction=Direction.USER)
    except ClassifierUnavailable:
        raise errors.failure("moderation_unavailable") from None
    return verdicts.moderation(judgements)


def _spend(key: ApiKey, *, messages: int = 0, tokens: int = 0) -> None:
    try:
        with transaction.atomic():
            keys.spend(key, messages=messages, tokens=tokens)
    except QuotaExceeded as error:
        raise errors.over_quota(error) from None
