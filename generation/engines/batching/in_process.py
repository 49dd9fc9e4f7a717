"""The common part of engines that run in this process: a model's tokenizer, its window, and health by a probe."""

from pathlib import Path

from generation.catalogue import packaged
from generation.engine import Engine, EngineInfo, Health, Prompt, PromptTooLong
from generation.engines.batching.probing import Prober
from generation.engines.batching.tokenizer import ModelTokenizer


class InProcessEngine(Engine):
    """Subclasses generate: they add `stream` and `close`."""

    def __init__(self, model: packaged.CatalogueModel, folder: Path, info: EngineInfo) -> None:
        """`folder` holds the tokenizer. Raises OSError or ValueError if it has none."""
        self._info = info
        self._limit = model.context_length  # tokens
        self._tokenizer = ModelTokenizer(folder)
        self._prober = Prober()

    def describe(self) -> EngineInfo:
        return self._info

    def count_tokens(self, text: str) -> int:
        return self._tokenizer.count(text)

    def health(self) -> Health:
        return self._prober.ask(self)

    def _encoded(self, prompt: Prompt) -> list[int]:
        """The prompt's tokens. Raises PromptTooLong if they leave no room for a reply."""
        ids = self._tokenizer.encode(prompt)
        if len(ids) >= self._limit:
            raise PromptTooLong(f"The prompt has {len(ids)} tokens; the model's context length is {self._limit}.")
        return ids
