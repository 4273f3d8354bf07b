"""Documents become sections and numbered sentences, every one an exact span of the text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.headings import HeadingTable
from agent.sections import split
from agent.statements import DIAGNOSIS_SECTIONS
from medcoding.chart import Chart, SectionKind
from medcoding.encounter import Document
from tests.flow.notes import encounter
from tests.strategies import NOTE_ALPHABET

HEADINGS = HeadingTable()

WORDING_DECIDES = {SectionKind.OTHER, *DIAGNOSIS_SECTIONS}
"""Where a sentence's own wording may say what it is for."""

ANY_TEXT = st.text(NOTE_ALPHABET, min_size=1, max_size=300)
NOTE_PIECES = st.sampled_from(
    ["Assessment:", "PLAN", "## HPI", "1. ", "- ", "HTN", "Dr. Lee saw her.", "Cough. Fever!", "\n", "\r\n", "\n\n"]
) | st.sampled_from(["\t", " ", "🙂", "e\u0301", "**Plan**:", "PMH: gout", "no ", "S", ":", "\u2028", "\x0c", "a)"])
NOTE_LIKE = st.lists(NOTE_PIECES, min_size=1, max_size=25).map("".join)


def chart_of(*texts: str) -> Chart:
    """The texts, cut up."""
    return split(encounter(*texts), HEADINGS)


def said(*texts: str) -> list[tuple[str, str]]:
    """Each sentence with the kind of its section."""
    chart = chart_of(*texts)
    return [(s.section.value, chart.text_of(s)) for s in chart.sentences]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Assessment", "assessment"),
        ("ASSESSMENT", "assessment"),
        ("Assessment:", "assessment"),
        ("assessment and plan", "assessment_plan"),
        ("A/P:", "assessment_plan"),
        ("## Assessment", "assessment"),
        ("**Assessment:**", "assessment"),
        ("### Past Medical History ###", "past_medical_history"),
        ("__Medications__", "medications"),
        ("3. Physical Exam", "physical_exam"),
        ("IV. PLAN", "plan"),
        ("=== HOSPITAL COURSE ===", "hospital_course"),
        ("  FAMILY HISTORY:  ", "family_history"),
        ("HPI", "history_present_illness"),
        ("PMH:", "past_medical_history"),
        ("ROS:", "review_of_systems"),
        ("CC:", "chief_complaint"),
        ("S:", "history_present_illness"),
        ("PE", "physical_exam"),
        ("Discharge Diagnoses:", "discharge_diagnosis"),
        ("Social  History", "social_history"),
        ("Allergies:\r", "allergies"),
    ],
)
def test_a_heading_opens_its_section(line: str, kind: str) -> None:
    """A heading alone on its line gives the lines below their section, however it is dressed."""
    assert said(f"{line}\nStable today.") == [(kind, "Stable today.")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Assessment: Hypertension.", ("assessment", "Hypertension.")),
        ("ASSESSMENT: Hypertension.", ("assessment", "Hypertension.")),
        ("**Assessment**: Hypertension.", ("assessment", "Hypertension.")),
        ("PMH: gout", ("past_medical_history", "gout")),
        ("Family history: colon cancer in father", ("family_history", "colon cancer in father")),
        ("Assessment:\tHypertension.", ("assessment", "Hypertension.")),
    ],
)
def test_an_inline_heading_opens_its_section(text: str, sentence: tuple[str, str]) -> None:
    """`Assessment: …` is heading and content on one line; the heading words are no part of the sentence."""
    assert said(text) == [sentence]


