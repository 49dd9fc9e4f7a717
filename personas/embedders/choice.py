"""Which embedder reads a text."""

from personas.embedders.base import Embedder
from personas.embedders.e5 import E5
from personas.embedders.minilm import MiniLM
from text import scripts


def embedder_for(text: str) -> Embedder:
    """E5 for Chinese, of which MiniLM knows nothing; MiniLM for everything else, where it finds more and is smaller."""
    return E5() if scripts.is_mostly_han(text) else MiniLM()
