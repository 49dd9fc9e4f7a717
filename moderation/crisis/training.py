"""Fine-tuning multilingual-e5-small to the steps of the crisis ladder, end to end, on the texts of `material`.

`moderation.english_training` reads the same texts with a larger base.

The sentences were written in rounds. A look-alike stands in the round of the line that it mirrors, so cross-validation
leaves whole rounds out.

The same data and the same seed give the same weights on the same kind of processor.
"""

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from moderation.crisis import recognition, tokens
from moderation.crisis.labelled import STEPS, Labelled
from moderation.crisis.material import FOLDS, POSSIBLE, Material, Messages, Talk
from moderation.crisis.ngrams import Vote
from moderation.features import is_mostly_cjk, ngram_matrix
from moderation.networks import bert
from moderation.networks.bert import Row
from moderation.networks.bert_training import DROPOUT, Batch, FineTuning, TrainedBert, in_batches
from text.words import simplified

ALARMS = slice(STEPS.index("passive"), None)
HEADS = 12

HEAD_RATE = 1e-3
SMOOTHING = 0.12  # of a label's weight, which goes to the steps beside it
ORDINARY_WEIGHT = 1.0
# Of the vote of n-grams: the ordinary talks that it is fitted on, and the inverse of its regularisation.
VOTE_TALKS, VOTE_STRENGTH = 6000, 20.0
# How often an epoch changes a text: a typing error, no mark at its end.
TYPO, NO_MARK = 0.25, 0.2
ALONE = 0.3  # how often an ordinary message comes without those before it
# Of a training that goes on from earlier weights: its share of the rates above, and the first layers that stay; the
# ordinary talks that an epoch reads for each new sentence, and how many of these are with personas. With one for each,
# the network learned the new dangers and took more of ordinary talk for them.
SHARE_OF_RATES, KEPT_LAYERS = 0.4, 3
TALKS_FOR_EACH, WITH_PERSONAS = 4, 0.5

