"""A model's own tokenizer and template: prompts to tokens, tokens to text."""

import copy
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from generation import reply_text
from generation.engine import EngineFailed, Prompt

# The possible forms of a tokenizer's special token: <bos>, <|im_end|>, <start_of_turn>, [INST].
_MARK = re.compile(r"(?:<[^<>\s]{1,40}>|\[[^\[\]\s]{1,40}\])\Z")
_LONGEST_MARK = 42
_TO_A_CLOSE = re.compile(r"[^>\]]*+[>\]]?")

_NO_CHARACTER = "\ufffd"  # the decoder's replacement for bytes that are not a whole character, or not yet


class ModelTokenizer:
    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError if the folder holds no tokenizer."""
        from transformers import PreTrainedTokenizerFast  # seconds that most processes of the site need not spend

        # Reads an installed model's tokenizer.json directly. AutoTokenizer would import torch to find the class: 5 s.
        self.tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
        # The library's wrapper takes as long as the tokenization itself, so the backend is called directly.
        self._backend = self.tokenizer.backend_tokenizer
        self._backend.no_truncation()
        self._backend.no_padding()
        self.ends = self._end_tokens(folder)
        added = self.tokenizer.added_tokens_decoder.values()
        self._marks = frozenset(str(token.content) for token in added if token.special)
        # The text of one token, special tokens included. Cached, because the same few alternatives recur.
        self.named = lru_cache(maxsize=10_000)(lambda token: str(self._backend.decode([token], False)))

    def count(self, text: str) -> int:
        return len(self._backend.encode(text, add_special_tokens=False).ids)

    def encode(self, prompt: Prompt) -> list[int]:
        return self.ids(prompt, self.rendered(prompt))

    def ids(self, prompt: Prompt, rendered: str) -> list[int]:
        # A chat template writes the token for the beginning of a text itself.
        return list(self._backend.encode(rendered, add_special_tokens=prompt.form == "transcript").ids)

    def rendered(self, prompt: Prompt) -> str:
        """The text that the model reads. People's texts lose special tokens, so they cannot imitate the template."""
        if prompt.form == "transcript":
            return self._plain(prompt.text + prompt.prefix)
        if self.tokenizer.chat_template is None:
            raise EngineFailed("The model has no chat template.")
        messages = [{"role": m.role, "content": self._plain(m.content)} for m in prompt.messages]
        # Thoughts are never shown, and a reply has few tokens. So thinking is off in templates that have the switch.
        rendered = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return f"{reply_text.without_open_thought(rendered)}{self._plain(prompt.prefix)}"

    def decoding(self) -> "Decoding":
        return Decoding(self._backend)

    def blank_tokens(self) -> frozenset[int]:
        blanks = ("\n", "\n\n", "\n\n\n", " ", "  ", "\t")
        encoded = (self.tokenizer.encode(blank, add_special_tokens=False) for blank in blanks)
        return frozenset(ids[0] for ids in encoded if len(ids) == 1)

    def _plain(self, text: str) -> str:
        """`text` without special tokens, also without those that only form when others are removed."""
        characters: list[str] = []
        for piece in _TO_A_CLOSE.findall(text):
            characters += piece
            match = _MARK.search("".join(characters[-_LONGEST_MARK:]))
            if match and match[0] in self._marks:
                del characters[-len(match[0]) :]
        return "".join(characters)

    def _end_tokens(self, folder: Path) -> frozenset[int]:
        """Tokens that end a text: those of generation_config.json and the tokenizer's own."""
        try:
            ends = json.loads((folder / "generation_config.json").read_text(encoding="utf-8")).get("eos_token_id")
        except FileNotFoundError:
            ends = None
        ends = {ends} if isinstance(ends, int) else set(ends or ())
        turn = self.tokenizer.eos_token_id
        return frozenset(ends | ({turn} if turn is not None else set()))


class Decoding:
    """Decodes one reply token by token. A step returns "" while its bytes do not form a character yet.

    Bytes that never form a character are left out. The library's own stream raises an error for them if a
    vocabulary has single bytes beside its characters, as Gemma's has.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []  # the last returned tokens, which decide about a blank, and the new ones
        self._returned = 0
        self._text = ""  # of the returned tokens

    def fork(self) -> "Decoding":
        """A decoding that goes on from the same tokens."""
        fork = copy.copy(self)
        fork._tokens = list(self._tokens)
        return fork

    def step(self, token: int) -> str:
        self._tokens.append(token)
        text = self._decoded()
        if text.endswith(_NO_CHARACTER) or len(text) <= len(self._text):
            return ""
        fresh = text[len(self._text) :].replace(_NO_CHARACTER, "")
        del self._tokens[: self._returned]
        self._returned, self._text = len(self._tokens), self._decoded()
        return fresh

    def _decoded(self) -> str:
        return str(self._tokenizer.decode(self._tokens, skip_special_tokens=True))
