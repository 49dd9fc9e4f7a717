"""Does the training of a folder: `python -m generation.tuning FOLDER`.

It is a process of its own, because torch and the optimizer take memory that the caller would not get back, and because
it may be killed at any time. It prints a line after each step.
"""

import sys
from pathlib import Path

from generation.tuning import examples, preferences
from generation.tuning.imitation import Imitation
from generation.tuning.job import Plan
from generation.tuning.preferences import Preference


def train(folder: Path) -> None:
    plan = Plan.read(folder)
    learnt, held_out = folder / "train.jsonl", folder / "held_out.jsonl"
    if plan.learns == "texts":
        Imitation(folder, plan, examples.read(learnt), examples.read(held_out)).run()
    else:
        Preference(folder, plan, preferences.read(learnt), preferences.read(held_out)).run()


if __name__ == "__main__":
    train(Path(sys.argv[1]))
