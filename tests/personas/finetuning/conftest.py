"""A persona with enough words, and a model of two small layers to learn them."""

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from generation.catalogue import model_rows
from personas.finetuning import queueing
from personas.models import Passage, Persona
from tests import factories

PLACES = ["the harbour", "the mill", "my sister's garden", "the old bridge", "the market", "the church"]


@pytest.fixture
def persona(alice, settings) -> Persona:
    settings.FINE_TUNE_WORDS = 500
    made = factories.make_persona(owner=alice, name="George", depicts="dead")
    source = made.sources.create(name="letters.txt", format="plain-text", bytes=10, status="ready")
    for day in range(300):
        text = (
            f"On day {day} I walked to {PLACES[day % 6]} again, and thought of you, my dear. Aunt Mabel sends her love "
            f"and says that the {day % 7} hens lay well. I am, as ever, far too idle to write more than this."
        )
        digest = hashlib.sha256(text.encode()).hexdigest()
        Passage.objects.create(persona=made, source=source, text=text, digest=digest, source_ref="line 1")
    return made


@pytest.fixture
def queued(monkeypatch) -> list[str]:
    """Queues nothing. Returns what would be queued."""
    names: list[str] = []
    monkeypatch.setattr(queueing, "train", lambda: names.append("train"))
    monkeypatch.setattr(queueing, "compare", lambda fine_tune: names.append("compare"))
    return names


@pytest.fixture
def small_model(installed_model, tmp_path: Path, monkeypatch) -> Path:
    """The active model is one of two small layers, with the packaged model's tokenizer."""
    packaged = model_rows.folder(installed_model.name)
    folder = tmp_path / "models" / "small"
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49152, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(packaged / name, folder)
    monkeypatch.setattr(model_rows, "models_dir", lambda: tmp_path / "models")
    monkeypatch.setattr(model_rows, "folder", lambda name, **_: folder)
    return folder
