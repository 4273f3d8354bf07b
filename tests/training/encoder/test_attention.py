"""Label-wise attention: what is learned is found, and looked for where it stands."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import torch

from agent.label_head import MARKS, LabelHead
from training.encoder.attention import AttentionPlan, LabelAttention, ReadNote, learn, padded
from training.encoder.graphs import export_labels

WIDTH = 16
DIAGNOSIS = MARKS.index("diagnosis")
NEGATED = MARKS.index("negated")


def _notes(number: int) -> list[ReadNote]:
    """Each of two labels has a direction; said in a sentence it counts, denied it does not."""
    dice = np.random.default_rng(3)
    notes = []
    for at in range(number):
        vectors = dice.normal(size=(4, WIDTH)).astype(np.float32) * 0.3
        marks = np.zeros((4, len(MARKS)), dtype=np.float32)
        label, denied = at % 2, at % 3 == 0
        vectors[at % 4, label] += 3
        marks[:, DIAGNOSIS] = 1
        marks[at % 4, NEGATED] = denied
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        notes.append(ReadNote(vectors, marks, () if denied else (label,)))
    return notes


def _learned(folder: Path, plan: AttentionPlan) -> LabelAttention:
    torch.manual_seed(1)
    titles = np.eye(2, WIDTH, dtype=np.float32)
    model = LabelAttention(titles, np.array([0.3, 0.3], dtype=np.float32))
    learn(model, _notes(240), folder / "labels.pt", plan, lambda *_: None)
    return model


def test_labels_are_found_where_they_are_said(tmp_path: Path) -> None:
    """A label's logit is high where its direction is said and low where it is denied; attention points at the place."""
    model = _learned(tmp_path, AttentionPlan(passes=20, batch=16, rate=0.02))
    notes = _notes(60)
    sentences, marks, mask = padded(notes)
    with torch.no_grad():
        logits, attention = model(sentences, marks, torch.arange(2), mask)
    for at, note in enumerate(notes):
        if note.labels:
            assert logits[at, note.labels[0]] > logits[at, 1 - note.labels[0]]
            assert int(attention[at, note.labels[0]].argmax()) == at % 4
    said = [float(logits[at, at % 2]) for at, note in enumerate(notes) if note.labels]
    denied = [float(logits[at, at % 2]) for at, note in enumerate(notes) if not note.labels]
    assert np.mean(said) > np.mean(denied) + 2


def test_a_stopped_run_learns_the_same(tmp_path: Path) -> None:
    """Two passes, a stop, and two more give the weights of four in a row."""
    plan = AttentionPlan(passes=4, batch=16)
    whole = _learned(tmp_path, plan)
    (tmp_path / "stopped").mkdir()

    class StoppedError(Exception):
        """The machine went down."""

    def stop(done: int, _of: int, _loss: float) -> None:
        if done == 2:
            raise StoppedError

    torch.manual_seed(1)
    titles = np.eye(2, WIDTH, dtype=np.float32)
    model = LabelAttention(titles, np.array([0.3, 0.3], dtype=np.float32))
    with contextlib.suppress(StoppedError):
        learn(model, _notes(240), tmp_path / "stopped" / "labels.pt", plan, stop)
    again = _learned(tmp_path / "stopped", plan)
    assert torch.allclose(whole.queries, again.queries, atol=1e-6)


def test_the_graph_answers_as_the_model(tmp_path: Path) -> None:
    """In int8 the logits move little, and the attention adds up to one."""
    model = _learned(tmp_path, AttentionPlan(passes=3, batch=16))
    export_labels(tmp_path / "labels.onnx", model)
    head = LabelHead(tmp_path, ("I10", "M10.9"))
    note = _notes(1)[0]
    read = head.read(range(1, 5), note.vectors, note.marks, ["M10.9", "I10", "Z00.00"])
    sentences, marks, mask = padded([note])
    with torch.no_grad():
        logits, _ = model(sentences, marks, torch.arange(2), mask)
    assert set(read.logits) == {"I10", "M10.9"}
    assert abs(read.logits["I10"] - float(logits[0, 0])) < 0.2
    assert abs(float(read.attention["I10"].sum()) - 1) < 1e-4
