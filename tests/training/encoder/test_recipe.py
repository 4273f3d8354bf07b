"""The recipe of the encoder, end to end on a clinic of six problems: seconds, and every step goes on."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.encoder_files import CARD, open_encoder
from agent.routine import FastPathMode
from medcoding.errors import InputError
from tests.training.encoder.coded_notes import clinic, coded
from training.cli import app
from training.encoder.attention import AttentionPlan
from training.encoder.distil import DistilPlan
from training.encoder.examples import read_examples
from training.encoder.recipe import ENCODER_STEPS, EncoderRecipe, make_encoder

PLAN = DistilPlan(width=32, passes=1, most_texts=200, every_token=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, index_dir: Path) -> tuple[EncoderRecipe, Counter[str]]:
    """An encoder of sixty visits, and how often each step was heard."""
    folder = tmp_path_factory.mktemp("encoder")
    data = folder / "coded.jsonl"
    data.write_text("".join(one.model_dump_json() + "\n" for one in clinic(60)), encoding="utf-8")
    recipe = EncoderRecipe(
        work=folder / "work",
        data=data,
        out=folder / "out",
        index_dir=index_dir,
        fewest=5,
        past=20,
        distilling=PLAN,
        attention=AttentionPlan(passes=3, batch=8, negatives=10),
    )
    heard: Counter[str] = Counter()
    make_encoder(recipe, lambda what, _done, _of: heard.update([what]))
    return recipe, heard


def test_the_folder_is_whole_and_its_card_tells_the_data(made: tuple[EncoderRecipe, Counter[str]]) -> None:
    """Six problems became labels, the parts are counted, figures stand by specialty and band, for rules too."""
    recipe, heard = made
    files = open_encoder(recipe.out)
    assert files.card.labels == ("E03.9", "E78.5", "I10", "J45.909", "K21.9", "M10.9")
    report = files.card.report
    assert sum(report["encounters"].values()) == 60
    assert set(report["encoder"]["by_specialty"]) == {"family medicine"}
    assert report["encoder"]["by_band"]["5-19"]["gold"] > 0
    assert report["encoder"]["all"]["recall"] > 0.8
    assert "| specialty: family medicine |" in (recipe.out / "README.md").read_text()
    assert set(heard) == set(ENCODER_STEPS)


def test_no_patient_stands_in_the_card(made: tuple[EncoderRecipe, Counter[str]]) -> None:
    """Counts and codes only: neither identifiers nor words of a note."""
    recipe, _ = made
    told = (recipe.out / CARD).read_text() + (recipe.out / "README.md").read_text()
    assert "visit-1" not in told
    assert "continue treatment" not in told


def test_a_stopped_run_goes_on(made: tuple[EncoderRecipe, Counter[str]]) -> None:
    """What a killed run left of a line is read again and nothing else; no pass is learned twice."""
    recipe, _ = made
    (path,) = recipe.work.glob("examples-*/training.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    before = json.loads((recipe.out / CARD).read_text())["files"]
    heard: Counter[str] = Counter()
    make_encoder(recipe, lambda what, _done, _of: heard.update([what]))
    assert path.read_bytes() == whole
    assert heard["Reading encounters"] == 1
    assert heard["Learning labels"] == 0
    assert json.loads((recipe.out / CARD).read_text())["files"] == before


def test_the_labels_read_the_product_s_own_sentences(made: tuple[EncoderRecipe, Counter[str]]) -> None:
    """An example's sentences, marks and numbers belong together, and the assessment is marked as one."""
    recipe, _ = made
    (path,) = recipe.work.glob("examples-*/training.jsonl")
    for example in read_examples(path):
        assert len(example.texts) == len(example.marks) == len(example.numbers)
        assert any(marks[0] for marks in example.marks)


def test_leaking_data_are_refused_before_anything_is_made(tmp_path: Path, index_dir: Path) -> None:
    """One note with its own code in writing: exit through one sentence, and no folder is written."""
    data = tmp_path / "coded.jsonl"
    leaking = coded("leak", "M10.9", text="Assessment:\nGout (M10.9), stable since the last visit in spring.\n")
    data.write_text("".join(one.model_dump_json() + "\n" for one in (*clinic(20), leaking)), encoding="utf-8")
    recipe = EncoderRecipe(work=tmp_path / "work", data=data, out=tmp_path / "out", index_dir=index_dir)
    with pytest.raises(InputError, match="codes in writing"):
        make_encoder(recipe, lambda *_: None)
    assert not list(tmp_path.glob("out/*"))


def test_own_data_never_replace_what_ships(tmp_path: Path) -> None:
    """The command wants a folder of its own for an encoder of a hospital's encounters."""
    data = tmp_path / "coded.jsonl"
    data.write_text("")
    answered = CliRunner().invoke(app, ["encoder", str(data)])
    assert isinstance(answered.exception, InputError)
    assert "--out" in str(answered.exception)


def test_the_modes_have_their_names() -> None:
    """The setting's four values, as the settings page lists them."""
    assert [mode.value for mode in FastPathMode] == ["off", "fallback", "routine", "always"]
