"""Crosswalks to ICD-10-CM. Concept numbers and names are invented; only the forms are the published ones."""

from __future__ import annotations

import pytest

from index_build.readers.crosswalk import ICD10CM_MAP, MapRule, map_rules, read_crosswalk, wordings
from medcoding.errors import InputError
from tests.index_build.readers.published import Given, text

HEADING = (
    "id effectiveTime active moduleId refsetId referencedComponentId referencedComponentName mapGroup mapPriority "
    "mapRule mapAdvice mapTarget mapTargetName correlationId mapCategoryId mapCategoryName"
).split()
AGE = "445518008 | Age at onset of clinical finding (observable entity) |"


def row(concept: str, name: str, *, rule: str = "TRUE", target: str = "", **changes: str) -> str:
    """One line of the map."""
    cells = {
        "id": "1", "effectiveTime": "20300901", "active": "1", "moduleId": "2", "refsetId": ICD10CM_MAP,
        "referencedComponentId": concept, "referencedComponentName": name, "mapGroup": "1", "mapPriority": "1",
        "mapRule": rule, "mapAdvice": f"ALWAYS {target}", "mapTarget": target, "mapTargetName": "Title",
        "correlationId": "3", "mapCategoryId": "4", "mapCategoryName": "MAP SOURCE CONCEPT IS PROPERLY CLASSIFIED",
    }  # fmt: skip
    return "\t".join((cells | changes)[name] for name in HEADING)


def mapped(*rows: str) -> Given:
    """A miniature of the map."""
    return text("tls_Icd10cmHumanReadableMap_US1000124_20300901.tsv", "\n".join(["\t".join(HEADING), *rows]) + "\n")


GOUT = row("900001", "Lantern gout (disorder)", target="M10.9")
PAIR = (
    row("900002", "Lantern kidney in diabetes (disorder)", target="E1121"),
    row("900002", "Lantern kidney in diabetes (disorder)", target="N18.9", mapGroup="2"),
)
BY_AGE = (
    row("900003", "Lantern asthma (disorder)", target="J45.20", rule=f"IFA {AGE} < 18.0 years"),
    row("900003", "Lantern asthma (disorder)", target="J45.909", rule="OTHERWISE TRUE", mapPriority="2"),
)


def test_a_rule_is_kept_word_for_word_and_its_target_gets_its_dot() -> None:
    """Rule, advice and category verbatim; an undotted target is printed as a code."""
    (rule,) = map_rules(mapped(PAIR[0]))
    assert rule == MapRule(
        concept_id="900002",
        concept_name="Lantern kidney in diabetes (disorder)",
        group=1,
        priority=1,
        rule="TRUE",
        advice="ALWAYS E1121",
        target="E11.21",
        open_characters=False,
        category="MAP SOURCE CONCEPT IS PROPERLY CLASSIFIED",
    )
    assert not rule.needs_context


def test_inactive_rows_and_other_maps_are_dropped() -> None:
    """A withdrawn mapping, or one to the international ICD-10, leads nowhere."""
    file = mapped(
        row("900001", "Lantern gout (disorder)", target="M10.0", active="0"),
        row("900001", "Lantern gout (disorder)", target="M10.1", refsetId="447562003"),
        GOUT,
    )
    assert [rule.target for rule in map_rules(file)] == ["M10.9"]


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("S82.62X?", "S82.62"),
        ("T15.00X?", "T15.00"),
        ("W19.XXX?", "W19"),
        ("S72.001?", "S72.001"),
        ("M1A.9XX?", "M1A.9"),
    ],
)
def test_a_character_left_open_gives_the_stem(written: str, target: str) -> None:
    """The note's encounter and side choose below it; placeholders fall away with the open character."""
    (rule,) = map_rules(mapped(row("900004", "Lantern fracture (disorder)", target=written)))
    assert (rule.target, rule.open_characters) == (target, True)


@pytest.mark.parametrize("written", ["", "#NC"])
def test_a_concept_that_cannot_be_classified_has_no_target(written: str) -> None:
    """It gives no wording either."""
    file = mapped(row("900005", "Lantern mood (finding)", target=written))
    assert [rule.target for rule in map_rules(file)] == [None]
    assert list(read_crosswalk(file)) == []


