"""A small Alphabetic Index of our own, for walks: every shape of entry that a walk meets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from index_build.editions.index_books import IndexFiles, read_index
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.index_file import write_index
from tests.index_build.readers.index_excerpts import DRUGS, EXTERNAL_CAUSES, NEOPLASMS, xml_file

DISEASES: Final = xml_file(
    "index.xml",
    """<letter><title>B</title>
    <mainTerm><title>Break, traumatic</title>
      <term level="1"><title>shin<nemod>(upper end)</nemod></title><code>S82.10-</code></term>
      <term level="1"><title>toe</title><code>S92.91-</code></term>
    </mainTerm>
    <mainTerm><title>Break, worn</title><code>M84.40</code>
      <term level="1"><title>shin</title><code>M84.46-</code></term>
    </mainTerm></letter>
    <letter><title>C</title>
    <mainTerm><title>Cancer</title><seeAlso>Neoplasm, by site, malignant</seeAlso></mainTerm>
    <mainTerm><title>Chestsore</title><see>Sore, chest</see></mainTerm></letter>
    <letter><title>S</title>
    <mainTerm><title>Sore, soreness<nemod>(dull) (lasting)</nemod></title><code>R52</code>
      <term level="1"><title>chest</title><code>R07.9</code>
        <term level="2"><title>on breathing</title><code>R07.1</code></term>
      </term>
      <term level="1"><title>sudden or sharp</title><code>R52.1</code></term>
      <term level="1"><title>due to</title>
        <term level="2"><title>sugar disease</title><code>E11.9</code><manif>G63</manif></term>
      </term>
      <term level="1"><title>grade</title>
        <term level="2"><title>II</title><code>R52.2</code></term>
      </term>
    </mainTerm>
    <mainTerm><title>Sugar disease</title><code>E11.9</code>
      <term level="1"><title>with</title>
        <term level="2"><title>kidney wear</title><code>E11.22</code></term>
      </term>
    </mainTerm></letter>""",
    "<title>ICD-10-CM INDEX TO DISEASES and INJURIES</title>",
)


@contextmanager
def small_index(folder: Path) -> Iterator[AlphabeticIndex]:
    """The index, opened."""
    path = folder / "walks.sqlite"
    if not path.exists():
        write_index(path, read_index(IndexFiles(DISEASES, EXTERNAL_CAUSES, NEOPLASMS, DRUGS), "FY2027"))
    index = AlphabeticIndex(path)
    yield index
    index.close()
