"""One way in: a path and, where it cannot be told from the files, their form -> `GoldSet`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from evals.loaders.aci_bench import read_aci_bench
from evals.loaders.coded_csv import read_csv
from evals.loaders.codiesp import read_codiesp
from evals.loaders.fhir import read_fhir
from evals.loaders.gold_set import GoldForm, GoldOptions, GoldSet
from evals.loaders.jsonl import read_jsonl
from evals.loaders.mdace import read_mdace
from medcoding.errors import InputError

READERS: Final[Mapping[GoldForm, Callable[[Path, GoldOptions], GoldSet]]] = MappingProxyType(
    {
        GoldForm.JSONL: read_jsonl,
        GoldForm.CSV: read_csv,
        GoldForm.FHIR: read_fhir,
        GoldForm.CODIESP: read_codiesp,
        GoldForm.MDACE: read_mdace,
        GoldForm.ACI_BENCH: read_aci_bench,
    }
)
_BEGINNING: Final = 65_536
_KEYS: Final = (
    (GoldForm.FHIR, b'"resourceType"'),
    (GoldForm.MDACE, b'"hadm_id"'),
    (GoldForm.CODIESP, b'"text_es"'),
    (GoldForm.JSONL, b'"documents"'),
    (GoldForm.ACI_BENCH, b'"note"'),
)
"""A key that stands near the beginning of each form, and of none of those below it."""
_TABLES: Final = frozenset({".csv", ".tsv"})


def load_gold(path: Path, form: GoldForm | None = None, options: GoldOptions = GoldOptions()) -> GoldSet:  # noqa: B008 - frozen
    """Read a file or folder of gold; without a form it is told from the files.

    Cases that do not fit are refused inside the set. Raises `InputError` when nothing can be read.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist; check the path.")
    return READERS[form or _form_of(path)](path, options)


def _form_of(path: Path) -> GoldForm:
    if path.is_dir():
        return _form_of_folder(path)
    if path.suffix.lower() in _TABLES:
        heading = _beginning(path).partition(b"\n")[0]
        return GoldForm.ACI_BENCH if b"encounter_id" in heading and b"dialogue" in heading else GoldForm.CSV
    beginning = _beginning(path)
    for form, key in _KEYS:
        if key in beginning:
            return form
    raise _untold(path)


def _form_of_folder(folder: Path) -> GoldForm:
    if (folder / "text_files").is_dir() or (folder / "text_files_en").is_dir():
        return GoldForm.CODIESP
    for file in sorted(folder.iterdir()):
        if file.suffix in {".json", ".jsonl", ".ndjson"}:
            return _form_of(file)
    raise _untold(folder)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as content:
            return content.read(_BEGINNING)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None


def _untold(path: Path) -> InputError:
    return InputError(f"The form of {path.name} cannot be told; name one of {', '.join(GoldForm)}.")