@pytest.mark.parametrize(
    "line", ["He has a plan", "s", "Plans for travel", "Blood pressure: 120/80", "an assessment follows", "pe"]
)
def test_words_that_are_no_heading_open_nothing(line: str) -> None:
    """A sentence that holds a heading's word, or a short heading in lower case, opens no section."""
    assert [kind for kind, _ in said(f"{line}\nStable today.")] == ["other", "other"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Cough for a week. No fever.", ["Cough for a week.", "No fever."]),
        ("Seen by Dr. Lee. Stable.", ["Seen by Dr. Lee.", "Stable."]),
        ("Pain is 5.5 of 10 today.", ["Pain is 5.5 of 10 today."]),
        (
            "Denies chest pain,\nshortness of breath\nand fever.",
            ["Denies chest pain,\nshortness of breath\nand fever."],
        ),
        ("Denies chest pain.\nHas a cough.", ["Denies chest pain.", "Has a cough."]),
        ("Hypertension\nDiabetes", ["Hypertension", "Diabetes"]),
        ("- gout\n- asthma", ["gout", "asthma"]),
        ("• gout\n• asthma", ["gout", "asthma"]),
        ("* gout\n\t* asthma", ["gout", "asthma"]),
        ("1. Gout\n2. Asthma", ["Gout", "Asthma"]),
        ("1) Gout\n(2) Asthma", ["Gout", "Asthma"]),
        ("#1 Gout\n#2 Asthma", ["Gout", "Asthma"]),
        ("a. gout\nb. asthma", ["gout", "asthma"]),
        ("Gout.\r\nAsthma.\r\n", ["Gout.", "Asthma."]),
        ("Gout.\n\n\nAsthma.", ["Gout.", "Asthma."]),
        ("\tGout.\t\n", ["Gout."]),
        ("Feels fine 🙂. Knee pain 🦵 persists.", ["Feels fine 🙂.", "Knee pain 🦵 persists."]),
        ('She said "it hurts." Then left.', ['She said "it hurts."', "Then left."]),
        ("Really? Yes! Good.", ["Really?", "Yes!", "Good."]),
        ("GOUT OF THE KNEE. ASTHMA.", ["GOUT OF THE KNEE.", "ASTHMA."]),
    ],
)
def test_sentences_are_what_a_reader_sees(text: str, sentences: list[str]) -> None:
    """List marks stay outside, abbreviations end nothing, a hard-wrapped line goes on, white space is no content."""
    assert [words for _, words in said(text)] == sentences


@pytest.mark.parametrize("text", ["\n", " \t ", "\r\n\r\n", "---", "Assessment:\n"])
def test_text_without_words_has_no_sentence_of_words(text: str) -> None:
    """Blank lines, rules and a heading without content make no sentence with letters in it."""
    assert not [words for _, words in said(text) if any(c.isalpha() for c in words)]


@pytest.mark.parametrize(
    "words", ["My assessment is gout.", "Impression is gout.", "The working diagnosis remains gout."]
)
def test_a_sentence_may_announce_the_assessment(words: str) -> None:
    """In running dictation that one sentence counts as assessment, its neighbours do not."""
    assert [kind for kind, _ in said(f"Seen today. {words} She left.")] == ["other", "assessment", "other"]


def test_an_endless_sentence_is_cut_at_white_space() -> None:
    """No more than 1,000 code points each, and no word is torn."""
    sentences = [words for _, words in said("gout " * 1_000)]
    assert max(map(len, sentences)) <= 1_000
    assert {word for words in sentences for word in words.split()} == {"gout"}


def test_numbers_run_from_1_through_all_documents() -> None:
    """Sentence numbers are the encounter's, so a citation by number names its document."""
    chart = chart_of("Cough. Fever.", "Gout.")
    assert [(s.number, s.document_id) for s in chart.sentences] == [(1, "d1"), (2, "d1"), (3, "d2")]
    assert chart.text_of(chart.sentence(3)) == "Gout."


def test_a_later_heading_ends_the_section() -> None:
    """Each section runs from its heading to the next one, with its heading as written."""
    chart = chart_of("Seen today.\nPMH:\nGout.\n## Plan\nRest.")
    assert [(s.kind, s.title) for s in chart.sections] == [
        (SectionKind.OTHER, ""),
        (SectionKind.PAST_MEDICAL_HISTORY, "PMH"),
        (SectionKind.PLAN, "Plan"),
    ]


def test_a_copied_forward_sentence_names_the_first_one() -> None:
    """The same six words or more, whatever their case and spacing, are linked to where they were first said."""
    chart = chart_of("Gout.\nThe left knee is red and swollen.", "the left  knee is red\nand swollen.\nGout.")
    assert [s.copied_from for s in chart.sentences] == [None, None, 2, None]


