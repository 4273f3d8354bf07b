"""Signs and symptoms that usually come with a disease: a table, and the rules that read it (I.B.4 to I.B.6, I.C.18).

Only what routinely belongs to the disease stands here; what a book instruction asks for beside it does not (aphasia
with a stroke, ascites with cirrhosis, the symptoms of an enlarged prostate).
"""

from __future__ import annotations

from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import ADVISE, MUST_RESOLVE, Findings, Ruling, apart
from medcoding.encounter import Setting

INTEGRAL: Final[tuple[tuple[Family, Family], ...]] = tuple(
    (family(symptoms), family(diseases))
    for symptoms, diseases in (
        # heart and vessels
        ("R00.0 R00.2", "I47-I49"),
        ("R00.1", "I49.5 I44"),
        ("R01", "I05-I08 I34-I38 Q20-Q24"),
        ("R07.1 R07.2 R07.8 R07.9", "I20-I22 I24 I25.11 I25.7 I26 I30 I40 I71.0 K21 K22.4 J93 S22 B33.0 M94.0 J12-J18"),
        ("R55", "I49.5 I44.2 I95.1 S06.0X1 S06.0X9"),
        ("J90", "I50 I11.0 I13.0 I13.2"),
        ("R60", "I50 I11.0 I13.0 I13.2 N04 I82.4 L03 E87.7 O12 O14"),
        ("I95.9", "T78.0 T78.2 T88.6 R65.21"),
        # lungs and upper airways
        ("R05", "J00-J06 J09-J18 J20-J22 J40-J47 J69 J84 U07 B59 A15 A37"),
        ("R06.0", "J09-J18 J20-J22 J44-J47 J69 J80-J82 J84 J93 J96 I26 I50 I11.0 I13.0 I13.2 U07"),
        ("R06.2", "J44-J45 J20-J21 J98.01"),
        ("R06.82", "J96 P22"),
        ("R06.83", "G47.33"),
        ("R07.0", "J02-J03 J36 J06"),
        ("R09.02", "J96 J80"),
        ("R09.8", "J00-J06 J30-J32"),
        ("R49", "J04.0 J38"),
        ("R91.1", "C34 C78.0"),
        ("R91.8", "J12-J18 C34 C78.0"),
        # stomach, bowel, liver
        ("R10", "K25-K29 K35-K37 K50-K52 K56-K58 K65 K80-K81 K83.0 K85-K86 K40.3 K43.0 A00-A09"),
        ("R10", "N10-N12 N13.2 N13.6 N20 N73"),
        ("R11", "A00-A09 K52 K56 K35-K37 K85 K81 O21 K31.84 E10.1 E11.1 G43 K40.3"),
        ("R12", "K21"),
        ("R14", "K58"),
        ("R17", "K70-K77 K83.1 K80.3 K80.4 K80.5 B15-B19 C25 P59 P55"),
        ("R19.7", "A00-A09 K50-K52 K58.0 K90.0"),
        ("K92.0 K92.1 K92.2", "K25.0 K25.4 K26.0 K26.4 K27.0 K27.4 K28.0 K28.4 I85.01 I85.11 K55.21 K31.811 K22.6"),
        ("K92.0 K92.1 K92.2", "K29.01 K29.21 K29.31 K29.41 K29.51 K29.61 K29.71 K29.81 K29.91"),
        ("K92.0 K92.1 K92.2", "K57.01 K57.11 K57.13 K57.21 K57.31 K57.33 K57.91 K57.93"),
        ("K62.5", "K57.31 K57.33 K55.21 K50.011 K50.111 K50.811 K50.911"),
        ("K62.5", "K51.011 K51.211 K51.311 K51.511 K51.811 K51.911"),
        ("R74.0", "B15-B19 K70-K76"),
        # kidney and urinary tract
        ("R30", "N30 N39.0 N10 N34 N41 O23"),
        ("R31", "N30 N20 C64-C67 N02 N13.2"),
        ("R35.0 R39.15", "N30 N39.0 N32.81"),
        ("R36", "A54 A56 N34"),
        ("R80", "N02-N06 E08.21 E09.21 E10.21 E11.21 E13.21 O14"),
        ("R82.71", "N39.0 N30 N10"),
        ("N23", "N20 N13.2"),
        ("R33.9", "R33.8"),
        # skin
        ("R21", "L20-L30 L50 B01-B02 B05 A69.2 A92.5 A90"),
        ("R22", "L03 L02 I88 L04"),
        ("R23.0", "Q20-Q28"),
        ("R23.3", "D69"),
        ("L53.9", "L03"),
        ("L50", "T78.0 T78.2 T88.6"),
        ("L29", "L20-L25 L50"),
        # nerves and mind
        ("R20", "G56-G57 G62 G45 E11.4 E10.4"),
        ("R25.1", "G20 G25.0"),
        ("R25.2", "E87.6 E83.51"),
        ("R40.0 R41.0 R41.82", "F05 G92 G93.4 I67.4 F10.231 F10.921 K76.82"),
        ("R41.3", "F01-F03 G30 G31.84"),
        ("R42", "H81 H83.0 I95.1 I95.2"),
        ("R44", "F20 F25 F10.151 F10.251 F15.151 F15.251"),
        ("R45.86 R45.87", "F31 F34"),
        ("R47 R29.810 R53.1 R27.0", "G45"),
        ("R51.9", "G43-G44 I60-I62 G00-G03 S06.0 I16 J01 M31.6 G93.2 O14 O11 I67.4"),
        ("R56.9", "G40"),
        ("H53.1 H53.8", "H40.21 H46"),
        # joints and back
        ("M25.5", "M05-M19 M1A M00-M02 M22-M24 M75 M87 S42 S43 S52 S53 S62 S63 S72 S82 S83 S92 S93"),
        ("M25.4", "M10 M1A M00 M17 M23"),
        ("M54.2", "M50 S13.4 S16.1"),
        ("M54.5", "M51 M48.06 M46.2 M46.4 S33.5 S39.012 M80.08"),
        ("M54.6", "M80.08 S22.0"),
        ("M79.6", "I82.4 M84.3 M72.2 M67.A S62 S60 S92 S90"),
        # eyes and ears
        ("H57.1", "H40.2 H20 H16"),
        ("H92.0 H92.1", "H60 H65-H66"),
        # general
        ("R50.9", "A00-A49 B00-B34 J00-J06 J09-J18 J20-J22 N10 N30 N39.0 N41 K35 K81 K57.20 K57.32 H66 G00-G03 U07.1"),
        ("R50.9", "M35.81 R56.00 T67.0"),
        ("R50.9", "R50.8"),
        ("R53.8", "D50-D64 E03 F32-F33 B27 I50"),
        ("R59", "J03 B27 C81-C85"),
        ("R63.4", "E40-E46 K22.0"),
        ("R64", "E41 E43"),
        ("R78.81", "A40-A41"),
        ("R92", "C50 D05"),
        ("R97.20", "C61"),
        ("E87.1", "E22.2"),
        ("E83.52", "E21.0 E21.1 E21.2 E21.3"),
        ("P81.9", "P36"),
        ("F05", "F10.121 F10.131 F10.221 F10.231 F10.921 F10.931 F13.121 F13.131 F13.221 F13.231"),
        ("H35.81", "E10.311 E10.3211 E10.3311 E10.3411 E10.3511 E11.311 E11.3211 E11.3311 E11.3411 E11.3511"),
    )
)  # fmt: skip
"""A symptom or sign and the diseases that it usually comes with."""

