"""Excerpts of our own in the shape of the official index files, and files that exist only in memory."""

from __future__ import annotations

from typing import Final, NamedTuple


class HeldFile(NamedTuple):
    """A named file of a release, held in memory."""

    name: str
    content: bytes

    def read_bytes(self) -> bytes:
        """The whole content."""
        return self.content


def xml_file(name: str, body: str, head: str = "") -> HeldFile:
    """An official index document around some letters."""
    document = f'<?xml version="1.0" encoding="utf-8"?>\n<ICD10CM.index><version>2026</version>{head}{body}'
    return HeldFile(name, f"{document}</ICD10CM.index>".encode())


DISEASES: Final = xml_file(
    "index.xml",
    """<letter><title>A</title>
    <mainTerm><title>Achiness<nemod>(dull) (of limb(s))</nemod> NEC</title><code>M79.60-</code>
      <term level="1"><title>with</title>
        <term level="2"><title>storage disorder</title><code>E85.4</code><manif>N08</manif></term>
      </term>
      <term level="1"><title>in<nemod>(due to) (with)</nemod></title>
        <term level="2"><title>failure, kidney</title><code>D63.1</code></term>
      </term>
      <term level="1"><title>foot</title><see>Soreness, foot</see></term>
      <term level="1"><title>joint</title><seecat>M25</seecat></term>
      <term level="1"><title>vision</title><subcat>H53.1</subcat></term>
      <term level="1"><title>growth</title><see>Neoplasm, breast, benign</see></term>
    </mainTerm></letter>
    <letter><title>S</title>
    <mainTerm><title>Sore, soreness</title><code>R52</code>
      <term level="1"><title>foot</title><code>M79.67-</code></term>
      <term level="1"><title>hand</title><seeAlso>Achiness, limb</seeAlso></term>
      <term level="1"><title>knee</title><see>condition</see></term>
      <term level="1"><title>wing</title><see>Flight</see></term>
    </mainTerm>
    <mainTerm><title>Stiffness, morning</title><see>Sore, by site</see></mainTerm></letter>""",
    "<title>ICD-10-CM INDEX TO DISEASES and INJURIES</title>",
)

EXTERNAL_CAUSES: Final = xml_file(
    "eindex.xml",
    """<letter><title>F</title>
    <mainTerm><title>Fall, falling<nemod>(accidental)</nemod></title><code>W19</code>
      <term level="1"><title>from, off</title>
        <term level="2"><title>ladder</title><code>W11</code></term>
      </term>
    </mainTerm></letter>""",
    "<title>ICD-10-CM EXTERNAL CAUSE of INJURIES INDEX</title>",
)

NEOPLASMS: Final = xml_file(
    "neoplasm.xml",
    """<letter><title>N</title><mainTerm><title>Neoplasm, neoplastic</title><cell col="2">C80.1</cell>
    <term level="1"><title>breast<nemod>(glandular)</nemod></title><cell col="2">C50.9-</cell><cell col="5">D24.-</cell>
      <term level="2"><title>upper-outer quadrant</title><cell col="2">C50.4-</cell><cell col="3">C79.81</cell>
        <cell col="4">D05.-</cell><cell col="5">D24.-</cell><cell col="6">D48.6-</cell><cell col="7">D49.3</cell></term>
    </term>
    <term level="1"><title>cheek *</title><manif>outside</manif><cell col="2">C44.309</cell><cell col="3">-</cell>
    </term>
    <term level="1"><title>jaw bone ◊</title><see>Neoplasm, breast</see></term>
    </mainTerm></letter>""",
    '<indexHeading><head col="1">Neoplasm</head><head col="2">Malignant Primary</head></indexHeading>',
)

DRUGS: Final = xml_file(
    "drug.xml",
    """<letter><title>A</title><mainTerm><title>Aspirin<nemod>(soluble)</nemod></title><cell col="2">T39.011</cell>
    <cell col="3">T39.012</cell><cell col="4">T39.013</cell><cell col="5">T39.014</cell><cell col="6">T39.015</cell>
    <cell col="7">T39.016</cell></mainTerm>
    <mainTerm><title>Acid</title>
      <term level="1"><title>paint</title><cell col="2">T54.2X1</cell><cell col="6">--</cell></term></mainTerm>
    <mainTerm><title>Analgesic tablet</title><see>Aspirin</see></mainTerm></letter>""",
    '<indexHeading><head col="1">Substance</head></indexHeading>',
)