Say = Callable[[str], None]
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained from its base."""

    epochs: int
    batch: int
    rate: float  # of the layers
    talks: int  # without a label, in an epoch
    others_before: float  # how often a message comes behind those of somebody else
    averaged: float  # of the average of the weights that remains after an update


FIRST = Recipe(epochs=6, batch=48, rate=1.5e-4, talks=9000, others_before=0.5, averaged=0.99)


# --- The network -------------------------------------------------------------------------------


class Network(nn.Module):
    """BERT, the mean over the newest message, and one logit for each of STEPS."""

    def __init__(self, weights: dict[str, Any]) -> None:
        super().__init__()
        self.body = TrainedBert(weights, heads=HEADS)
        self.drop = nn.Dropout(DROPOUT)
        self.head = nn.Linear(weights[bert.WORDS].shape[1], len(STEPS))

    def forward(self, rows: Sequence[Row]) -> Tensor:
        """float32 [rows, STEPS]."""
        logits: Tensor = self.head(self.drop(self.body.means(rows)))
        return logits


# --- Training ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class GoingOn:
    """A training that goes on from earlier weights of the same base, to learn sentences that they did not read.

    An epoch reads all new sentences, as many of the others, and TALKS_FOR_EACH times as many ordinary talks.
    """

    weights: Path
    new: frozenset[Messages]
    epochs: int


def fit(
    given: Material,
    recipe: Recipe,
    *,
    seed: int,
    say: Say,
    checkpoint: Path,
    left_out: Callable[[int], bool] = lambda index: False,
    going_on: GoingOn | None = None,
) -> Network:
    """The network fine-tuned on the sentences and samples of the talk: the average over its last updates.

    After each epoch its state is written to `checkpoint`, from which a run that was ended goes on. `left_out` says
    which sentences (by index) take no part. Raises ClassifierUnavailable where earlier weights cannot be read.
    """
    torch.manual_seed(seed)
    sentences = [one for index, one in enumerate(given.sentences) if not left_out(index)]
    network = Network(given.weights)
    if going_on is not None:
        _load(network, going_on.weights)
    schedule = _schedule(given, recipe, sentences, going_on)
    if schedule.kept_layers is not None:
        network.body.keep_first(schedule.kept_layers)
    groups = _groups(network, recipe.rate, 1.0 if going_on is None else SHARE_OF_RATES)
    average = Network(given.weights)
    tuning = FineTuning(network, average, groups, updates=schedule.updates(recipe.batch), averaged=recipe.averaged)
    importance = importance_of(sentences)
    for epoch in range(tuning.resume(checkpoint), schedule.epochs):
        chance = random.Random(1000 * seed + epoch)  # noqa: S311 (no secret)
        torch.manual_seed(1000 * seed + epoch)
        loss = _train(network, tuning, schedule.batches(given, recipe, chance), importance)
        say(f"epoch {epoch + 1} of {schedule.epochs}: loss {loss:.3f}")
        tuning.save(checkpoint, epochs=epoch + 1)
    return tuning.average.eval()


@dataclass(frozen=True, kw_only=True)
class _Schedule:
    """What an epoch reads: all `new` sentences, as many `known` ones, and so many `talks` without a label."""

    epochs: int
    kept_layers: int | None = None  # the first layers, which stay with what lies before them; None: all learn
    new: list[Labelled]
    known: list[Labelled] = field(default_factory=list)  # those that the earlier weights have read
    talks: int

    @property
    def rehearsed(self) -> int:
        """How many known sentences an epoch reads."""
        return min(len(self.new), len(self.known))

    def updates(self, batch: int) -> int:
        return self.epochs * math.ceil((len(self.new) + self.rehearsed + self.talks) / batch)

    def batches(self, given: Material, recipe: Recipe, chance: random.Random) -> list[Batch]:
        """Those of one epoch."""
        sentences = [*self.new, *chance.sample(self.known, self.rehearsed)]
        return batches(recipe, sentences, ordinary_talk(given, self.talks, chance), given.tokenizer, chance)


def _schedule(given: Material, recipe: Recipe, sentences: list[Labelled], going_on: GoingOn | None) -> _Schedule:
    if going_on is None:
        talks = min(recipe.talks, len(given.talk))
        return _Schedule(epochs=recipe.epochs, new=sentences, talks=talks)
    new = [one for one in sentences if one.messages in going_on.new]
    known = [one for one in sentences if one.messages not in going_on.new]
    talks = min(TALKS_FOR_EACH * len(new), len(given.talk))
    return _Schedule(epochs=going_on.epochs, kept_layers=KEPT_LAYERS, new=new, known=known, talks=talks)


def _train(
    network: Network, tuning: FineTuning[Network], batches: Iterable[Batch], importance: dict[str, float]
) -> float:
    """Makes one update for each batch. Returns the mean loss."""
    network.train()
    total, count = 0.0, 0
    for batch in batches:
        loss = loss_of(network([row for row, _ in batch]), [step for _, step in batch], importance)
        tuning.update(loss)
        total, count = total + loss.item(), count + 1
    return total / count


def ordinary_talk(given: Material, count: int, chance: random.Random) -> list[Talk]:
    """At most so many talks without a label, of which WITH_PERSONAS are with personas."""
    own = given.talk[: len(given.to_personas)]
    first = chance.sample(own, min(round(WITH_PERSONAS * count), len(own)))
    return [*first, *chance.sample(given.calm, min(count - len(first), len(given.calm)))]


def _load(network: Network, path: Path) -> None:
    """Takes all weights but the word vectors, which are not trained. Raises ClassifierUnavailable."""
    weights = bert.floats(recognition.network_of(path)[0])
    width = weights[bert.WORDS].shape[1]
    weights[bert.KINDS] = np.zeros((1, width), np.float32)  # are a part of the positions in the file
    arrays = {name: torch.from_numpy(value) for name, value in weights.items() if name != bert.WORDS}
    network.head.load_state_dict({name: arrays.pop(f"head.{name}") for name in ("weight", "bias")})
    network.body.model.load_state_dict(arrays, strict=False)


def _groups(network: Network, rate: float, share: float) -> list[dict[str, Any]]:
    learned = [value for value in network.body.parameters() if value.requires_grad]
    body, head = share * rate, share * HEAD_RATE
    return [
        {"params": list(network.head.parameters()), "lr": head},
        {"params": [value for value in learned if value.ndim < 2], "lr": body},
        {"params": [value for value in learned if value.ndim == 2], "lr": body, "weight_decay": 0.01},
    ]


def importance_of(sentences: Sequence[Labelled]) -> dict[str, float]:
    """The weight of each step's loss, so that all steps count alike."""
    counts = {step: max(sum(one.step == step for one in sentences), 1) for step in STEPS}
    return {step: len(sentences) / len(STEPS) / count for step, count in counts.items()}