_SYMPTOM: Final = family("R", but="R65 R99")
_DIAGNOSIS: Final = family("A B C D E F G H I J K L M N O P Q S T U", but="B95 B96 B97")


def symptom_of_the_disease(case: Case) -> Findings:
    """A sign or symptom that usually comes with a coded disease is left out."""
    ruling = Ruling(
        rule="symptoms.integral",
        severity=MUST_RESOLVE,
        source="I.B.5, I.C.18.a, I.C.18.b, I.C.18.c, II.A, IV.D",
        message="{code} usually comes with {other}.",
        mend="Leave {code} out, unless the provider gives it another cause.",
    )
    return tuple(f for symptoms, diseases in INTEGRAL for f in apart(case, symptoms, diseases, ruling))


def symptom_leads_a_stay(case: Case) -> Findings:
    """A symptom is principal only while its cause is open."""
    first = case.codes[0] if case.codes else ""
    if case.setting is not Setting.INPATIENT or first not in _SYMPTOM:
        return ()
    ruling = Ruling(
        rule="symptoms.leads_a_stay",
        severity=ADVISE,
        source="II.A, I.B.4",
        message="{code} is a symptom and stands ahead of the diagnosis {other}.",
        mend="Put {other} first where it explains the symptom.",
    )
    return tuple(ruling.on(first, code, mend_codes=(code, first)) for code in _DIAGNOSIS.among(case.codes)[:1])


RULES: Final[tuple[Rule, ...]] = (symptom_of_the_disease, symptom_leads_a_stay)
