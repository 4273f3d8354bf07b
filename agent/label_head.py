"""Label-wise attention over the sentences of an encounter, after PLM-ICD (Huang et al., 2022), on onnxruntime.

Each label has its own attention over the sentences: its logit says whether the encounter carries the code, its
attention which sentences told so. Marks say where a sentence stands and how its mentions are asserted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from agent.encoder_files import LABELS, Floats
from agent.statements import DIAGNOSIS_SECTIONS
from agent.withheld import withheld_sentences
from medcoding.chart import Chart, SectionKind, Sentence
from medcoding.errors import IntegrityError
from medcoding.mention import Assertion, Mention

_LISTS: Final = frozenset(
    {
        SectionKind.REVIEW_OF_SYSTEMS,
        SectionKind.PHYSICAL_EXAM,
        SectionKind.VITALS,
        SectionKind.RESULTS,
        SectionKind.MEDICATIONS,
        SectionKind.ALLERGIES,
        SectionKind.INSTRUCTIONS,
        SectionKind.FAMILY_HISTORY,
        SectionKind.DIFFERENTIAL,
    }
)
_UNREAD: Final = frozenset({SectionKind.SIGNATURE})
_ASSERTIONS: Final = tuple(Assertion)
MARKS: Final = (
    "diagnosis", "list", "story", *(assertion.value for assertion in _ASSERTIONS), "heads_problem", "no_mention",
)  # fmt: skip
"""Names of the columns of `marks`."""


class LabelReading(NamedTuple):
    """What the labels make of an encounter."""

    sentences: tuple[int, ...]
    """Numbers of the sentences that were read."""
    logits: Mapping[str, float]
    attention: Mapping[str, Floats]
    """By code, one share a sentence; they add up to 1."""

    def carriers(self, code: str, most: int = 2, least: float = 0.2) -> tuple[int, ...]:
        """Numbers of the sentences that carried a code, the strongest first; empty where it is no label."""
        shares = self.attention.get(code)
        if shares is None:
            return ()
        order = np.argsort(-shares)[:most]
        return tuple(self.sentences[place] for place in order if shares[place] >= least)


class LabelHead:
    """The graph behind `labels.onnx`; one thread."""

    def __init__(self, folder: Path, labels: Sequence[str]) -> None:
        self._session = session(folder / LABELS)
        self._places = {code: place for place, code in enumerate(labels)}

    def read(self, numbers: Sequence[int], vectors: Floats, marked: Floats, codes: Iterable[str]) -> LabelReading:
        """Logits and attention of those of the codes that are labels.

        `numbers` are those of the sentences, `vectors` and `marked` hold one row for each.
        """
        asked = [code for code in dict.fromkeys(codes) if code in self._places]
        numbers = tuple(numbers)
        if not asked or not numbers:
            return LabelReading(numbers, {}, {})
        places = np.array([self._places[code] for code in asked], dtype=np.int64)
        logits, attention = self._session.run(None, {"sentences": vectors, "marks": marked, "labels": places})
        return LabelReading(
            numbers,
            dict(zip(asked, np.asarray(logits).tolist(), strict=True)),
            dict(zip(asked, np.asarray(attention, dtype=np.float32), strict=True)),
        )

    def knows(self, code: str) -> bool:
        """True for a label."""
        return code in self._places

    def all_labels(self) -> tuple[str, ...]:
        """Every label, in order."""
        return tuple(self._places)


def clinical_sentences(chart: Chart) -> tuple[Sentence, ...]:
    """What is read: no signature, and nothing that speaks to a coder or a machine."""
    withheld = withheld_sentences(chart)
    return tuple(s for s in chart.sentences if s.section not in _UNREAD and s.number not in withheld)


def marks(sentences: Sequence[Sentence], mentions: Iterable[Mention]) -> Floats:
    """Where each sentence stands and what is said in it, sentences x `MARKS`."""
    by_sentence: dict[int, list[Mention]] = {}
    for mention in mentions:
        by_sentence.setdefault(mention.sentence, []).append(mention)
    rows = [_marks(sentence.section, by_sentence.get(sentence.number, ())) for sentence in sentences]
    return np.array(rows, dtype=np.float32).reshape(-1, len(MARKS))


def _marks(section: SectionKind, mentions: Sequence[Mention]) -> tuple[float, ...]:
    diagnosis, listed = section in DIAGNOSIS_SECTIONS, section in _LISTS
    asserted = [mention.assertion for mention in mentions]
    share = 1 / max(1, len(asserted))
    return (
        diagnosis,
        listed,
        not diagnosis and not listed,
        *(asserted.count(assertion) * share for assertion in _ASSERTIONS),
        any(mention.heads_problem for mention in mentions),
        not mentions,
    )


def session(path: Path) -> Any:
    """An ONNX graph on one thread. Raises `IntegrityError` for a damaged file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001 - the library raises bare exceptions of its own
        raise IntegrityError(f"{path.name} of the encoder is damaged; train the encoder again.") from None