def loss_of(logits: Tensor, steps: Sequence[str], importance: dict[str, float]) -> Tensor:
    """Cross-entropy with the smoothed steps. Of a talk without a label: that it stays within its POSSIBLE steps."""
    likely = logits.log_softmax(dim=1)
    is_labelled = torch.tensor([step in STEPS for step in steps])
    targets = torch.stack([_target(step, importance) for step in steps])
    is_possible = torch.tensor([[other in POSSIBLE.get(step, STEPS) for other in STEPS] for step in steps])
    calm = likely.masked_fill(~is_possible, -torch.inf).logsumexp(dim=1)
    losses = torch.where(is_labelled, -(likely * targets).sum(dim=1), -ORDINARY_WEIGHT * calm)
    return losses.mean()


def _target(step: str, importance: dict[str, float]) -> Tensor:
    """float32 [STEPS]: the step's importance, of which SMOOTHING lies on the steps beside it; 0 without a label."""
    target = torch.zeros(len(STEPS))
    if step in STEPS:
        index = STEPS.index(step)
        beside = [other for other in (index - 1, index + 1) if 0 <= other < len(STEPS)]
        target[index] = 1 - SMOOTHING
        target[beside] = SMOOTHING / len(beside)
        target *= importance[step]
    return target


def batches(
    recipe: Recipe,
    sentences: Sequence[Labelled],
    talk: Sequence[Talk],
    tokenizer: Tokenizer,
    chance: random.Random,
) -> list[Batch]:
    """Rows of these sentences and talks with their steps, in batches of similar length and in random order.

    What comes before a message must not decide its step. So a message may come behind other people's messages: one in
    danger behind ordinary talk, any other behind ordinary talk or behind a message in danger. A person can go on.
    """
    grave = _by_script([one.messages for one in sentences if one.step in STEPS[ALARMS]])
    ordinary = _by_script([messages for messages, _ in talk])
    chosen = []
    for messages, known in talk:
        is_alone = chance.random() < ALONE
        others = [] if is_alone else [grave]
        chosen.append((_varied(messages[-1:] if is_alone else messages, others, recipe.others_before, chance), known))
    for one in sentences:
        others = [ordinary] if one.step in STEPS[ALARMS] else [ordinary, grave]
        others = others if len(one.messages) == 1 else []
        chosen.append((_varied(one.messages, others, recipe.others_before, chance), one.step))
    rows = [(tokens.rows(tokenizer, messages)[0], step) for messages, step in chosen]
    return in_batches(rows, recipe.batch, chance)


def _by_script(talks: Iterable[Messages]) -> dict[bool, list[Messages]]:
    """Those whose newest message is mostly Chinese, and the others."""
    found: dict[bool, list[Messages]] = {True: [], False: []}
    for messages in talks:
        found[is_mostly_cjk(messages[-1])].append(messages)
    return found


def _varied(
    messages: Messages, others: Sequence[dict[bool, list[Messages]]], others_before: float, chance: random.Random
) -> Messages:
    """The newest message with a typing error, without a mark at its end, or behind messages from one of `others`."""
    *earlier, newest = messages
    if chance.random() < NO_MARK:
        newest = newest.rstrip(".。!！") or newest
    if chance.random() < TYPO:
        newest = _with_typo(newest, chance)
    if others and chance.random() < others_before:
        same_script = chance.choice(others)[is_mostly_cjk(newest)]
        earlier = list(chance.choice(same_script)) if same_script else earlier
    return (*earlier, newest)


def _with_typo(text: str, chance: random.Random) -> str:
    """One character left out, doubled, or exchanged with the next."""
    if len(text) < 6:
        return text
    at = chance.randrange(1, len(text) - 2)
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return chance.choice((text[:at] + text[at + 1 :], text[: at + 1] + text[at:], swapped))


