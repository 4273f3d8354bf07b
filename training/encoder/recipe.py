"""The recipe of the fast encoder, from coded encounters to the folder that ships; every step goes on where it stopped.

Encounters become examples (the product's own reading of them), the backbone is distilled into token vectors, the labels
learn from the training part, the decider from the development part, and the test part says what it is worth.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from agent.bootstrap import build_pipeline
from agent.encoder_files import (
    BACKBONE,
    DECIDER,
    LABELS,
    SHIPPED,
    TOKENIZER,
    VECTORS,
    EncoderVectors,
    Floats,
    Thresholds,
)  # fmt: skip
from agent.label_head import LabelHead
from agent.llm import LlmSettings
from agent.pipeline import Pipeline
from agent.routine import FastPathMode, FastPathSettings
from agent.sentence_space import SentenceSpace
from agent.settings import Settings
from index_build.findable.terms import clinical_terms
from medcoding.codebook import Codebook
from retrieval.index_folder import digest_of, open_index
from retrieval.wording import reduce_title
from training.encoder.attention import AttentionPlan, LabelAttention, ReadNote, learn
from training.encoder.backbone import Backbone, prepared_backbone
from training.encoder.card import CardFacts, write_card
from training.encoder.coded_parts import CodedParts, in_edition, read_parts, split
from training.encoder.deciding import DeciderPlan, grow, rows_of
from training.encoder.distil import DistilPlan, TokenVectors, distil
from training.encoder.examples import Example, ExampleMaker, ensure_examples
from training.encoder.familiar import familiar_ground
from training.encoder.figures import coded, figures
from training.encoder.graphs import export_labels
from training.encoder.leakage import refuse_leakage
from training.encoder.made_up import MadeUpPlan, made_up_parts, shipped_past

ENCODER_STEPS: Final = (
    "Reading encounters", "Coding encounters", "Embedding texts", "Learning labels", "Testing the rules",
    "Testing the encoder",
)  # fmt: skip
_READ, _CODED, _EMBEDDED, _LEARNED, _BY_RULES, _BY_ENCODER = ENCODER_STEPS
_BACKBONE_NOTES: Final = 800
"""Training notes that the labels also learn from as the backbone reads them."""
_TEXTS_OF_BOOK: Final = 25_000

Told = Callable[[str, int, int], None]


class EncoderRecipe(NamedTuple):
    """Where the recipe reads and writes, and how much it does."""

    work: Path
    data: Path | None = None
    """Coded encounters; None makes the default encoder from made-up ones."""
    out: Path = SHIPPED
    index_dir: Path | None = None
    backbone: Path | None = None
    """Folder of a sentence-transformers model; None takes the encoder of the index."""
    fewest: int = 8
    """Training encounters that a code needs to become a label."""
    past: int | None = None
    """How many of the past encounters that ship the decider learns from beside the hospital's own; None takes all."""
    made_up: MadeUpPlan = MadeUpPlan()
    distilling: DistilPlan = DistilPlan()
    attention: AttentionPlan = AttentionPlan()
    decider: DeciderPlan = DeciderPlan()
    thresholds: Thresholds = Thresholds(taken_from=0.5, unsure_from=0.3, unsure_to=0.7, most_read=6)
    """A code is taken where it is likelier right than wrong; read again is what lies near that bound."""

    @property
    def index_root(self) -> Path:
        """Root of the index that is asked."""
        return self.index_dir or Settings().index_dir


class _Gathered(NamedTuple):
    """What is learned from."""

    parts: CodedParts
    book: Codebook
    training: Sequence[Example]
    development: Sequence[Example]
    report: Mapping[str, Any]


class _Space(NamedTuple):
    """Where sentences lie."""

    sentences: SentenceSpace
    backbone: Backbone
    tokens: TokenVectors


def make_encoder(recipe: EncoderRecipe, told: Told) -> Path:
    """Train, test and write the folder; returns it. `told` hears a step, how much of it is done, and of how much.

    Raises `InputError` for data that do not fit or that leak, `DependencyError` without an index.
    """
    recipe.work.mkdir(parents=True, exist_ok=True)
    recipe.out.mkdir(parents=True, exist_ok=True)
    rules = _pipeline(recipe, FastPathSettings(mode=FastPathMode.OFF))
    gathered = _gathered(recipe, rules, told)
    space = _space(recipe, gathered, told)
    labels = _labels(gathered.training, recipe.fewest, gathered.book)
    export_labels(recipe.out / LABELS, _learned_labels(recipe, gathered, labels, space, told))
    rows = rows_of(gathered.development, LabelHead(recipe.out, labels), space.sentences)
    grow(rows, recipe.decider).save(recipe.out / DECIDER)
    ground = familiar_ground([*gathered.development, *gathered.training[: len(gathered.development)]], space.sentences)
    _write_vectors(recipe.out, space.tokens, ground.centroids)
    report = {**gathered.report, "static_agreement": space.tokens.agreement, "decider_rows": len(rows.right)}
    facts = CardFacts(
        gathered.book.edition.name, space.backbone.name, labels, recipe.thresholds, ground.distances, report
    )
    write_card(recipe.out, facts)
    write_card(recipe.out, facts._replace(report={**report, **_tested(recipe, rules, gathered, told)}))
    return recipe.out


def _pipeline(recipe: EncoderRecipe, fast_path: FastPathSettings) -> Pipeline:
    """Without a language model, whatever the settings of the machine say."""
    settings = Settings(index_dir=recipe.index_root)
    return build_pipeline(settings.model_copy(update={"fast_path": fast_path, "llm": LlmSettings()}))