def test_a_third_copy_names_the_first_author_too() -> None:
    """Copies do not form a chain."""
    words = "Chest clear to auscultation on both sides."
    assert [s.copied_from for s in chart_of(words, words, words).sentences] == [None, 1, 1]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "Cough 6 days. Known COPD. Dx acute bronchitis. No fever.\nSeen again in May.",
            [
                ("other", "Cough 6 days."),
                ("other", "Known COPD."),
                ("assessment", "acute bronchitis."),
                ("assessment", "No fever."),
                ("other", "Seen again in May."),
            ],
        ),
        (
            "CC: bat in bedroom.\nParents woke to a bat.\nMDM: treat as exposure.",
            [
                ("chief_complaint", "bat in bedroom."),
                ("other", "Parents woke to a bat."),
                ("assessment_plan", "treat as exposure."),
            ],
        ),
        (
            "Impression. Gout of the left toe.\nPlan. Rest.",
            [("assessment", "Gout of the left toe."), ("plan", "Rest.")],
        ),
        (
            "Dx: gout. CT: ileus, no leak. Walked today.",
            [("assessment", "gout."), ("other", "CT: ileus, no leak."), ("other", "Walked today.")],
        ),
        (
            "A: gout, doing well. Father had melanoma.",
            [("assessment", "gout, doing well."), ("family_history", "Father had melanoma.")],
        ),
    ],
)
def test_dictated_notes_keep_their_sections_in_the_line(text: str, sentences: list[tuple[str, str]]) -> None:
    """A label within a line holds to its end; findings told on the way open nothing; a relative is never assessed."""
    assert said(text) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "Problem | Status | Plan\nHypertension | controlled | lisinopril\nGout | stable | rest\nSeen today.",
            [
                ("assessment_plan", "Hypertension | controlled | lisinopril"),
                ("assessment_plan", "Gout | stable | rest"),
                ("other", "Seen today."),
            ],
        ),
        (
            "| COPD | J44.9 | active |\nSeen today.",
            [("problem_list", "| COPD | J44.9 | active |"), ("other", "Seen today.")],
        ),
    ],
)
def test_a_table_is_a_section(text: str, sentences: list[tuple[str, str]]) -> None:
    """From its heading row, or from a row that carries codes, to its last row."""
    assert said(text) == sentences


@pytest.mark.parametrize(("setting", "kind"), [("inpatient", "results"), ("outpatient", "assessment")])
def test_the_impression_of_a_film_is_a_finding_of_a_stay(setting: str, kind: str) -> None:
    """Guideline III.B: in a stay the attending interprets; outpatient, the radiologist's reading counts (IV.K)."""
    report = Document(document_id="d1", text="Impression:\nPneumonia.", type="imaging_report")
    chart = split(encounter(setting=setting, documents=(report,)), HEADINGS)
    assert [s.section.value for s in chart.sentences] == [kind]


@given(st.lists(ANY_TEXT | NOTE_LIKE, min_size=1, max_size=3))
@example(["\n\n"])
@example(["Assessment"])
@example(["Assessment: Assessment: gout"])
def test_sections_partition_every_document(texts: list[str]) -> None:
    """Law: a document's sections, put together, are the document."""
    chart = chart_of(*texts)
    for document in chart.encounter.documents:
        spans = [s.span for s in chart.sections if s.document_id == document.document_id]
        assert "".join(span.of(document.text) for span in spans) == document.text
        assert all(span.start < span.end for span in spans)


@given(ANY_TEXT | NOTE_LIKE)
@example("- \n")
@example("1. A. B")
def test_sentences_lie_in_order_inside_their_section(text: str) -> None:
    """Law: sentences never overlap, never leave their section, and begin and end with a visible character."""
    chart = chart_of(text)
    end = 0
    for number, sentence in enumerate(chart.sentences, start=1):
        words = chart.text_of(sentence)
        assert sentence.number == number
        assert words
        assert words == words.strip()
        assert end <= sentence.span.start < sentence.span.end <= len(text)
        assert any(
            (sentence.section in {s.kind, SectionKind.ASSESSMENT} or s.kind in WORDING_DECIDES)
            and s.span.start <= sentence.span.start
            and sentence.span.end <= s.span.end
            for s in chart.sections
        )
        end = sentence.span.end


@given(NOTE_LIKE)
def test_no_word_outside_headings_is_lost(text: str) -> None:
    """Law: every run of three letters stands in a sentence or in a section's title."""
    chart = chart_of(text)
    kept = [chart.text_of(s) for s in chart.sentences] + [s.title for s in chart.sections]
    for word in ("HTN", "gout", "Cough", "saw"):
        assert sum(part.count(word) for part in kept) == text.count(word)


@given(st.lists(st.sampled_from(["Cough.", "Gout of the knee.", "Assessment:", "Plan: rest."]), max_size=8))
def test_line_ends_do_not_change_what_is_read(lines: list[str]) -> None:
    """Law: CRLF and LF make the same sentences in the same sections."""
    unix, windows = "\n".join([*lines, "End."]), "\r\n".join([*lines, "End."])
    assert said(unix) == said(windows)
