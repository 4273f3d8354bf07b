"""The learned reranker: a small network over `retrieval.features`, trained on lists of candidates, one list a wording.

Loss: the probability that a softmax over the list gives to the right candidates (ListNet's top one, Cao et al., 2007),
and beside it the cross-entropy of each candidate by itself, so that a score can be read as a likelihood.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from medcoding.errors import IntegrityError
from retrieval.encoder import TextEncoder
from retrieval.features import FEATURES, features
from retrieval.index_folder import file_digest
from retrieval.rerank import CARD, MODEL, WORDS, LearnedReranker
from training.candidate_lists import Asked, CandidateLists, masked_for, masked_itself
from training.search_space import BoolVector, WordingKind
from training.term_pairs import TermPair, TermPairs

if TYPE_CHECKING:
    from torch import Tensor, nn

_NOTHING: Final = np.zeros(0, dtype=np.int64)
_PACKAGE: Final[tuple[WordingKind, ...]] = ("title", "header", "inclusion")
_OWN: Final[tuple[WordingKind, ...]] = (*_PACKAGE, "clinical")
_WITH_INDEX: Final[tuple[WordingKind, ...]] = (*_OWN, "index")
_SPACES: Final[dict[str, tuple[tuple[tuple[WordingKind, ...], float], ...]]] = {
    "inclusion": ((_PACKAGE, 0.4), (_OWN, 0.4), (_WITH_INDEX, 0.2)),
    "clinical": ((_OWN, 0.5), (_PACKAGE, 0.3), (_WITH_INDEX, 0.2)),
    "index": ((_WITH_INDEX, 0.8), (_OWN, 0.2)),
}
"""What is searched for a wording of each source, and how often: an index is there for some users only."""

_UNMASKED: Final = 0.05
"""Share of wordings that may find themselves, so that exactness keeps its worth."""

_ITSELF: Final = 0.5
"""Share of wordings that miss only themselves, as most wordings of a note do; for the others the whole concept is
hidden, as for what nobody wrote down."""

_FARTHEST: Final = 6.0
"""Standard deviations at which a feature is cut."""

_MOST_APART: Final = 1e-4


class RerankerPlan(NamedTuple):
    """What decides the training, besides the pairs."""

    inclusion: int = 10_000
    clinical: int = 4_000
    index_entries: int = 2_500
    candidates: int = 50
    hits: int = 120
    """Of each search, and surfaces of both together: between what an encounter is answered with and the whole depth."""
    hidden: int = 64
    epochs: int = 12
    lists_a_step: int = 128
    learning_rate: float = 3e-3
    seed: int = 5


class LabelledList(NamedTuple):
    """Candidates of one wording as rows of features, and which of them are right."""

    rows: NDArray[np.float32]
    right: BoolVector


class Standard(NamedTuple):
    """Mean and deviation of every feature over the training lists."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


def wordings_drawn(pairs: TermPairs, plan: RerankerPlan) -> list[TermPair]:
    """The planned number of wordings of each source; the same seed draws the same."""
    chance = random.Random(plan.seed)  # noqa: S311 - sampling, not security
    found: list[TermPair] = []
    for source, number in (("inclusion", plan.inclusion), ("clinical", plan.clinical), ("index", plan.index_entries)):
        own = [pair for pair in pairs.training if pair.source == source]
        found += chance.sample(own, min(number, len(own)))
    chance.shuffle(found)
    return found


def labelled_lists(
    lists: CandidateLists, pairs: TermPairs, encoder: TextEncoder, weights: Mapping[str, float], plan: RerankerPlan
) -> Iterator[LabelledList]:
    """Lists of training wordings that hold a right candidate; held-out wordings are in none of them."""
    chance = random.Random(f"{plan.seed}:spaces")  # noqa: S311 - sampling, not security
    drawn = wordings_drawn(pairs, plan)
    seen = _seen(lists, pairs)
    by_space: dict[tuple[WordingKind, ...], list[TermPair]] = {_PACKAGE: [], _OWN: [], _WITH_INDEX: []}
    for pair in drawn:
        kinds, shares = zip(*_SPACES[pair.source], strict=True)
        by_space[chance.choices(kinds, shares)[0]].append(pair)
    for kinds, members in by_space.items():
        asked = [_asked(pair, lists, encoder, chance) for pair in members]
        found = lists.made(asked, seen & lists.space.of_kinds(*kinds), plan.candidates, plan.hits)
        for pair, candidates in zip(members, found, strict=True):
            right = np.isin(candidates.groups, lists.space.groups_under(pair.code))
            right &= np.array([way.code.startswith(pair.code) for way in candidates.ways])
            if right.any():
                yield LabelledList(features(pair.text, candidates.ways, weights), right)


