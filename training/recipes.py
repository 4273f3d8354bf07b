"""The recipes from sources to files that ship: what `chartwright train` runs."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from index_build.findable.adapter import ADAPTER_FOLDER, WEIGHTS, adapter_name
from index_build.findable.reranker import RERANKER_FOLDER
from retrieval.features import word_weights
from retrieval.index_folder import file_digest
from training.preparation import candidate_lists, packaged_book, prepared_encoder
from training.reranker import (
    LabelledList,
    RerankerPlan,
    check_export,
    labelled_lists,
    train_reranker,
    write_reranker,
)
from training.reranker import write_card as write_reranker_card
from training.retrieval_adapter import AdapterPlan, train_adapter
from training.retrieval_adapter import write_card as write_adapter_card
from training.search_space import build_space
from training.term_pairs import (
    INCLUSION_SHARE,
    MAIN_TERM_SHARE,
    SEED,
    TermPairs,
    clinical_pairs,
    gather_pairs,
    index_pairs,
    packaged_entries,
    read_index_terms,
)

RERANKER_STEPS: Final = ("Embedding wordings", "Lists of candidates", "Training the reranker")
_CHECKED: Final = 50
"""Lists on which the written graph is compared with the trained one."""

_LICENCE: Final = "Apache-2.0, as the project; all-MiniLM-L6-v2 is Apache-2.0, the code set is in the public domain"


class Recipe(NamedTuple):
    """Where a recipe reads and writes."""

    work: Path
    index_file: Path | None = None
    out: Path | None = None
    """The folder that ships, where none is named."""


def make_adapter(recipe: Recipe, told: Callable[[int, int, float], None]) -> Path:
    """Tune the encoder and write weights and card; returns the weights' path. Raises `InputError` for a bad index."""
    recipe.work.mkdir(parents=True, exist_ok=True)
    out = recipe.out or ADAPTER_FOLDER
    out.mkdir(parents=True, exist_ok=True)
    entries = packaged_entries()
    pairs = gather_pairs(entries, read_index_terms(recipe.index_file) if recipe.index_file else ())
    plan = AdapterPlan()
    path = train_adapter(pairs, recipe.work, plan, told)
    path = path.replace(out / WEIGHTS)
    card = {"name": "Retrieval adapter", "plan": plan._asdict(), "digest": file_digest(path), **_facts(pairs)}
    write_adapter_card(out, card)
    return path


def make_reranker(recipe: Recipe, told: Callable[[str, int, int], None]) -> Path:
    """Train the reranker over the encoder that ships and write graph, word weights and card; returns their folder.

    Raises `IntegrityError` when the written graph does not score as the trained one does.
    """
    recipe.work.mkdir(parents=True, exist_ok=True)
    out = recipe.out or RERANKER_FOLDER
    plan = RerankerPlan()
    entries = packaged_entries()
    terms = read_index_terms(recipe.index_file) if recipe.index_file else ()
    pairs = gather_pairs(entries, terms)
    codes = {entry.code for entry in entries}
    space = build_space(entries, (p for p in (*clinical_pairs(), *index_pairs(terms)) if p.code in codes))
    encoder = prepared_encoder(recipe.work, ADAPTER_FOLDER if adapter_name() else None)
    lists = candidate_lists(space, packaged_book(entries, recipe.work), encoder, told)
    weights = word_weights(space.texts)
    labelled: list[LabelledList] = []
    for found in labelled_lists(lists, pairs, encoder, weights, plan):
        labelled.append(found)
        told(RERANKER_STEPS[1], len(labelled), plan.inclusion + plan.clinical + plan.index_entries)
    net, standard = train_reranker(labelled, plan, lambda epoch, of, _: told(RERANKER_STEPS[2], epoch, of))
    write_reranker(out, net, standard, weights)
    facts = {"name": "Candidate reranker", "plan": plan._asdict(), "lists": len(labelled), "encoder": adapter_name()}
    write_reranker_card(out, {**facts, **_facts(pairs)})
    check_export(out, net, standard, labelled[:_CHECKED])
    return out


def _facts(pairs: TermPairs) -> dict[str, object]:
    sources = sorted({pair.source for pair in pairs.training})
    return {
        "trained_on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "licence": _LICENCE,
        "pairs": {source: sum(pair.source == source for pair in pairs.training) for source in sources},
        "held_out": {
            "seed": SEED,
            "share_of_codes_with_inclusion_terms": INCLUSION_SHARE,
            "codes": len(pairs.held_out.codes),
            "share_of_main_terms": MAIN_TERM_SHARE,
            "main_terms": len(pairs.held_out.main_terms),
            "digest": pairs.held_out.digest,
        },
    }
