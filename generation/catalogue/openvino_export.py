"""A folder of safetensors to OpenVINO's format, int8 weights:
`python -m generation.catalogue.openvino_export SOURCE TARGET`.

A process of its own, with the packages of requirements-export.txt before the site's. Prints a line for each of
its steps, `percent what`.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

# The converter would report its use to its makers; without this package it does not.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

# The names of tokenizer classes that today's transformers writes and the exporter's does not know.
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
        written = Path(temporary) / "written"
        written.mkdir()
        openvino.save_model(model, written / "openvino_model.xml", compress_to_fp16=False)
        shutil.copy(floats / "config.json", written)
        # A rename is all or nothing: a folder that is there is a whole model.
        written.rename(target)


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
    """The rotary embedding's settings by their names of before; unknown ones would be passed over in silence."""
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
