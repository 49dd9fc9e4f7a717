"""What this room gives to the training of the filter: labelled texts, and the base of its Chinese network.

The texts are the sentences of the crisis ladder and ordinary talk with personas.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from moderation.categories import Category
from moderation.crisis import labelled, tokens
from moderation.crisis.base_model import BEGIN, END, BaseModel
from moderation.crisis.labelled import STEPS, Labelled
from moderation.crisis.material import LAYERS, SENTENCES, vocabulary
from moderation.filter import training
from moderation.filter.classifiers import network
from moderation.filter.classifiers.network import Reader
from moderation.filter.network_training import Base
from moderation.filter.training import CATEGORIES, Example

_PASSIVE, _ACTIVE = STEPS.index("passive"), STEPS.index("active")


def examples(data: Path, dialogues: Iterable[Path]) -> list[Example]:
    """All texts of the training: a folder of labelled ones, our templates, sentences and dialogues.

    Raises the DataMissing of `training` and of `labelled`.
    """
    return [*training.read(data), *training.own_examples(), *of_sentences(), *of_talk(dialogues)]


def of_sentences() -> list[Example]:
    """The newest message of each sentence that stands alone. Raises DataMissing."""
    read = (one for path in sorted(SENTENCES.glob("*.jsonl")) for one in labelled.read(path))
    return [_example("crisis", one.messages[0], _labels(one)) for one in read if len(one.messages) == 1]


def of_talk(dialogues: Iterable[Path]) -> list[Example]:
    """Each turn of a dialogue that was written for this product. All are harmless. Raises DataMissing."""
    return [_example("dialogues", text, dict.fromkeys(CATEGORIES, 0)) for text in _turns(dialogues)]


def chinese_base(model: BaseModel, examples: Iterable[Example]) -> Base:
    """multilingual-e5-small with its first layers, and with the pieces that Chinese and the Chinese texts need."""
    kept = vocabulary(model, (example.text for example in examples if network.language_of(example.text) == "zh"))
    tokenizer = tokens.tokenizer([model.pieces[number] for number in kept], [model.scores[number] for number in kept])
    weights = model.weights(kept, LAYERS, network.LONGEST)
    return Base("zh", weights, Reader(tokenizer, BEGIN, END), is_packaged=False)


def _turns(dialogues: Iterable[Path]) -> Iterator[str]:
    for path in dialogues:
        for row in labelled.rows(path):
            yield from (text for _, text in row["turns"])


def _labels(sentence: Labelled) -> dict[str, int]:
    """What is said of violence and instructions in a danger is unknown; so is whether *low* counts as self-harm."""
    labels: dict[str, int] = dict.fromkeys(CATEGORIES, 0)
    step = STEPS.index(sentence.step)
    labels[Category.SELF_HARM] = int(step >= _PASSIVE)
    labels[Category.SELF_HARM_INTENT] = int(step >= _ACTIVE)
    unknown = {Category.SELF_HARM} if sentence.step == "low" else set()
    if sentence.step == "passive":
        unknown = {Category.SELF_HARM_INTENT}
    if step >= _ACTIVE:
        unknown = {Category.VIOLENCE, Category.SELF_HARM_INSTRUCTIONS}
    return {category: label for category, label in labels.items() if category not in unknown}


def _example(source: str, text: str, labels: dict[str, int]) -> Example:
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:12]
    return Example(f"{source}-{digest}", source, text, labels, is_dev=False)
