"""Index paths as phrases that a note could hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from index_build.editions.index_books import IndexFiles, read_index
from index_build.findable.index_wordings import index_wordings, phrase, referring_wordings
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.index_file import write_index
from tests.index_build.readers.index_excerpts import DISEASES, DRUGS, EXTERNAL_CAUSES, NEOPLASMS


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("Diabetes, diabetic", "type 2", "with", "chronic kidney disease"),
         "diabetes type 2 with chronic kidney disease"),
        (("Anemia", "in", "failure, kidney"), "anemia in kidney failure"),
        (("Fracture, pathological", "due to", "neoplastic disease NEC"),
         "pathological fracture due to neoplastic disease"),
        (("Crohn's disease",), "Crohn's disease"),
        (("MRSA infection NOS",), "MRSA infection"),
        (("Tear", "with bursitis, synovitis or tenosynovitis"), "tear with bursitis, synovitis or tenosynovitis"),
        (("Accident", "cable car, not on rails"), "accident cable car not on rails"),
        (("Burn", "blisters - code as Burn, second degree"), "burn blisters"),
        (("Abnormal, abnormality, abnormalities", "electrocardiogram [ECG] [EKG]"), "abnormal electrocardiogram"),
    ],
)  # fmt: skip
def test_a_path_reads_like_a_note(path: tuple[str, ...], words: str) -> None:
    """Inflections and fillers go, inverted titles are turned round, names keep their capital."""
    assert phrase(path) == words


def test_every_entry_with_a_code_has_a_wording() -> None:
    """Terms with their manifestations, sites by behavior, substances by effect."""
    content = read_index(IndexFiles(DISEASES, EXTERNAL_CAUSES, NEOPLASMS, DRUGS), "FY2026")
    found = {(w.text, w.kind): w.codes for w in index_wordings(content)}
    assert found["achiness with storage disorder", "index"] == ("E85.4", "N08")
    assert found["fall from ladder", "index"] == ("W11",)
    quadrant = "breast upper-outer quadrant"
    assert found[f"secondary malignant neoplasm of {quadrant}", "neoplasm_table"] == ("C79.81",)
    assert found[f"carcinoma in situ of {quadrant}", "neoplasm_table"] == ("D05",)
    assert found["poisoning by aspirin", "drug_table"] == ("T39.011", "T39.012", "T39.013", "T39.014")
    assert found["adverse effect of aspirin", "drug_table"] == ("T39.015",)
    assert found["poisoning by acid paint", "drug_table"] == ("T54.2X1",)
    assert ("adverse effect of acid paint", "drug_table") not in found


def test_a_synonym_takes_the_code_it_is_sent_to(tmp_path: Path) -> None:
    """A path without a code is a wording for the code its "see" leads to; one that asks for a choice is not."""
    write_index(tmp_path / "i.sqlite", read_index(IndexFiles(DISEASES, neoplasms=NEOPLASMS), "FY2026"))
    index = AlphabeticIndex(tmp_path / "i.sqlite")
    found = {wording.text: wording.codes for wording in referring_wordings(index)}
    index.close()
    assert found == {"achiness foot": ("M79.67",), "achiness growth": ("D24",)}
