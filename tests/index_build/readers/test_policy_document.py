"""Payer policies of the user's own, read from PDF, Markdown and text."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter

from index_build.readers.policy_document import read_policy
from medcoding.errors import InputError
from tests.index_build.readers.test_guidelines_pdf import pdf


def put(path: Path, content: str | bytes) -> Path:
    """A file."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_text_is_one_page_named_after_its_file(tmp_path: Path) -> None:
    """Without a sidecar it counts for every payer, tenant and day."""
    policy = read_policy(put(tmp_path / "knee-injection_policy.txt", "Injections need imaging."))
    assert policy.pages == ("Injections need imaging.",)
    assert policy.facts.title == "knee injection policy"
    assert (policy.facts.payer, policy.facts.tenant) == ("", "")
    assert policy.facts.effective_from < dt.date(1900, 1, 1) < dt.date(2900, 1, 1) < policy.facts.effective_to


def test_markdown_is_named_by_its_heading(tmp_path: Path) -> None:
    """The sidecar's title goes before it."""
    path = put(tmp_path / "knee.md", "# Knee injections\n\nNeed imaging.")
    assert read_policy(path).facts.title == "Knee injections"
    put(tmp_path / "knee.toml", 'title = "Policy 12"')
    assert read_policy(path).facts.title == "Policy 12"


def test_a_pdf_keeps_its_pages(tmp_path: Path) -> None:
    """Each page its own, so that a reader can open it there."""
    policy = read_policy(put(tmp_path / "policy.pdf", pdf()))
    assert len(policy.pages) > 1
    assert "Words." in policy.pages[0]


def test_the_sidecar_says_whose_policy_it_is(tmp_path: Path) -> None:
    """Payer, tenant and the days it holds on."""
    path = put(tmp_path / "knee.txt", "Need imaging.")
    put(
        tmp_path / "knee.toml",
        'payer = "Invented Health"\ntenant = "north"\neffective_from = 2026-01-01\neffective_to = 2026-12-31\n',
    )
    facts = read_policy(path).facts
    assert (facts.payer, facts.tenant) == ("Invented Health", "north")
    assert (facts.effective_from, facts.effective_to) == (dt.date(2026, 1, 1), dt.date(2026, 12, 31))


def _locked() -> bytes:
    writer = PdfWriter(clone_from=BytesIO(pdf()))
    writer.encrypt("secret", algorithm="RC4-128")
    content = BytesIO()
    writer.write(content)
    return content.getvalue()


def _without_text() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    content = BytesIO()
    writer.write(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pdf", b"no pdf", "a.pdf is not a PDF; give the policy"),
        ("a.pdf", b"%PDF-1.7\nbroken", "a.pdf is damaged or incomplete"),
        ("a.pdf", _locked(), "a.pdf is locked with a password"),
        ("a.pdf", _without_text(), "a.pdf holds no text"),
        ("a.txt", b"\xff\xfe\x00", "a.txt is not UTF-8 text"),
        ("a.md", b"text\x00text", "a.md is not a text file"),
        ("a.txt", b"  \n", "a.txt holds no text"),
    ],
)
def test_an_unreadable_policy_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """It names the file and the mend."""
    with pytest.raises(InputError) as refusal:
        read_policy(put(tmp_path / name, content))
    said = str(refusal.value)
    assert said.startswith(message)
    assert said.endswith(".")
    assert "\n" not in said
    assert refusal.value.__context__ is None or refusal.value.__suppress_context__


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("payer: Name", r"knee\.toml is not TOML; write lines such as payer"),
        ("payor = 'Name'", r"knee\.toml is not valid: payor"),
        ("effective_from = 'soon'", r"knee\.toml is not valid: effective_from"),
        ("effective_from = 2026-02-01\neffective_to = 2026-01-01", r"knee\.toml is not valid: .*before effective_from"),
    ],
)
def test_a_wrong_sidecar_is_refused_by_the_field(tmp_path: Path, content: str, message: str) -> None:
    """A typing mistake must not turn one payer's policy into everybody's."""
    path = put(tmp_path / "knee.txt", "Need imaging.")
    put(tmp_path / "knee.toml", content)
    with pytest.raises(InputError, match=message):
        read_policy(path)
