"""A packaged model on the CPU engine for measurements: what is said, and what cannot run."""

from pathlib import Path

import pytest

from generation.catalogue import model_rows, packaged
from generation.engine import EngineNotReady
from generation.engines.openvino import packaged_engine

GEMMA = packaged.PACKAGED["gemma3-270m"]
REASON = "This model runs on transformers, more slowly than on the CPU engine. No room is left."


@pytest.fixture
def refused(tmp_path: Path, monkeypatch) -> None:
    """A model whose export for the CPU engine failed."""
    monkeypatch.setattr(model_rows, "folder", lambda name, *, is_tuned: tmp_path)
    monkeypatch.setattr(model_rows, "fetch_and_convert", lambda name, report, *, is_tuned: None)
    monkeypatch.setattr(model_rows, "export_where_missing", lambda name, *, is_tuned: None)
    (tmp_path / "openvino-not.txt").write_text(REASON)


def test_a_model_that_the_engine_cannot_run_gives_the_reason_and_its_terms_are_said(refused):
    lines: list[str] = []
    with (
        pytest.raises(EngineNotReady, match="No room is left"),
        packaged_engine.running(GEMMA, is_tuned=False, say=lines.append),
    ):
        raise AssertionError
    assert GEMMA.terms is not None
    assert lines == [GEMMA.terms.summary, "Preparing Gemma 3 270M without its conversation tune."]
