"""Several adapters in one pass: each sequence gets what its adapter alone, merged by PEFT, would give it."""

import gc
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from generation.catalogue import installation, model_rows, packaged
from generation.engine import Adapter, EngineFailed, LocalEngine, Prompt, Sampling
from generation.engines.batching import low_rank
from generation.engines.batching.batched import BatchedEngine
from generation.engines.batching.forward_pass import ForwardPass, Segment
from generation.engines.hf_transformers import packed_attention
from generation.engines.hf_transformers.packed_attention import PackedForwardPass
from generation.engines.openvino import paged_attention
from generation.engines.openvino.paged_attention import PagedForwardPass
from tests.generation.engines import adapters

pytestmark = pytest.mark.model

TEXT = list(range(1000, 1040))
PROMPT = Prompt(form="transcript", text="Ada keeps a lighthouse on the western shore.\n\nYou: Good evening.\nAda:")


@pytest.fixture(scope="module")
def two(installed_model: packaged.CatalogueModel, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    """Two adapters of different ranks."""
    folder = tmp_path_factory.mktemp("adapters")
    return [
        adapters.make(installed_model, folder, name="first", seed=1),
        adapters.make(installed_model, folder, name="second", seed=2, rank=4),
    ]


@pytest.fixture(params=[pytest.param("packed", marks=pytest.mark.thorough), "paged"])
def forward_pass(
    request: pytest.FixtureRequest, installed_model: packaged.CatalogueModel, monkeypatch: pytest.MonkeyPatch
) -> ForwardPass:
    folder = model_rows.folder(installed_model.name)
    if request.param == "paged":
        # How the CPU engine computes on a processor that does not multiply bytes, so that it can be compared closely.
        floats = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": "0", "KV_CACHE_PRECISION": "f32"}
        monkeypatch.setattr(paged_attention, "OPTIONS", paged_attention.OPTIONS | floats)
        return PagedForwardPass(installation.exported(folder), capacity=1024)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=packed_attention.ATTENTION
    )
    return PackedForwardPass(model.eval(), capacity=1024)


@pytest.fixture(params=[pytest.param("transformers", marks=pytest.mark.thorough), "openvino"])
def engine(request: pytest.FixtureRequest) -> LocalEngine:
    names = {"transformers": "real_engine", "openvino": "cpu_engine"}
    made: LocalEngine = request.getfixturevalue(names[request.param])
    return made


def distance(first: torch.Tensor, second: torch.Tensor) -> float:
    """The mean difference of two rows of logits, without what they have in common."""
    return float(((first - first.mean()) - (second - second.mean())).abs().mean())


def test_two_adapters_and_none_in_one_pass_are_each_as_alone(
    forward_pass: ForwardPass, two: list[Adapter], installed_model: packaged.CatalogueModel
) -> None:
    plain = forward_pass.read([Segment(forward_pass.cache(), TEXT)])[0]
    loaded = [forward_pass.load(adapter) for adapter in two]
    caches = [forward_pass.cache(adapter) for adapter in (*loaded, None)]
    for start, end in [(0, 30), (30, 39), (39, 40)]:
        logits = forward_pass.read([Segment(cache, TEXT[start:end]) for cache in caches])
    rows = [torch.as_tensor(row) for row in logits]
    # The paged model's weights are rounded to 8 bits, so its plain logits tell how far that alone leads.
    with torch.inference_mode():
        expected = [adapters.merged(adapter, installed_model)(torch.tensor([TEXT])).logits[0, -1] for adapter in two]
        bare = AutoModelForCausalLM.from_pretrained(model_rows.folder(installed_model.name), dtype=torch.float32)
        rounding = distance(torch.as_tensor(plain), bare(torch.tensor([TEXT])).logits[0, -1])
    assert distance(rows[2], torch.as_tensor(plain)) < 0.01
    for row, alone in zip(rows, expected, strict=False):
        assert distance(row, alone) < 2 * rounding + 0.005
    assert distance(*expected) > 4 * rounding + 0.1  # so the comparison can tell them apart
    assert distance(rows[0], torch.as_tensor(plain)) > 4 * rounding + 0.1


def test_a_cached_beginning_serves_only_its_own_adapter(engine: LocalEngine, two: list[Adapter]) -> None:
    sampling = Sampling(temperature=0, max_tokens=8, repetition_penalty=1)
    prompts = [Prompt(PROMPT.form, text=PROMPT.text, adapter=adapter) for adapter in (None, *two)]
    texts, cached = [], []
    for prompt in [*prompts, *prompts]:
        *tokens, last = engine.stream(prompt, sampling, lambda: False)
        texts.append("".join(token.text for token in tokens))
        assert last.usage is not None
        cached.append(last.usage.cached_tokens)
    assert cached[:3] == [0, 0, 0]
    assert all(count > 8 for count in cached[3:])
    assert len(set(texts[:3])) == len(set(texts[3:])) == 3


def test_an_engine_names_the_weights_whose_adapters_it_serves(
    engine: LocalEngine, installed_model: packaged.CatalogueModel
) -> None:
    assert engine.describe().adapts == model_rows.folder(installed_model.name).name


def test_an_adapter_whose_files_are_gone_ends_only_its_own_reply(engine: LocalEngine, tmp_path: Path) -> None:
    gone = Adapter("gone", engine.describe().adapts, str(tmp_path / "gone"))
    with pytest.raises(EngineFailed, match="gone cannot be read"):
        list(engine.stream(Prompt("transcript", text="Hello", adapter=gone), Sampling(max_tokens=2), lambda: False))
    assert list(engine.stream(PROMPT, Sampling(max_tokens=2), lambda: False))


def test_m2_gd5_an_engine_that_forgets_has_no_adapter_and_no_earlier_prompt(
    engine: BatchedEngine, two: list[Adapter]
) -> None:
    sampling = Sampling(temperature=0, max_tokens=8, repetition_penalty=1)
    prompt = Prompt(PROMPT.form, text=PROMPT.text, adapter=two[0])
    list(engine.stream(prompt, sampling, lambda: False))
    batcher = engine._batcher
    assert two[0] in batcher._loaded
    engine.forget()
    batcher.between_steps(gc.collect).result()
    assert two[0] not in batcher._loaded
    *_, last = engine.stream(prompt, sampling, lambda: False)  # a fine-tune that is still there is read again
    assert last.usage is not None
    assert last.usage.cached_tokens == 0


def test_adapters_leave_the_memory_with_their_last_sequence(two: list[Adapter]) -> None:
    first = low_rank.read(two[0])
    mask = low_rank.mask([first, low_rank.read(two[1])], [(None, 1), (first, 2)])
    assert mask.sum(axis=1).tolist() == [0, 8, 8]
