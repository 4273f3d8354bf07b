"""Words that a coder takes for one another when looking something up: endings, and the two names of an organ."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from retrieval.wording import ROMAN

_ORGANS: Final = (
    "kidney renal nephric", "heart cardiac", "lung pulmonary", "liver hepatic", "brain cerebral", "stomach gastric",
    "skin cutaneous dermal", "eye ocular ophthalmic", "ear otic aural", "nose nasal", "mouth oral", "tongue lingual",
    "bowel intestine intestinal", "colon colonic", "breast mammary", "bone osseous", "bladder vesical",
    "gallbladder cholecystic", "uterus uterine", "ovary ovarian", "prostate prostatic", "testis testicular testicle",
    "thyroid thyroidal", "spleen splenic", "pancreas pancreatic", "nerve neural", "vein venous", "artery arterial",
    "vessel vascular", "muscle muscular", "joint articular", "spine spinal vertebral", "tooth dental",
    "jaw maxillary", "throat pharyngeal pharynx", "windpipe trachea tracheal", "rib costal",
    "abdomen abdominal belly", "chest thoracic", "neck cervical", "womb uterine", "shinbone tibia tibial",
    "thighbone femur femoral", "collarbone clavicle", "kneecap patella", "tailbone coccyx", "breastbone sternum",
    "blood hematologic", "lymph lymphatic", "tumor tumour neoplasm", "cancer carcinoma", "newborn neonatal neonate",
    "pregnancy gestational", "alcohol alcoholic", "disease disorder", "inflammation inflammatory",
    "obstruction obstructive", "stone calculus", "attack episode", "low decreased", "high elevated increased",
    "hemorrhage bleeding hemorrhagic", "rupture ruptured", "ulcer ulceration", "infarct infarction", "fluid effusion",
    "swelling edema", "numbness anesthesia", "itching pruritus",
)  # fmt: skip
"""Words that name one thing; a title that says the word itself is preferred."""

_ENDINGS_OF_DISEASES: Final = ("itis", "osis", "oma", "emia", "uria", "pathy", "algia", "plegia", "ectomy")
_LONG: Final = 5
_SHARED: Final = 6
_LONGEST_ENDING: Final = 3
_MOST_KIN: Final = 6
_NUMERAL: Final = 0.999
_SAME_ORGAN: Final = 0.9
_OTHER_ENDING: Final = 0.85


class Variant(NamedTuple):
    """A word of the vocabulary that a spoken word may stand for."""

    number: int
    """Its place in the vocabulary."""
    factor: float
    """1 for the word itself, less for one that is only akin to it."""


class WordFinder:
    """Finds the words of a sorted vocabulary that a spoken word may mean."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._vocabulary = vocabulary
        self.variants = lru_cache(maxsize=8_192)(self._variants)

    def _variants(self, word: str) -> tuple[Variant, ...]:
        """The best first; empty when nothing in the vocabulary is like it."""
        found: dict[int, float] = {}
        for other, factor in self._ways(word):
            if (number := self._number(other)) is not None:
                found[number] = max(found.get(number, 0.0), factor)
        return tuple(Variant(n, f) for n, f in sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _ways(self, word: str) -> Iterator[tuple[str, float]]:
        yield word, 1.0
        if word in ROMAN:
            yield ROMAN[word], _NUMERAL
        for other in _same_organ().get(word, ()):
            yield other, _SAME_ORGAN
        for other in self._kin(word):
            yield other, _OTHER_ENDING

    def _number(self, word: str) -> int | None:
        place = bisect_left(self._vocabulary, word)
        return place if place < len(self._vocabulary) and self._vocabulary[place] == word else None

    def _kin(self, word: str) -> list[str]:
        """Words with another ending (`retina`, `retinal`), the nearest first."""
        if len(word) < _LONG or not word.isalpha():
            return []
        first = bisect_left(self._vocabulary, word[:_LONG])
        kin: list[tuple[int, str]] = []
        for other in self._vocabulary[first:]:
            if not other.startswith(word[:_LONG]):
                break
            shared = _shared(word, other)
            further = len(word) + len(other) - 2 * shared
            if other != word and _is_kin(word, other, shared):
                kin.append((further, other))
        return [other for _, other in sorted(kin)[:_MOST_KIN]]


def _shared(one: str, other: str) -> int:
    """Letters that both begin with."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _is_kin(word: str, other: str, shared: int) -> bool:
    """One goes on where the other ends, or both end differently after a long common beginning."""
    endings = len(word) - shared, len(other) - shared
    if max(endings) > _LONGEST_ENDING:
        return False
    if min(endings) and shared < _SHARED:
        return False
    return _names_disease(word) == _names_disease(other)


def _names_disease(word: str) -> str:
    return next((ending for ending in _ENDINGS_OF_DISEASES if word.endswith(ending)), "")


@lru_cache(maxsize=1)
def _same_organ() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for group in _ORGANS:
        names = group.split()
        for name in names:
            found[name] += [other for other in names if other != name]
    return {name: tuple(others) for name, others in found.items()}
