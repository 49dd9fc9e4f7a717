"""The refusals of /v1/ in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import JsonResponse
from pydantic import ValidationError

from accounts.usage.quotas import QuotaExceeded
from generation.jobs.waiting_room import Full
from moderation.crisis.notices import CrisisNotice
from personas.access import Refusal

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 500: "server_error"}
_RETRY = timedelta(seconds=5)


class ApiError(Exception):
    """A refusal. Its message is a sentence for the person and repeats nothing that was sent."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JsonResponse:
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, -int(-self.retry_after.total_seconds() // 1)))
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JsonResponse(self.body(), status=self.status, headers=headers)


def invalid_key() -> ApiError:
    return ApiError(
        401,
        "There is no valid API key in this request. Send `Authorization: Bearer <key>`; "
        "keys are made and revoked at /account/keys/.",
        code="invalid_api_key",
    )


def busy(full: Full) -> ApiError:
    if full.own:
        message = "Too many of your own requests are waiting. Wait for their answers, then send this one again."
        return ApiError(429, message, code="rate_limit_exceeded", retry_after=full.retry_after)
    message = "Too many people are waiting for an answer. Send this again in a moment."
    return ApiError(503, message, code="busy", retry_after=full.retry_after)


def too_many_answers(param: str, count: int) -> ApiError:
    limit = settings.WAITING_PER_ACCOUNT
    return bad(param, f"This asks for {count} answers at once; the limit is {limit}. Ask for them in parts.")


def missing_scope(scope: str) -> ApiError:
    return ApiError(
        403, f"This key does not have the scope {scope}. Make one that has it.", code="insufficient_permissions"
    )


def model_not_found(detail: str = "") -> ApiError:
    message = (
        detail or "There is no such model, or this key may not use it. GET /v1/models lists the models that it may use."
    )
    return ApiError(404, message, code="model_not_found", param="model")


def bad(param: str, message: str, *, code: str = "invalid_value") -> ApiError:
    return ApiError(400, message, code=code, param=param)


def too_large(limit: int) -> ApiError:
    return ApiError(413, f"The body of this request is too large; the limit is {limit:,} bytes.", code="body_too_large")


def over_quota(error: QuotaExceeded) -> ApiError:
    return ApiError(429, error.user_message, code="rate_limit_exceeded", retry_after=error.retry_after)


def restricted(statement: str) -> ApiError:
    return ApiError(403, statement, code="restricted")


def not_admitted(refusal: Refusal) -> ApiError:
    return ApiError(403, refusal.user_message, code=refusal.code)


def filtered(message: str, param: str) -> ApiError:
    return ApiError(400, message, code="content_filter", param=param)


def unavailable(message: str, *, code: str) -> ApiError:
    return ApiError(503, message, code=code, retry_after=_RETRY)


def in_crisis(notice: CrisisNotice) -> str:
    """The site's text for a person in a crisis, with the help lines, as one text."""
    lines = [notice.text]
    for resource in notice.resources:
        lines.append(": ".join(filter(None, [resource["name"], resource["contact"]])))
    return "\n".join(lines)


# The errors of answers that a worker could not write, by the code of the last frame.
_FAILURES = {
    "prompt_too_long": (
        400,
        "context_length_exceeded",
        "The prompt and max_tokens together do not fit into this model's context.",
    ),
    "no_chat_template": (400, "unsupported_model", "This model has no chat template; use /v1/completions."),
    "model_not_loaded": (503, "model_not_loaded", "This model is not loaded at the moment."),
    "moderation_unavailable": (503, "moderation_unavailable", "The safety check is not running; nothing can be shown."),
    "key_revoked": (401, "invalid_api_key", "This key was revoked."),
    "too_young": (403, "too_young", "By its date of birth, this account cannot use the site."),
    "not_served": (403, "not_served", "This site is not offered in the country of your account."),
    "not_for_elders": (403, "not_for_elders", "This persona is not for people of 60 and over on this site."),
    "not_by_guardian": (403, "not_by_guardian", "The guardian has closed this persona, so nothing was written."),
    "not_for_minors": (403, "not_for_minors", "This persona is not for people under 18, so nothing was written."),
    "persona_not_confirmed": (
        403,
        "persona_not_confirmed",
        "The living person whom this persona depicts has not agreed, so nothing was written.",
    ),
    "persona_rests": (403, "persona_rests", "Somebody has objected to this persona; it rests until that is decided."),
    "restricted": (403, "restricted", "A moderator's decision forbids this, so nothing was written."),
    "persona_not_approved": (
        403,
        "persona_not_approved",
        "This persona needs an audit and a reviewer's approval before it talks, so nothing was written.",
    ),
    "site_error": (
        500,
        "site_error",
        "A fault on this site stopped this. Asking again would fail again. The operator's log has the error.",
    ),
    "worker_lost": (503, "worker_lost", "No worker began this answer, or it was interrupted. Ask again."),
}


def failure(code: str) -> ApiError:
    """The error for an answer that a worker could not write."""
    status, code, message = _FAILURES.get(code, (503, code, "No model is available at the moment."))
    return ApiError(status, message, code=code, retry_after=_RETRY if status == 503 else None)


def invalid(error: ValidationError) -> ApiError:
    """The first fault of a body: its place and the rule that was broken. Repeats nothing that was sent."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    param = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        return bad(param, f"Unrecognized request argument: {param}.", code="unknown_parameter")
    if first["type"] == "missing":
        return bad(param, f"The parameter {param} is required.", code="missing_required_parameter")
    return bad(param, f"{param}: {first['msg'].removeprefix('Value error, ')}.".replace("..", "."))


def _place(location: Sequence[int | str]) -> str:
    """("messages", 0, "role") -> messages[0].role"""
    place = ""
    for step in location:
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else step
    return place
