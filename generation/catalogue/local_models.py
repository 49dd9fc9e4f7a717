"""Models that the operator put on this machine: Hugging Face folders and GGUF files below MODEL_FOLDERS.

Nothing else is read, so that an administrator's account cannot read other files of the host. No code of a
model runs: safetensors and GGUF contain only numbers. Pickled weights can contain programs and are never opened.
"""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext
from safetensors import SafetensorError, safe_open

from generation.catalogue import gguf_header, packaged
from generation.engine import PromptForm

_DEPTH, _OFFERED = 5, 200  # folders below each of MODEL_FOLDERS, and models in all
_JSON_BYTES = 32 * 1024**2
_PICKLED = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
# Files that an engine reads beside the weights. Other files are not copied.
_BESIDE = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "chat_template.jinja", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model",
)  # fmt: skip
_SETTINGS = ("config.json", "generation_config.json", "tokenizer_config.json")
_TOKENIZERS = ("tokenizer.json", "vocab.json", "tokenizer.model", "spiece.model")
_LENGTHS = ("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len", "n_ctx", "seq_length")


class NotAModel(Exception):
    """The folder or file cannot be added. The message gives people the reason."""


@dataclass(frozen=True)
class LocalModel:
    path: Path
    files: dict[str, Path]  # what an installation copies: name and resolved path
    longest: int  # the longest context in tokens
    has_chat_template: bool
    weights_mb: int  # in bfloat16
    parameters_m: int  # millions

    @property
    def is_gguf(self) -> bool:
        return self.path.suffix == ".gguf"

    @property
    def usual_prompt_form(self) -> PromptForm:
        """A model of a billion parameters follows its chat template. A smaller one continues text better."""
        return "chat" if self.has_chat_template and self.parameters_m >= packaged.LARGE_M else "transcript"


def found() -> list[Path]:
    """Folders with a config.json, and GGUF files. They are not read: `inspect` may still refuse one."""
    return sorted(islice((path for folder in settings.MODEL_FOLDERS for path in _below(Path(folder))), _OFFERED))


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        if "config.json" in files:
            yield Path(place)
        yield from (Path(place) / name for name in files if name.endswith(".gguf"))
        if len(Path(place).relative_to(folder).parts) >= _DEPTH:
            folders.clear()


def inspect(path: Path) -> LocalModel:
    """The model in a folder or file. Raises NotAModel."""
    path = _inside(path)
    if path.suffix == ".gguf":
        return _gguf(path)
    if not (path / "config.json").is_file():
        raise NotAModel(
            gettext("%(name)s is neither a GGUF file nor a folder with a config.json.") % {"name": path.name}
        )
    return _folder(path)


def _inside(path: Path) -> Path:
    """The path with links resolved. Raises NotAModel if it is outside of MODEL_FOLDERS."""
    resolved = path.resolve()
    if not any(resolved.is_relative_to(Path(folder).resolve()) for folder in settings.MODEL_FOLDERS):
        raise NotAModel(
            gettext("%(name)s is outside of the folders of the setting MODEL_FOLDERS.") % {"name": path.name}
        )
    return resolved


def _folder(path: Path) -> LocalModel:
    contents = {name: _json(path / name) for name in _SETTINGS if (path / name).is_file()}
    config, tokenizer = contents["config.json"], contents.get("tokenizer_config.json", {})
    if any("auto_map" in content or "trust_remote_code" in content for content in contents.values()):
        raise NotAModel(
            gettext("%(name)s brings its own program (auto_map). Code of a model is never run here.")
            % {"name": path.name}
        )
    if "quantization_config" in config:
        raise NotAModel(
            gettext("The weights of %(name)s are quantized. Add the original model or a GGUF file.")
            % {"name": path.name}
        )
    weights = _weights(path)
    if not any((path / name).is_file() for name in _TOKENIZERS):
        raise NotAModel(
            gettext("%(name)s has no tokenizer. Put its tokenizer.json beside its config.json.") % {"name": path.name}
        )
    beside = [name for name in _BESIDE if (path / name).is_file()]
    files = {name: _inside(path / name) for name in [*beside, *weights]}
    return LocalModel(
        path=path,
        files=files,
        longest=_longest(path, config | config.get("text_config", {})),
        has_chat_template="chat_template" in tokenizer or (path / "chat_template.jinja").is_file(),
        weights_mb=_mb(sum(files[name].stat().st_size for name in weights)),
        parameters_m=_millions(sum(_parameters(path, files[name]) for name in weights if name != _INDEX)),
    )


