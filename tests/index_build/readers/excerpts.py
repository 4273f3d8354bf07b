"""A release of 24 codes in the official shapes, in words of our own."""

from __future__ import annotations

from typing import Final

LISTED: Final[tuple[tuple[str, int, str], ...]] = (
    ("M72", 0, "Overgrown fibrous tissue"),
    ("M72.0", 1, "Bent fingers from a thick palm"),
    ("M72.2", 1, "Thick sole of the foot"),
    ("S06", 0, "Injury inside the skull"),
    ("S06.1", 0, "Swollen brain after a blow"),
    ("S06.1X", 0, "Swollen brain after a blow, placeholder"),
    ("S06.1X0", 0, "Swollen brain after a blow, awake"),
    ("S06.1X0A", 1, "Swollen brain after a blow, awake, first visit"),
    ("S06.1X0D", 1, "Swollen brain after a blow, awake, later visit"),
    ("S06.1X0S", 1, "Swollen brain after a blow, awake, late effect"),
    ("S06.1X7", 0, "Swollen brain after a blow, died of another cause"),
    ("S06.1X7A", 1, "Swollen brain after a blow, died of another cause, first visit"),
    ("S82", 0, "Broken lower leg"),
    ("S82.6", 0, "Broken outer ankle"),
    ("S82.62", 0, "Broken outer ankle, left"),
    ("S82.62XA", 1, "Broken outer ankle, left, first visit"),
    ("S82.62XD", 1, "Broken outer ankle, left, later visit"),
    ("T07", 0, "Many injuries at once"),
    ("T07.XXXA", 1, "Many injuries at once, first visit"),
    ("T07.XXXD", 1, "Many injuries at once, later visit"),
    ("T07.XXXS", 1, "Many injuries at once, late effect"),
    ("U09", 0, "After a coronavirus illness"),
    ("U09.9", 1, "After a coronavirus illness, any"),
    ("U10", 1, "Inflamed vessels after a coronavirus illness"),
)
"""Code, billable flag, title. `S06.1X7D` and `S82.62XS` would follow from the tables and do not exist."""

TABULAR: Final = b"""<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular>
  <version>2027</version>
  <introduction><introSection type="title"><title>An excerpt</title></introSection></introduction>
  <chapter>
    <name>13</name>
    <desc>Muscles and joints (M00-M99)</desc>
    <excludes2><note>injuries (S00-T88)</note></excludes2>
    <sectionIndex><sectionRef first="M70" last="M79" id="M70-M79">Soft tissue</sectionRef></sectionIndex>
    <section id="M70-M79">
      <desc>Soft tissue (M70-M79)</desc>
      <diag>
        <name>M72</name>
        <desc>Overgrown fibrous tissue</desc>
        <excludes2><note>fibrous tissue behind the belly (D48.3)</note></excludes2>
        <diag><name>M72.0</name><desc>Bent fingers from a thick palm</desc></diag>
        <diag>
          <name>M72.2</name>
          <desc>Thick sole of the foot</desc>
          <inclusionTerm><note>Sore sole</note><note>Heel that hurts in the morning</note></inclusionTerm>
          <useAdditionalCode><note>code for the pain (G89.2-)</note></useAdditionalCode>
          <useAdditionalCode><note>code for the shoes</note></useAdditionalCode>
        </diag>
      </diag>
    </section>
  </chapter>
  <chapter>
    <name>19</name>
    <desc>Injuries (S00-T88)</desc>
    <useAdditionalCode><note>code for the cause (V00-Y99)</note></useAdditionalCode>
    <section id="S00-S09">
      <desc>Injuries of the head (S00-S09)</desc>
      <diag>
        <name>S06</name>
        <desc>Injury inside the skull</desc>
        <sevenChrNote><note>Add a seventh character</note></sevenChrNote>
        <sevenChrDef>
          <extension char="A">first visit</extension>
          <extension char="D">later visit</extension>
          <extension char="S">late effect</extension>
        </sevenChrDef>
        <diag>
          <name>S06.1</name>
          <desc>Swollen brain after a blow</desc>
          <diag placeholder="true">
            <name>S06.1X</name>
            <desc>Swollen brain after a blow, placeholder</desc>
            <diag><name>S06.1X0</name><desc>Swollen brain after a blow, awake</desc></diag>
            <diag><name>S06.1X7</name><desc>Swollen brain after a blow, died of another cause</desc></diag>
          </diag>
        </diag>
      </diag>
    </section>
    <section id="S80-S89">
      <desc>Injuries of the knee and lower leg (S80-S89)</desc>
      <diag>
        <name>S82</name>
        <desc>Broken lower leg</desc>
        <notes><note>A break not said to be open is closed.</note></notes>
        <excludes1><note>lost lower leg (S88.-)</note></excludes1>
        <codeFirst><note>the bone disease, such as:</note><note>soft bones (M83.-)</note></codeFirst>
        <codeAlso><note>wounds (S81.-)</note></codeAlso>
        <sevenChrDef>
          <extension char="A">first visit</extension>
          <note>first visit NOS</note>
          <extension char="D">later visit</extension>
          <extension char="S">late effect</extension>
        </sevenChrDef>
        <diag>
          <name>S82.6</name>
          <desc>Broken outer ankle</desc>
          <diag><name>S82.62</name><desc>Broken outer ankle, left</desc></diag>
        </diag>
      </diag>
    </section>
    <section id="T07">
      <desc>Many injuries (T07)</desc>
      <excludes1><note>burns (T20-T32)</note></excludes1>
      <diag>
        <name>T07</name>
        <desc>Many injuries at once</desc>
        <sevenChrDef>
          <extension char="A">first visit</extension>
          <extension char="D">later visit</extension>
          <extension char="S">late effect</extension>
        </sevenChrDef>
      </diag>
    </section>
  </chapter>
  <chapter>
    <name>22</name>
    <desc>Special purposes (U00-U85)</desc>
    <section id="U00-U49">
      <desc>New diseases (U00-U49)</desc>
      <diag>
        <name>U09</name>
        <desc>After a coronavirus illness</desc>
        <diag><name>U09.9</name><desc>After a coronavirus illness, any</desc></diag>
      </diag>
      <diag><name>U10</name><desc>Inflamed vessels after a coronavirus illness</desc></diag>
    </section>
  </chapter>
</ICD10CM.tabular>
"""