def test_age_and_sex_conditions_are_parsed_and_the_rule_stays() -> None:
    """Two bounds of an age and a sex, each its own clause; another concept is kept by its number."""
    rule = f"IFA {AGE} >= 12.0 years AND IFA {AGE} < 19.0 years AND IFA 248152002 | Female (finding) |"
    other = "IFA 900009 | Lantern poisoning (disorder) |"
    young, poisoned = map_rules(
        mapped(row("1", "a", rule=rule, target="N92.2"), row("2", "b", rule=other, target="T50.905?"))
    )
    assert [(c.kind, c.comparison, c.amount, c.unit, c.sex) for c in young.conditions] == [
        ("age", ">=", 12.0, "year", None), ("age", "<", 19.0, "year", None), ("sex", None, None, None, "F"),
    ]  # fmt: skip
    assert young.rule == rule
    assert young.needs_context
    assert [(c.kind, c.concept_id) for c in poisoned.conditions] == [("concept", "900009")]


def test_a_rule_that_cannot_be_parsed_still_needs_context() -> None:
    """What is not understood is not taken for unconditional."""
    (rule,) = map_rules(mapped(row("1", "Lantern (disorder)", rule="IFA something else", target="M10.9")))
    assert (rule.conditions, rule.needs_context) == ((), True)


def test_advice_that_more_is_needed_is_seen() -> None:
    """An external cause or a further code may be required beside the target."""
    asked = row(
        "1", "a", target="S72.001?", mapAdvice="ALWAYS S72.001? | POSSIBLE REQUIREMENT FOR AN EXTERNAL CAUSE CODE"
    )
    assert [rule.may_need_more for rule in map_rules(mapped(asked, GOUT))] == [True, False]


def test_only_unconditional_concepts_give_wordings() -> None:
    """One target of each group, in order of the groups; the semantic tag is no part of the words."""
    found = wordings(map_rules(mapped(*PAIR, *BY_AGE, GOUT)))
    assert [(w.text, w.codes, w.concept_id) for w in found] == [
        ("Lantern kidney in diabetes", ("E11.21", "N18.9"), "900002"),
        ("Lantern gout", ("M10.9",), "900001"),
    ]  # fmt: skip


def test_one_group_without_a_target_silences_the_concept() -> None:
    """Half of a pair would be wrong."""
    half = (PAIR[0], row("900002", "Lantern kidney in diabetes (disorder)", mapGroup="2"))
    assert list(read_crosswalk(mapped(*half))) == []


@pytest.mark.parametrize(
    "line",
    [
        row("x", "a", target="M10.9"),
        row("1", "a", target="M1-M2"),
        row("1", "a", target="M10.9", mapGroup="one"),
        row("1", "a", rule=""),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_number(line: str) -> None:
    """Licensed words never reach a message."""
    with pytest.raises(InputError, match=r"Line 3 of tls_Icd10cm") as refusal:
        list(read_crosswalk(mapped(GOUT, line)))
    assert "Lantern" not in str(refusal.value)


def atom(cui: str, vocabulary: str, code: str, words: str, *, language: str = "ENG", suppress: str = "N") -> str:
    """One line of MRCONSO.RRF."""
    return f"{cui}|{language}|P|L1|PF|S1|Y|A1||{code}|{code}|{vocabulary}|PT|{code}|{words}|9|{suppress}|256|"


def test_names_and_codes_of_one_umls_concept_belong_together() -> None:
    """English names in force; the header stands for the codes below it; other vocabularies say nothing."""
    file = text(
        "MRCONSO.RRF",
        "\n".join(
            [
                atom("C1", "SNOMEDCT_US", "900001", "Lantern gout (disorder)"),
                atom("C1", "SNOMEDCT_US", "900001", "Lantern gout"),
                atom("C1", "SNOMEDCT_US", "900001", "Lampengicht", language="GER"),
                atom("C1", "SNOMEDCT_US", "900001", "Old lantern gout", suppress="O"),
                atom("C1", "ICD10CM", "M10", "Title"),
                atom("C1", "ICD10CM", "M10.9", "Title"),
                atom("C1", "MSH", "D1", "Lantern gout, other words"),
                atom("C2", "SNOMEDCT_US", "900002", "Lantern without a code"),
                atom("C3", "ICD10CM", "M00-M25", "A block"),
                atom("C3", "SNOMEDCT_US", "900003", "Lantern block"),
            ]
        )
        + "\n",
    )
    assert [(w.text, w.codes, w.concept_id) for w in read_crosswalk(file)] == [("Lantern gout", ("M10",), "900001")]


@pytest.mark.parametrize("file", [text("MRCONSO.RRF", "hello\n"), text("map.tsv", "a\tb\n1\t2\n"), text("map.tsv", "")])
def test_a_file_of_another_kind_is_refused(file: Given) -> None:
    """The sentence names the files that are read."""
    with pytest.raises(InputError, match=r"MRCONSO\.RRF"):
        list(read_crosswalk(file))