# --- Cross-validation and the file -------------------------------------------------------------


def cross_validated(given: Material, recipe: Recipe, *, seed: int, say: Say, checkpoints: Path) -> Scores:
    """float32 [sentences, STEPS]: of each sentence by a network that did not read its round."""
    results = np.zeros((len(given.sentences), len(STEPS)), np.float32)
    for fold in range(FOLDS):
        say(f"fold {fold + 1} of {FOLDS}")
        network = fit(
            given,
            recipe,
            seed=seed,
            say=say,
            checkpoint=checkpoints / f"fold_{fold}.pt",
            left_out=lambda index, fold=fold: given.folds[index] == fold,  # type: ignore[misc]
        )
        unread = [index for index, number in enumerate(given.folds) if number == fold]
        results[unread] = probabilities(network, given.tokenizer, [given.sentences[index].messages for index in unread])
    return results


@torch.no_grad()
def probabilities(network: Network, tokenizer: Tokenizer, talks: Sequence[Messages]) -> Scores:
    """float32 [n, STEPS], of the first window of each."""
    rows = [tokens.rows(tokenizer, messages)[0] for messages in talks]
    results = [network(rows[start : start + 64]).softmax(dim=1).numpy() for start in range(0, len(rows), 64)]
    return np.concatenate(results)


def save(network: Network, given: Material, path: Path, *, average_with: Path | None = None) -> str:
    """Writes the weights, rounded to int8, and the tokenizer, with a newly fitted vote. Returns their version.

    With `average_with`, the file of an earlier training of the same base, the weights are the mean of both: a model
    soup (Wortsman et al., ICML 2022). It errs less than either, at the cost of one. Raises ClassifierUnavailable.
    """
    arrays = bert.rounded(network.body.weights()) | _head(network)
    if average_with is not None:
        arrays = _averaged(arrays, recognition.network_of(average_with)[0])
    return recognition.save(path, arrays, tokenizer=given.tokenizer, heads=HEADS, vote=vote(given))


def _head(network: Network) -> dict[str, Any]:
    return {f"head.{name}": value.numpy() for name, value in network.head.state_dict().items()}


def save_with_network_of(weights: Path, given: Material, path: Path) -> str:
    """Writes the network of earlier weights with a newly fitted vote. Returns the version.

    Raises ClassifierUnavailable.
    """
    arrays, tokenizer = recognition.network_of(weights)
    return recognition.save(path, arrays, tokenizer=tokenizer, heads=HEADS, vote=vote(given))


def vote(given: Material) -> Vote:
    """The vote of n-grams, fitted on the newest messages of all sentences but *low* and of ordinary talk with personas.

    The talk of other sources stays out: with it, the vote told danger from calm less well in Chinese.
    """
    from sklearn.linear_model import LogisticRegression  # slow to load

    chance = random.Random(1)  # noqa: S311 (no secret)
    talks = chance.sample(given.to_personas, min(VOTE_TALKS, len(given.to_personas)))
    sentences = [one for one in given.sentences if one.step != "low"]
    texts = [one.messages[-1] for one in sentences] + [messages[-1] for messages in talks]
    is_crisis = [one.step in STEPS[ALARMS] for one in sentences] + [False] * len(talks)
    regression = LogisticRegression(C=VOTE_STRENGTH, solver="liblinear", random_state=0)
    regression.fit(ngram_matrix(map(simplified, texts)), np.array(is_crisis))
    kernel = regression.coef_[0]
    scale = np.abs(kernel).max() / 127
    return Vote(np.rint(kernel / scale).astype(np.int8), np.array([scale, regression.intercept_[0]], np.float32))


def _averaged(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The mean of both. The word vectors stay our own: they are not trained, and each file keeps other words."""
    weights, others = bert.floats(own), bert.floats(other)
    means = {name: value if name == bert.WORDS else (value + others[name]) / 2 for name, value in weights.items()}
    head = {name: means.pop(name) for name in ("head.weight", "head.bias")}
    return bert.rounded(means) | head
