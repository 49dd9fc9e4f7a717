"""GGUF to safetensors and tokenizer: `python -m generation.catalogue.conversion SOURCE.gguf FOLDER [ADAPTER]`.

The low-rank adapter in the folder ADAPTER is merged into the weights.

If SOURCE is a folder, only its tokenizer is converted, to the form that counting and streaming read (tokenizer.json).

Prints one line for each step, `percent what`.

It is a process of its own, because torch and the float weights take over a gigabyte, which the
calling process would not release.
"""

import functools
import sys
from pathlib import Path
from typing import Any


def convert(source: Path, target: Path, adapter: Path | None = None) -> None:
    import gguf
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    # The library reads the file's fields again for tokenizer, configuration and weights, and looks up the
    # tensor names again for each of 400 modules. This is half of the time. The caches do it once per process.
    gguf.GGUFReader = functools.cache(gguf.GGUFReader)
    gguf.get_tensor_name_map = functools.cache(gguf.get_tensor_name_map)

    _say(0, "Reading the vocabulary")
    tokenizer: Any = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    _say(40, "Unpacking the weights")
    # Without `dequantize` the model keeps GGUF's blocks and cannot be saved.
    model: Any = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    if adapter is not None:
        _say(80, "Adding the conversation tune")
        # Only here, because it takes seconds to import.
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    _say(90, "Writing the converted model")
    target.mkdir(parents=True)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def convert_tokenizer(source: Path, target: Path) -> None:
    """Raises ValueError if the tokenizer exists only as a program and not as data."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=True, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise ValueError(f"{type(tokenizer).__name__} has no tokenizer.json")
    tokenizer.save_pretrained(target)


def _say(percent: int, step: str) -> None:
    print(percent, step, flush=True)


if __name__ == "__main__":
    source, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    if source.is_dir():
        convert_tokenizer(source, target)
    else:
        convert(source, target, Path(sys.argv[3]) if sys.argv[3:] else None)
