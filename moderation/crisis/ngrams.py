"""A vote of hashed n-grams beside the network: how much likelier a message's words and characters make a crisis.

A logistic regression of *passive* and the steps above it against *none* and *grief*, on the buckets that the filter's
n-grams have too, in simplified characters. `training` fits it. The network reads what is meant and the n-grams how it
is put; together they err less than either (docs/moderation-model-card.md).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation import features
from text.words import simplified


@dataclass(frozen=True)
class Vote:
    weights: npt.NDArray[np.int8]  # [features.BUCKETS]
    line: npt.NDArray[np.float32]  # the logit of one step of `weights`, and the logit of a text without a bucket

    def logit(self, text: str) -> float:
        found = features.buckets(simplified(text))
        total = self.weights[found].sum(dtype=np.int64) / np.sqrt(max(len(found), 1))
        return float(total * self.line[0] + self.line[1])
