"""The engines by the names that the setting ENGINES uses. Adding one is a file and a line."""

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from generation.engines.base import Engine

ENGINES = {
    "openvino": "generation.engines.openvino.OpenVINOEngine",
    "transformers": "generation.engines.hf_transformers.TransformersEngine",
    "openai": "generation.engines.openai_compatible.OpenAICompatibleEngine",
}


def load(name: str) -> Engine:
    """A new engine. Raises EngineUnavailable when it cannot work, ImproperlyConfigured for an unknown name."""
    try:
        path = ENGINES[name]
    except KeyError:
        raise ImproperlyConfigured(f"ENGINES names {name!r}; there are {', '.join(ENGINES)}.") from None
    engine: Engine = import_string(path)()
    return engine