def _weights(path: Path) -> list[str]:
    """The names of its safetensors files, and of their index if there is one."""
    names = {_WEIGHTS}
    if (path / _INDEX).is_file():
        names = set(_json(path / _INDEX).get("weight_map", {}).values()) | {_INDEX}
    missing = sorted(name for name in names if Path(name).name != name or not (path / name).is_file())
    if not missing:
        return sorted(names)
    if any(file.suffix in _PICKLED for file in path.iterdir()):
        raise NotAModel(
            gettext(
                "The weights of %(name)s are pickled, and a pickle can run programs. Add the model's "
                "safetensors, or convert it first on a machine where that is safe."
            )
            % {"name": path.name}
        )
    raise NotAModel(gettext("%(name)s has no %(missing)s.") % {"name": path.name, "missing": missing[0]})


def _parameters(model: Path, weights: Path) -> int:
    """The number of parameters in a safetensors file. Only its header is read."""
    try:
        with safe_open(weights, framework="np") as tensors:
            return sum(math.prod(tensors.get_slice(name).get_shape()) for name in tensors.keys())  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise NotAModel(
            gettext("The weights of %(name)s cannot be read: %(error)s.")
            % {"name": model.name, "error": type(error).__name__}
        ) from None


def _longest(path: Path, config: dict[str, Any]) -> int:
    for name in _LENGTHS:
        if isinstance(config.get(name), int) and config[name] > 0:
            return int(config[name])
    raise NotAModel(
        gettext("The config.json of %(name)s does not say how many tokens the model reads (%(lengths)s).")
        % {"name": path.name, "lengths": _LENGTHS[0]}
    )


def _json(path: Path) -> dict[str, Any]:
    file = _inside(path)
    try:
        if file.stat().st_size > _JSON_BYTES:
            raise NotAModel(
                gettext("%(name)s is larger than %(json_bytes)s MB.")
                % {"name": path.name, "json_bytes": _mb(_JSON_BYTES)}
            )
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotAModel(
            gettext("%(name)s cannot be read: %(error)s.") % {"name": path.name, "error": type(error).__name__}
        ) from None
    if not isinstance(content, dict):
        raise NotAModel(gettext("%(name)s is not a JSON object.") % {"name": path.name})
    return content


def _gguf(path: Path) -> LocalModel:
    try:
        fields, parameters = gguf_header.read(path)
        longest = int(fields[f"{fields['general.architecture']}.context_length"])
    except (OSError, gguf_header.NotGGUF, KeyError, ValueError) as error:
        raise NotAModel(
            gettext("%(name)s cannot be read as GGUF: %(error)s.") % {"name": path.name, "error": error}
        ) from None
    if int(fields.get("split.count", 1)) > 1:
        raise NotAModel(
            gettext("%(name)s is one of several parts. Join them first (llama-gguf-split --merge).")
            % {"name": path.name}
        )
    return LocalModel(
        path=path,
        files={path.name: path},
        longest=longest,
        has_chat_template="tokenizer.chat_template" in fields,
        weights_mb=_mb(2 * parameters),
        parameters_m=_millions(parameters),
    )


def _millions(count: int) -> int:
    return -(-count // 1_000_000)


def _mb(count: int) -> int:
    return -(-count // 1024**2)