def train_reranker(
    labelled: Sequence[LabelledList], plan: RerankerPlan, told: Callable[[int, int, float], None]
) -> tuple[nn.Module, Standard]:
    """Train on lists of equal length; shorter ones are left out. `told` hears epoch, epochs and the loss."""
    import torch

    torch.manual_seed(plan.seed)
    whole = [one for one in labelled if len(one.right) == plan.candidates]
    rows = np.stack([one.rows for one in whole])
    standard = Standard(rows.mean((0, 1)), rows.std((0, 1)) + 1e-6)
    inputs = torch.from_numpy((rows - standard.mean) / standard.deviation).clamp(-_FARTHEST, _FARTHEST)
    right = torch.from_numpy(np.stack([one.right for one in whole]))
    net = _network(plan.hidden)
    steps = -(-len(whole) // plan.lists_a_step)
    optimizer = torch.optim.AdamW(net.parameters(), lr=plan.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.learning_rate, total_steps=plan.epochs * steps)
    for epoch in range(1, plan.epochs + 1):
        total = 0.0
        for chosen in torch.split(torch.randperm(len(whole)), plan.lists_a_step):
            loss = list_loss(net(inputs[chosen])[..., 0], right[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        told(epoch, plan.epochs, total / len(whole))
    return net, standard


def list_loss(scores: Tensor, right: Tensor) -> Tensor:
    """Over lists x candidates: softmax over the list, and each candidate by itself."""
    import torch

    likely = torch.log_softmax(scores, dim=1).masked_fill(~right, -torch.inf)
    by_itself = torch.nn.functional.binary_cross_entropy_with_logits(scores, right.float())
    return by_itself - torch.logsumexp(likely, dim=1).mean()


def write_reranker(folder: Path, net: nn.Module, standard: Standard, weights: Mapping[str, float]) -> None:
    """Write graph and word weights: features in, likelihood out."""
    folder.mkdir(parents=True, exist_ok=True)
    rounded = {word: round(weight, 1) for word, weight in sorted(weights.items())}
    (folder / WORDS).write_bytes(orjson.dumps(rounded))
    _export(folder / MODEL, net, standard)


def write_card(folder: Path, facts: Mapping[str, object]) -> None:
    """The card with the digests of the files it speaks of; `LearnedReranker` refuses files that differ."""
    files = {name: file_digest(folder / name) for name in (MODEL, WORDS)}
    content = {**facts, "features": FEATURES, "files": files}
    (folder / CARD).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def check_export(folder: Path, net: nn.Module, standard: Standard, sample: Iterable[LabelledList]) -> float:
    """The largest difference between what was trained and what was written. Raises `IntegrityError` above 1e-4."""
    import torch

    written = LearnedReranker(folder)
    apart = 0.0
    for one in sample:
        with torch.no_grad():
            trained = _scorer(net, standard)(torch.from_numpy(one.rows)).numpy()
        apart = max(apart, float(np.abs(trained - written.scores_of(one.rows)).max()))
    if apart > _MOST_APART:
        raise IntegrityError(f"The exported reranker differs from the trained one by {apart:.1e}; train it again.")
    return apart


def _seen(lists: CandidateLists, pairs: TermPairs) -> BoolVector:
    space, held_out = lists.space, pairs.held_out
    asked = [pair.text for pair in pairs.inclusion_queries]
    return (
        space.without_inclusions_of(held_out)
        & space.without_main_terms_of(held_out)
        & space.without_texts(asked, "clinical")
    )


def _asked(pair: TermPair, lists: CandidateLists, encoder: TextEncoder, chance: random.Random) -> Asked:
    (vector,) = encoder.encode([pair.text])
    sees = chance.random()
    if sees < _UNMASKED:
        return Asked(pair.text, vector, _NOTHING)
    if sees < _UNMASKED + _ITSELF and pair.source != "index":
        return Asked(pair.text, vector, masked_itself(lists, pair.text))
    return Asked(pair.text, vector, masked_for(lists, pair, clinical_too=chance.random() < 0.5))


def _network(hidden: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(
        nn.Linear(len(FEATURES), hidden),
        nn.GELU(),
        nn.Linear(hidden, hidden // 2),
        nn.GELU(),
        nn.Linear(hidden // 2, 1),
    )


def _scorer(net: nn.Module, standard: Standard) -> nn.Module:
    import torch

    class Scorer(torch.nn.Module):
        """Raw features to a likelihood."""

        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.mean = torch.nn.Parameter(torch.from_numpy(standard.mean), requires_grad=False)
            self.deviation = torch.nn.Parameter(torch.from_numpy(standard.deviation), requires_grad=False)

        def forward(self, rows: Tensor) -> Tensor:
            standing = ((rows - self.mean) / self.deviation).clamp(-_FARTHEST, _FARTHEST)
            score: Tensor = torch.sigmoid(self.net(standing))[..., 0]
            return score

    return Scorer().eval()


def _export(path: Path, net: nn.Module, standard: Standard) -> None:
    import torch

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _scorer(net, standard),
            (torch.zeros((2, len(FEATURES))),),
            str(path),
            input_names=["features"],
            output_names=["scores"],
            dynamic_axes={"features": {0: "candidates"}, "scores": {0: "candidates"}},
            opset_version=17,
            dynamo=False,
        )
