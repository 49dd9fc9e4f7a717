"""Low-rank adaptation of a model (LoRA: Hu et al. 2021), with the PEFT library.

`Training` is what all trainings have in common: steps, measurements, and a state to go on from. What is learnt is
another class's matter: `imitation` learns texts, `preferences` learns which replies a reader found sensible.
"""

import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from transformers import AutoModelForCausalLM

from generation.tuning.job import Plan, Point, Progress
from persona_site import cpu_training

_WARM_UP = 10  # steps until the full rate
_LOWEST_RATE = 0.05  # of the full rate, at the end
_SEED = 1


E = TypeVar("E")


@dataclass(frozen=True)
class Loss:
    """Of one example."""

    objective: torch.Tensor  # what a step lowers
    nats: float  # what is measured, over the whole example
    size: int  # of the example: bytes of its targets, or 1


class Training(ABC, Generic[E]):
    def __init__(self, folder: Path, plan: Plan, learnt: Sequence[E], held_out: Sequence[E]) -> None:
        self._folder, self._plan, self._learnt, self._held_out = folder, plan, learnt, held_out
        torch.manual_seed(_SEED)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = cpu_training.DTYPE if self._device == "cpu" else torch.bfloat16
        model = AutoModelForCausalLM.from_pretrained(plan.model, dtype=dtype, local_files_only=True)
        self._model: Any = _adapted(model, plan).to(self._device)
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

    def _batch(self) -> list[E]:
        per_epoch = len(self._learnt) // self._plan.batch
        epoch, at = divmod(self._step, per_epoch)
        order = torch.randperm(len(self._learnt), generator=torch.Generator().manual_seed(_SEED + epoch)).tolist()
        return [self._learnt[number] for number in order[at * self._plan.batch :][: self._plan.batch]]

    def _learn(self, batch: Sequence[E]) -> float:
        """One step of the optimizer. Returns the batch's loss in bits."""
        share = (self._step + 1) / self._steps
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.rate * min((self._step + 1) / _WARM_UP, max(_LOWEST_RATE, 1 - share))
        losses = []
        for example in batch:
            loss = self._loss(example)
            (loss.objective / len(batch)).backward()  # type: ignore[no-untyped-call]
            losses.append(loss)
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return _bits(losses)

    @abstractmethod
    def _loss(self, example: E) -> Loss: ...

    @torch.no_grad()
    def _measure(self, losses: list[float]) -> None:
        self._model.eval()
        held_out = _bits([self._loss(example) for example in self._held_out])
        self._model.train()
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


def _adapted(model: Any, plan: Plan) -> Any:
    """The model with the adapter that the plan begins with, or with a new one."""
    if plan.begins_with:
        return PeftModel.from_pretrained(model, plan.begins_with, is_trainable=True)
    config = LoraConfig(
        r=plan.rank,
        lora_alpha=2 * plan.rank,
        target_modules=plan.targets,
        task_type="CAUSAL_LM",
        lora_dropout=0.0,
    )
    return get_peft_model(model, config)


def _bits(losses: Sequence[Loss]) -> float:
    """The mean over all that the examples hold."""
    return sum(loss.nats for loss in losses) / log(2) / max(1, sum(loss.size for loss in losses))
