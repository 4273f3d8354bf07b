"""Packs: many questions behind one note, and none of them knows of the others."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from prompts.loader import load_prompt
from tests.training.mini.small_model import answered, small_lesson, small_plan, small_tokenizer
from training.mini.decoder import Decoder
from training.mini.export import export_model
from training.mini.packing import PackMaker
from training.mini.tokens import chat


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One for all tests."""
    return small_tokenizer()


@pytest.fixture(scope="module")
def decoder(tokenizer: Tokenizer) -> Decoder:
    """Random weights from a fixed seed."""
    torch.manual_seed(3)
    return Decoder(small_plan(tokenizer))


def test_a_question_alone_scores_as_it_does_in_the_pack(tokenizer: Tokenizer, decoder: Decoder, tmp_path: Path) -> None:
    """Transformers reads the exported folder and scores each whole question as the pack with its shared note does."""
    from transformers import AutoModelForCausalLM

    decoder = decoder.to(torch.bfloat16).float()  # what is written is in bfloat16
    export_model(tmp_path, decoder, tokenizer, load_prompt("verify", "v3"))
    alone = AutoModelForCausalLM.from_pretrained(str(tmp_path), local_files_only=True, dtype=torch.float32)
    lesson = small_lesson()
    made = PackMaker(tokenizer).pack(lesson)
    assert made is not None
    pack, _ = made
    assert pack.shared > 20
    with torch.no_grad():
        packed = decoder.lm_head(decoder(pack)[0])
        for number, one in enumerate(lesson.questions):
            ids = tokenizer.encode(chat(lesson.system, lesson.shared + one.question, one.answer)).ids
            expected = alone(input_ids=torch.tensor([ids])).logits[0]
            own = pack.rows[number][pack.is_there[number]]
            assert ids == pack.ids[torch.cat((torch.arange(pack.shared), own))].tolist()
            torch.testing.assert_close(packed[own], expected[pack.shared :], atol=1e-4, rtol=1e-3)


def test_another_question_beside_it_changes_nothing(tokenizer: Tokenizer, decoder: Decoder) -> None:
    """The first question's scores stay when the second one is replaced."""
    lesson = small_lesson()
    other = answered("Gout of the left knee. [2]\nMention: tremor", ("Tremor", "Gout", "Ataxia"), "2", 2)
    maker, shown = PackMaker(tokenizer), []
    for one in (lesson, lesson._replace(questions=(lesson.questions[0], other))):
        made = maker.pack(one)
        assert made is not None
        pack, _ = made
        own = pack.rows[0][pack.is_there[0]]
        with torch.no_grad():
            shown.append(decoder.lm_head(decoder(pack)[0])[own][-20:])
    torch.testing.assert_close(*shown, atol=1e-5, rtol=1e-4)


def test_targets_point_at_the_numbers(tokenizer: Tokenizer) -> None:
    """The token after a choice place is the chosen number, and the right one of the offered places shows it too."""
    lesson = small_lesson()
    made = PackMaker(tokenizer).pack(lesson)
    assert made is not None
    pack, targets = made
    told = [tokenizer.decode([int(pack.ids[place + 1])]) for place in targets.choices]
    assert told == ["1", "none"]
    for numbers, right, choice in zip(targets.offered, targets.right, told, strict=True):
        assert tokenizer.decode([int(pack.ids[numbers[right]])]) == choice


def test_a_varied_question_keeps_what_is_right(tokenizer: Tokenizer) -> None:
    """Candidates may be dropped and reordered while learning; the right one stays right, `none` stays last."""
    titles = tuple(f"Gout of joint {letter}" for letter in "abcdefghijk")
    one = answered("Gout. [2]\nMention: gout", titles, "7", 2)
    lesson = small_lesson()._replace(questions=(*small_lesson().questions, one))
    maker, lengths = PackMaker(tokenizer), set()
    for seed in range(20):
        made = maker.pack(lesson, random.Random(seed))
        assert made is not None
        pack, targets = made
        numbers = [tokenizer.decode([int(pack.ids[place])]) for place in targets.offered[2]]
        text = tokenizer.decode(pack.ids[pack.rows[2]].tolist(), skip_special_tokens=False)
        assert f"Gout of joint g #{numbers[targets.right[2]]}\n" in text
        assert f'"choice":"{numbers[targets.right[2]]}"' in text
        assert numbers[-1] == "none"
        assert len(set(numbers)) == len(numbers)
        lengths.add(len(numbers))
    assert min(lengths) < max(lengths) == 12
