"""Tokens a second of a conversation tune in bfloat16 and in float32, one after the other in one run.

`python -m benchmarks.training [MODEL] [--dialogues N]` prints JSON. The product trains in
`persona_site.cpu_training.DTYPE`.
"""

import argparse
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

import torch  # noqa: E402

from generation.catalogue import model_rows, packaged  # noqa: E402
from generation.engines.batching.tokenizer import ModelTokenizer  # noqa: E402
from generation.tuning import examples, job  # noqa: E402
from generation.tuning.imitation import Imitation  # noqa: E402
from generation.tuning.job import Plan  # noqa: E402
from persona_site import cpu_training  # noqa: E402
from personas.prompting import dialogues  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="smollm2-135m", choices=packaged.PACKAGED)
    parser.add_argument("--dialogues", type=int, default=12, help="to learn from")
    options = parser.parse_args()
    model = model_rows.lookup(options.model)
    weights = model_rows.folder(model.name)
    read = (one for path in dialogues.learnt_files() for one in dialogues.read(path))
    rows = [one for one in read if one.sheet.language in model.languages][: options.dialogues]
    tokenizer = ModelTokenizer(weights).tokenizer
    learnt = [examples.encoded(tokenizer, dialogues.pieces(row), limit=1024) for row in rows]
    tokens = sum(len(example.ids) for example in learnt)
    result: dict[str, Any] = {
        "model": model.name,
        "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "product": str(cpu_training.DTYPE),
        "tokens": tokens,
    }
    for dtype in (torch.bfloat16, torch.float32):
        cpu_training.DTYPE = dtype
        with TemporaryDirectory() as folder:
            plan = Plan(model=str(weights), rate=1e-4, epochs=1, measurements=1)
            Imitation(Path(folder), plan, learnt, learnt[:1]).run()
            result[str(dtype)] = round(tokens / job.curve(Path(folder))[-1].seconds, 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
