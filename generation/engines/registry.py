"""The kinds of engines, by the names that the setting ENGINES and `EngineEntry.kind` use. Adding one is a file and
a line."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from generation.engines.base import Engine

ENGINES = {
    "openvino": "generation.engines.openvino.engine.OpenVINOEngine",
    "transformers": "generation.engines.hf_transformers.engine.TransformersEngine",
    "openai": "generation.engines.openai_compatible.OpenAICompatibleEngine",
}
# Servers elsewhere: each row of these kinds has its own address, model and key.
REMOTE = frozenset({"openai"})
# Those that load the active model's weights themselves.
LOCAL = frozenset(ENGINES) - REMOTE


def load(kind: str, **options: Any) -> Engine:
    """A new engine. Raises EngineUnavailable when it cannot work, ImproperlyConfigured for an unknown kind."""
    try:
        path = ENGINES[kind]
    except KeyError:
        raise ImproperlyConfigured(f"There is no engine {kind!r}; there are {', '.join(ENGINES)}.") from None
    engine: Engine = import_string(path)(**options)
    return engine