def _gathered(recipe: EncoderRecipe, pipeline: Pipeline, told: Told) -> _Gathered:
    raw = _parts(recipe)
    refuse_leakage(raw)
    book = pipeline.parts.codebooks.for_date(max(e.coding_date for part in raw for e in part)).codebook
    mapped = [in_edition(part, book) for part in raw]
    parts = CodedParts(*(one.encounters for one in mapped))
    tuned_on = parts.development
    if recipe.data is not None:
        tuned_on = (*tuned_on, *in_edition(shipped_past()[: recipe.past], book).encounters)
    folder = recipe.work / f"examples-{_name(parts, recipe.index_root)}"
    folder.mkdir(parents=True, exist_ok=True)
    maker = ExampleMaker(pipeline)
    training = ensure_examples(
        folder / "training.jsonl", parts.training, maker.read, lambda done, of: told(_READ, done, of)
    )
    development = ensure_examples(
        folder / "development.jsonl", tuned_on, maker.answered, lambda done, of: told(_CODED, done, of)
    )
    report = {
        "data": recipe.data.name if recipe.data else "made up",
        "encounters": {name: len(part) for name, part in parts.named().items()},
        "codes_renamed": sum(one.renamed for one in mapped),
        "codes_dropped": sum(one.dropped for one in mapped),
    }
    return _Gathered(parts, book, training, development, report)


def _parts(recipe: EncoderRecipe) -> CodedParts:
    if recipe.data is None:
        return made_up_parts(recipe.made_up)
    read = read_parts(recipe.data)
    return read if isinstance(read, CodedParts) else split(read)


def _name(parts: CodedParts, index: Path) -> str:
    """What tells examples of these encounters, read with this index, from others."""
    told = (f"{e.case_id}:{[d.text for d in e.documents]}:{[c.code for c in e.codes]}" for part in parts for e in part)
    return digest_of(open_index(index).manifest.digest, *told)


def _space(recipe: EncoderRecipe, gathered: _Gathered, told: Told) -> _Space:
    """Distil the backbone and write the vectors, centroids still to come."""
    backbone = prepared_backbone(recipe.backbone, open_index(recipe.index_root), recipe.work)
    titles = [reduce_title(title) for _, title in gathered.book.billable_titles()]
    texts = [*titles[:: max(1, len(titles) // _TEXTS_OF_BOOK)], *(term.text for term in clinical_terms())]
    sentences = [text for example in gathered.training for text in example.texts]
    half = recipe.distilling.most_texts // 2
    chosen = [*texts[:: max(1, len(texts) // half)], *list(dict.fromkeys(sentences))[:half]]
    shutil.copyfile(backbone.folder / TOKENIZER, recipe.out / TOKENIZER)
    if backbone.is_own:
        shutil.copytree(backbone.folder, recipe.out / BACKBONE, dirs_exist_ok=True)
    tokens = distil(
        recipe.out / TOKENIZER, backbone.encoder, chosen, recipe.distilling, lambda n, of: told(_EMBEDDED, n, of)
    )
    vectors = _write_vectors(recipe.out, tokens, np.zeros((0, tokens.tokens.shape[1]), dtype=np.float32))
    return _Space(SentenceSpace(recipe.out, vectors), backbone, tokens)


def _write_vectors(folder: Path, tokens: TokenVectors, centroids: Floats) -> EncoderVectors:
    vectors = EncoderVectors(tokens.tokens, tokens.scales, tokens.projection, tokens.mean, centroids)
    np.savez(folder / VECTORS, **vectors._asdict())
    return vectors


def _labels(examples: Sequence[Example], fewest: int, book: Codebook) -> tuple[str, ...]:
    """Codes with enough examples, in order of the code."""
    counts = Counter(code for example in examples for code in example.codes)
    return tuple(sorted(code for code, number in counts.items() if number >= fewest and book.is_billable(code)))


def _learned_labels(
    recipe: EncoderRecipe, gathered: _Gathered, labels: tuple[str, ...], space: _Space, told: Told
) -> LabelAttention:
    places = {code: place for place, code in enumerate(labels)}
    notes = [_note(example, places, space.sentences.static(example.texts)) for example in gathered.training]
    notes += [
        _note(example, places, space.sentences.projected(space.backbone.encoder.encode(example.texts)))
        for example in gathered.training[:_BACKBONE_NOTES]
        if example.texts
    ]
    counts = np.bincount([label for note in notes for label in note.labels], minlength=len(labels))
    titles = space.sentences.static([reduce_title(gathered.book.title(code)) for code in labels])
    model = LabelAttention(titles, (counts / max(1, len(notes))).astype(np.float32))
    checkpoint = recipe.work / f"labels-{digest_of(*labels, str(len(notes)), space.backbone.name)}.pt"
    learn(model, notes, checkpoint, recipe.attention, lambda done, of, _: told(_LEARNED, done, of))
    return model


def _note(example: Example, places: Mapping[str, int], vectors: Floats) -> ReadNote:
    known = tuple(places[code] for code in example.codes if code in places)
    return ReadNote(vectors, np.array(example.marks, dtype=np.float32), known)


def _tested(recipe: EncoderRecipe, rules: Pipeline, gathered: _Gathered, told: Told) -> dict[str, Any]:
    """Figures of the encoder and of the rules on the test part."""
    test, seen = gathered.parts.test, Counter(code for example in gathered.training for code in example.codes)
    encoder = _pipeline(recipe, FastPathSettings(mode=FastPathMode.ALWAYS, folder=recipe.out))
    by_encoder = coded(encoder, test, lambda done, of: told(_BY_ENCODER, done, of))
    by_rules = coded(rules, test, lambda done, of: told(_BY_RULES, done, of))
    return {"encoder": figures(by_encoder, seen), "rules": figures(by_rules, seen)}
