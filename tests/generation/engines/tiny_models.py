"""Models of three families with random weights, small enough to be made in a test. They load and stream, but
their text has no meaning."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

CHINESE = "灯塔在海边，守塔人每晚点亮灯火。"
_WORDS = [CHINESE, "你好，今天的海很安静。", "我们在月光下慢慢走回家。", "The lighthouse at the end of the world."] * 3
WINDOW = 256  # tokens


def gpt2(folder: Path) -> None:
    _save(folder, _gpt2(len(byte_level())), byte_level())


def cpm(folder: Path) -> None:
    """GPT-2's architecture over a Chinese vocabulary of pieces, as in CPM."""
    tokenizer = pieces()
    _save(folder, _gpt2(len(tokenizer)), tokenizer)


def qwen(folder: Path) -> None:
    """Rotary positions, shared key heads, a chat template."""
    tokenizer = byte_level()
    tokenizer.chat_template = "{% for m in messages %}<|end|>{{ m.role }}\n{{ m.content }}{% endfor %}<|end|>"
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=WINDOW, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    _save(folder, Qwen2ForCausalLM(config), tokenizer)


def qwen_gguf(path: Path) -> None:
    """A GGUF file as llama.cpp's converter writes it, in float16."""
    tokenizer = byte_level()
    words = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer = gguf.GGUFWriter(path, "qwen2")
    width, inner, keys = 64, 128, 32
    writer.add_context_length(WINDOW)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    writer.add_token_types([gguf.TokenType.CONTROL, *[gguf.TokenType.NORMAL] * (len(words) - 1)])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_pad_token_id(0)
    chance = np.random.default_rng(0)
    matrices = {"token_embd": (len(words), width), "output": (len(words), width)}
    matrices |= {f"blk.0.attn_{part}": (width, width) for part in ("q", "output")}
    matrices |= {f"blk.0.attn_{part}": (keys, width) for part in ("k", "v")}
    matrices |= {"blk.0.ffn_gate": (inner, width), "blk.0.ffn_up": (inner, width), "blk.0.ffn_down": (width, inner)}
    for name, shape in matrices.items():
        writer.add_tensor(f"{name}.weight", (0.2 * chance.standard_normal(shape)).astype(np.float16))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
    for part, size in (("q", width), ("k", keys), ("v", keys)):
        writer.add_tensor(f"blk.0.attn_{part}.bias", np.zeros(size, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


MAKERS = {"gpt2": gpt2, "cpm": cpm, "qwen": qwen}


def byte_level() -> PreTrainedTokenizerFast:
    """GPT-2's and Qwen's kind: a character of three bytes may be three tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        _WORDS, trainers.BpeTrainer(vocab_size=300, special_tokens=["<|end|>"], initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|end|>", eos_token="<|end|>")


def pieces() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        _WORDS, trainers.UnigramTrainer(vocab_size=200, special_tokens=["<unk>", "<eod>"], unk_token="<unk>")
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="<eod>")


def byte_fallback() -> Tokenizer:
    """Gemma's and Llama's kind: characters, and single bytes for those that are not in the vocabulary."""
    vocabulary = {"<unk>": 0, **{f"<0x{byte:02X}>": byte + 1 for byte in range(256)}, "▁": 257, "a": 258, "海": 259}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def _gpt2(vocabulary: int) -> GPT2LMHeadModel:
    torch.manual_seed(0)
    ends = {"bos_token_id": 1, "eos_token_id": 1}
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=vocabulary, n_positions=WINDOW, n_embd=32, n_layer=2, n_head=4, **ends)
    )


def _save(folder: Path, model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
