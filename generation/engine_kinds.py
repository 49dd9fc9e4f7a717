"""The kinds of engines, under the names that the setting ENGINES and `EngineEntry.kind` use.

A new kind needs one file and one line here.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from generation.engine import Engine

ENGINES = {
    "openvino": "generation.engines.openvino.engine.OpenVINOEngine",
    "transformers": "generation.engines.hf_transformers.engine.TransformersEngine",
    "continuous_batching": "generation.engines.hf_transformers.continuous_batching.ContinuousBatchingEngine",
    "openai": "generation.engines.openai_compatible.OpenAICompatibleEngine",
}
# Remote servers. Each row of these kinds has its own address, model and key.
REMOTE = frozenset({"openai"})
# Engines that load the active model's weights themselves.
LOCAL = frozenset(ENGINES) - REMOTE
# Engines with our own batching. They read prompts ahead and score texts: `engine.LocalEngine`.
SCORING = frozenset({"openvino", "transformers"})
# Engines that can choose a reply among candidates: `engine.RankingEngine`.
RANKING = SCORING | REMOTE
# Those of them that choose unless their row says otherwise, because eight candidates take little longer than one. On
# transformers they take eight times as long. On a remote engine each candidate costs.
RANKING_UNASKED = frozenset({"openvino"})

# Engines that add low-rank products to the passes of prompts that name an adapter. On a card, transformers cannot.
ADAPTING = frozenset({"openvino", "transformers"})


def load(kind: str, **options: Any) -> Engine:
    """Returns a new engine. Raises EngineUnavailable if it cannot work, ImproperlyConfigured for an unknown kind."""
    try:
        path = ENGINES[kind]
    except KeyError:
        raise ImproperlyConfigured(f"There is no engine kind {kind!r}. The kinds are: {', '.join(ENGINES)}.") from None
    engine: Engine = import_string(path)(**options)
    return engine