def order_file(listed: tuple[tuple[str, int, str], ...] = LISTED) -> bytes:
    """In the official columns."""
    rows = enumerate(listed, start=1)
    lines = (f"{n:05} {code.replace('.', ''):<7} {flag} {title[:60]:<60} {title}\n" for n, (code, flag, title) in rows)
    return "".join(lines).encode()


def codes_file(listed: tuple[tuple[str, int, str], ...] = LISTED) -> bytes:
    """Billable codes with their titles."""
    return "".join(f"{code.replace('.', ''):<8}{title}\n" for code, flag, title in listed if flag).encode()


def bare_list(listed: tuple[tuple[str, int, str], ...] = LISTED) -> bytes:
    """Chapters, blocks, headers and codes without titles; the block of one category repeats its name."""
    names = ["13", "M70-M79", *(code.replace(".", "") for code, _, _ in listed)]
    names.insert(names.index("T07"), "T07")
    return "".join(f"{name}\r\n" for name in names).encode()


POA_EXEMPT: Final = (
    b"Order2027\tPOAexemptCode\tDescription\n"
    b"00010\tS06.1X0S\tSwollen brain after a blow, awake, late effect\n"
    b"00021\tT07.XXXS\tMany injuries at once, late effect\n"
)

CONVERSION: Final = (
    b"Conversion table of new codes, fiscal year 2027\n"
    b"\n"
    b"Current code assignment\tEffective October 1\tPrevious Code(s) Assignment\n"
    b"M72.20\t2026\tM72.2\n"
    b"H02.151\t2018\tH02.101-H02.106; H02.109\n"
    b"U10\t01/01/2021\tM35.8\n"
    b"W44.A1XA\t4/1/2023\tNone\n"
)

ADDENDA: Final = (
    b"Headers\n"
    b"  10 headers in icd10cm-order-2026.txt\n"
    b"  11 headers in icd10cm-order-2027.txt\n"
    b"of which\n"
    b"   1 additions\n"
    b"Delete:      1 M722    " + b"Thick sole of the foot".ljust(61) + b"Thick sole of the foot\n"
    b"Add:         0 M722    " + b"Thick sole of the foot".ljust(61) + b"Thick sole of the foot\n"
    b"Add:         1 M7220   " + b"Thick sole of the foot, any".ljust(61) + b"Thick sole of the foot, any\n"
    b"Revise from: 1 U10     " + b"Inflamed vessels".ljust(61) + b"Inflamed vessels after a virus\n"
    b"Revise to:   1 U10     " + b"Inflamed vessels".ljust(61) + b"Inflamed vessels after a coronavirus illness\n"
)
