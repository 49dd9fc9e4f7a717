"""Low-rank adaptation of a model on the examples of a job (LoRA: Hu et al. 2021), with the PEFT library.

`python -m generation.tuning.lora FOLDER`. It is a process of its own, because torch and the optimizer take memory
that the caller would not get back, and because it may be killed at any time. It prints a line after each step.
"""

import json
import os
import sys
import time
from dataclasses import asdict
from math import log
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

from generation.tuning import examples
from generation.tuning.examples import Example
from generation.tuning.job import Plan, Point, Progress
from persona_site import cpu_training

_WARM_UP = 10  # steps until the full rate
_LOWEST_RATE = 0.05  # of the full rate, at the end
_SEED = 1


def train(folder: Path) -> None:
    plan = Plan.read(folder)
    training = Training(folder, plan, examples.read(folder / "train.jsonl"), examples.read(folder / "held_out.jsonl"))
    training.run()


class Training:
    def __init__(self, folder: Path, plan: Plan, learnt: list[Example], held_out: list[Example]) -> None:
        self._folder, self._plan, self._learnt, self._held_out = folder, plan, learnt, held_out
        torch.manual_seed(_SEED)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = cpu_training.DTYPE if self._device == "cpu" else torch.bfloat16
        model = AutoModelForCausalLM.from_pretrained(plan.model, dtype=dtype, local_files_only=True)
        config = LoraConfig(
            r=plan.rank,
            lora_alpha=2 * plan.rank,
            target_modules=plan.targets,
            task_type="CAUSAL_LM",
            lora_dropout=0.0,
        )
        self._model: Any = get_peft_model(model, config).to(self._device)
        self._weights = [weight for weight in self._model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
        self._steps = plan.epochs * (len(learnt) // plan.batch)
        self._every = max(1, len(learnt) // plan.batch // plan.measurements)
        self._step = 0
        self._seconds = 0.0
        self._points: list[Point] = []
        self._resume()

    def run(self) -> None:
        if not self._points:
            self._measure([])
        losses: list[float] = []
        began = time.monotonic() - self._seconds
        while self._step < self._steps and not self._is_over():
            losses.append(self._learn(self._batch()))
            self._step += 1
            self._seconds = time.monotonic() - began
            self._report()
            if self._step % self._every == 0 or self._step == self._steps:
                self._measure(losses)
                losses = []
        self._report()

    def _batch(self) -> list[Example]:
        per_epoch = len(self._learnt) // self._plan.batch
        epoch, at = divmod(self._step, per_epoch)
        order = torch.randperm(len(self._learnt), generator=torch.Generator().manual_seed(_SEED + epoch)).tolist()
        return [self._learnt[number] for number in order[at * self._plan.batch :][: self._plan.batch]]

    def _learn(self, batch: list[Example]) -> float:
        """One step of the optimizer. Returns the batch's loss in bits per byte."""
        share = (self._step + 1) / self._steps
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.rate * min((self._step + 1) / _WARM_UP, max(_LOWEST_RATE, 1 - share))
        nats = 0.0
        for example in batch:
            loss = self._loss(example)
            (loss / len(example.positions()) / len(batch)).backward()  # type: ignore[no-untyped-call]
            nats += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return nats / log(2) / sum(example.target_bytes for example in batch)

    def _loss(self, example: Example) -> torch.Tensor:
        """The sum over the targets, in nats. Logits are computed only where a target follows."""
        model = self._model.get_base_model()
        positions = torch.tensor(example.positions())
        hidden = model.model(torch.tensor([example.ids[:-1]], device=self._device)).last_hidden_state[0]
        logits = model.lm_head(hidden[positions - 1]).float()
        return cross_entropy(logits, torch.tensor(example.ids)[positions].to(self._device), reduction="sum")

    @torch.no_grad()
    def _measure(self, losses: list[float]) -> None:
        self._model.eval()
        nats = sum(float(self._loss(example)) for example in self._held_out)
        self._model.train()
        held_out = nats / log(2) / sum(example.target_bytes for example in self._held_out)
        is_best = all(held_out < point.held_out for point in self._points)
        mean = sum(losses) / len(losses) if losses else held_out
        self._points.append(Point(self._step, round(mean, 4), round(held_out, 4), round(self._seconds, 1)))
        if is_best and self._step:
            self._save()
        self._keep()
        self._report()

    def _save(self) -> None:
        """Writes the adapter in half the bytes. NumPy reads this half, and not the other."""
        halves = {name: weight.to(torch.float16) for name, weight in self._model.state_dict().items()}
        self._model.peft_config["default"].base_model_name_or_path = Path(self._plan.model).name
        self._model.save_pretrained(self._folder / "adapter", state_dict=halves)

    def _is_over(self) -> bool:
        best = min(range(len(self._points)), key=lambda at: self._points[at].held_out)
        return len(self._points) - 1 - best >= self._plan.patience

    def _report(self) -> None:
        left = self._seconds / self._step * (self._steps - self._step) if self._step else 0.0
        best = min(point.held_out for point in self._points)
        progress = Progress(self._step, self._steps, round(left, 1), self._points[0].held_out, best)
        print(json.dumps(asdict(progress)), flush=True)

    def _keep(self) -> None:
        """Writes the state. A rename is atomic, so a killed process leaves the last state or the new one."""
        lines = "".join(json.dumps(asdict(point)) + "\n" for point in self._points)
        (self._folder / "curve.jsonl").write_text(lines)
        state = {
            "adapter": get_peft_model_state_dict(self._model),
            "optimizer": self._optimizer.state_dict(),
            "step": self._step,
            "seconds": self._seconds,
            "points": [asdict(point) for point in self._points],
        }
        torch.save(state, self._folder / "checkpoint.new")
        os.replace(self._folder / "checkpoint.new", self._folder / "checkpoint.pt")

    def _resume(self) -> None:
        path = self._folder / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True, map_location=self._device)
        set_peft_model_state_dict(self._model, state["adapter"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._step, self._seconds = state["step"], state["seconds"]
        self._points = [Point(**point) for point in state["points"]]


if __name__ == "__main__":
    train(Path(sys.argv[1]))
