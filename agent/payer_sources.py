"""Where payer rules are read from: a YAML file, or a folder of them; every code they name is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from agent.books import Books
from guardrails.payer_file import read_payer_rules
from medcoding.codes import CPT_SHAPE, HCPCS_SHAPE, CodeSystem
from medcoding.errors import ConfigError
from medcoding.payer_rule import PayerRule

_SETTING: Final = "CHARTWRIGHT_PAYER_RULES"
_UNLOADED_SHAPES: Final = {CodeSystem.HCPCS: HCPCS_SHAPE, CodeSystem.CPT: CPT_SHAPE}


def payer_files(place: Path | None) -> tuple[Path, ...]:
    """The file itself, or the YAML files of a folder in order of name. Raises `ConfigError` where it has none."""
    if place is None or not place.is_dir():
        return () if place is None else (place,)
    files = tuple(sorted(path for path in place.iterdir() if path.suffix in {".yaml", ".yml"}))
    if not files:
        raise ConfigError(f"The folder {place} holds no payer rules; put *.yaml files there or name another one.")
    return files


def load_payer_rules(paths: Sequence[Path], named_by: str = _SETTING) -> tuple[PayerRule, ...]:
    """The rules of every file. Raises `ConfigError` for one that cannot be read or holds a mistake.

    `named_by` says to the reader of that error where the path was given.
    """
    return tuple(rule for path in paths for rule in read_payer_rules(_content(path, named_by), path.name))


def with_known_codes(rules: tuple[PayerRule, ...], books: Books) -> tuple[PayerRule, ...]:
    """The same rules. Raises `ConfigError` for a code that no loaded book holds: such a rule would never speak up.

    A rule that ended before the first loaded edition began is not looked at; HCPCS and CPT codes only where their book
    is loaded.
    """
    first_day = min(book.edition.effective_from for book in books.codebooks.editions)
    for rule in rules:
        if rule.effective_to and rule.effective_to < first_day:
            continue
        for code, systems in _named(rule):
            if not any(_is_known(code, system, books) for system in systems):
                raise ConfigError(
                    f"The payer rule {rule.id} of {rule.payer} names {code}, which no loaded book holds; "
                    "correct the code or its system."
                )
    return rules


def _named(rule: PayerRule) -> Iterator[tuple[str, tuple[CodeSystem, ...]]]:
    """Every code of a rule, both ends of its ranges, with the systems in which it may stand."""
    for text in rule.codes:
        yield from ((end, (rule.system,)) for end in text.split("-"))
    for text in (*rule.requirement.needs_one_of, *rule.requirement.not_with):
        yield from ((end, tuple(CodeSystem)) for end in text.split("-"))


def _is_known(code: str, system: CodeSystem, books: Books) -> bool:
    if system is CodeSystem.ICD10CM:
        return any(code in book for book in books.codebooks.editions)
    if book := books.procedures.get(system):
        return code in book or any(entry.code.startswith(code) for entry in book.entries())
    return bool(_UNLOADED_SHAPES[system].fullmatch(code))


def _content(path: Path, named_by: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The payer rules {path} cannot be read ({error.strerror}); correct {named_by}.") from None
