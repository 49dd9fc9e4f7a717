"""GGUF to safetensors and tokenizer: `python -m generation.conversion SOURCE.gguf FOLDER`.

Prints a line for each of its steps, `percent what`.

A process of its own, because torch and the float weights take over a gigabyte that the
process which asked for it would not give back.
"""

import functools
import sys
from pathlib import Path
from typing import Any


def convert(source: Path, target: Path) -> None:
    import gguf
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    # The library reads the file's fields anew for tokenizer, configuration and weights, and looks the
    # tensor names up anew for each of 400 modules: half of the time. Once is enough, in this process.
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
    _say(90, "Writing the converted model")
    target.mkdir(parents=True)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def _say(percent: int, step: str) -> None:
    print(percent, step, flush=True)


if __name__ == "__main__":
    convert(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
