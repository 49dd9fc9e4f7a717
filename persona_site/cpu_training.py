"""The type of numbers in which the processor trains fastest."""

import torch

# Without AVX-512, a processor multiplies bfloat16 several times slower than float32 (benchmarks/training.py).
DTYPE = torch.bfloat16 if "AVX512" in torch.backends.cpu.get_cpu_capability() else torch.float32
