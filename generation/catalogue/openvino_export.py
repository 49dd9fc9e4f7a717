"""Converts a folder of safetensors to OpenVINO's format with int8 weights:
`python -m generation.catalogue.openvino_export SOURCE TARGET`.

It is a process of its own, because the packages of requirements-export.txt must come before the site's. Prints one
line for each step, `percent what`.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

# The converter reports its use to its makers with this package. Without the package it reports nothing.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

# The exporter's older transformers does not know the tokenizer classes that the current one writes.
_TOKENIZER_CLASS = "PreTrainedTokenizerFast"


def export(source: Path, target: Path) -> None:
    import nncf
    import openvino
    from optimum.exporters.openvino import main_export

    with tempfile.TemporaryDirectory(prefix="exporting-", dir=target.parent) as temporary:
        readable, floats = Path(temporary) / "source", Path(temporary) / "floats"
        _say(0, "Reading the weights")
        _readable_copy(source, readable)
        main_export(
            str(readable), output=floats, task="text-generation-with-past", library_name="transformers",
            local_files_only=True, convert_tokenizer=False,
        )  # fmt: skip
        _say(60, "Rounding the weights to 8 bits")
        model = nncf.compress_weights(
            openvino.Core().read_model(floats / "openvino_model.xml"), mode=nncf.CompressWeightsMode.INT8_SYM
        )
        _say(90, "Writing the converted model")
        folder = Path(temporary) / "written"
        folder.mkdir()
        openvino.save_model(model, folder / "openvino_model.xml", compress_to_fp16=False)
        shutil.copy(floats / "config.json", folder)
        # A rename is atomic, so an existing folder is a complete model.
        folder.rename(target)


def _readable_copy(source: Path, copy: Path) -> None:
    copy.mkdir()
    for file in source.iterdir():
        if file.is_file() and file.name not in {"config.json", "tokenizer_config.json"}:
            (copy / file.name).symlink_to(file.resolve())
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps(config | _older_rope(config)), encoding="utf-8")
    tokenizer = json.loads((source / "tokenizer_config.json").read_text(encoding="utf-8"))
    tokenizer["tokenizer_class"] = _TOKENIZER_CLASS
    (copy / "tokenizer_config.json").write_text(json.dumps(tokenizer), encoding="utf-8")


def _older_rope(config: dict[str, Any]) -> dict[str, Any]:
    """The rotary embedding's settings under their older names. The exporter silently ignores the new names."""
    rope = config.get("rope_parameters") or {}
    full = rope.get("full_attention", rope)
    older = {"rope_theta": full["rope_theta"]} if "rope_theta" in full else {}
    if full.get("rope_type", "default") != "default":
        older["rope_scaling"] = {key: value for key, value in full.items() if key != "rope_theta"}
    if "sliding_attention" in rope:
        older["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    return older


def _say(percent: int, step: str) -> None:
    print(percent, step, flush=True)


if __name__ == "__main__":
    export(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute())
