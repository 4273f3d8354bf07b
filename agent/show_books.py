"""What a person sees of the books in the terminal: one code, or a place in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.table import Table
from rich.tree import Tree

from agent.browse import BrowseAnswer, BrowsedEntry, BrowsedTerm, SeenReference
from agent.found_codes import FoundCode
from agent.index_path import BOOK_NAMES, PrintedCode
from agent.lookup import CodeAnswer, GoverningNote, ProcedureAnswer
from agent.show import escape, note, output
from medcoding.characters import ExpandedCode
from medcoding.codebook import Codebook
from medcoding.notes import NOTE_KINDS, CodeTarget, InstructionalNotes

_POA: Final = {
    True: "exempt from reporting",
    False: "not exempt from reporting",
    None: "no list loaded; run 'chartwright index build --official FOLDER' with the POA-exempt list",
}


def code(answer: CodeAnswer, codebook: Codebook) -> None:
    """One entry of the tabular list: its place, its notes, what leads to it and what stands below it."""
    state = "billable" if answer.billable else "header, not billable"
    derived = ", derived: not checked against the official file" if answer.status == "derived" else ""
    tree = Tree(f"[bold]{answer.code}[/] {escape(answer.title)} ({state} in {answer.edition.name}{derived})")
    _branch(tree, "ended or divided; in its place", (f"{c} {codebook.title(c)}".strip() for c in answer.successors))
    _branch(tree, "place in the tabular list", (f"{a.code} {a.title}" for a in reversed(answer.lineage)))
    _add_paths(tree, answer)
    for kind, texts in _printed(answer.notes):
        _branch(tree, kind.replace("_", " "), texts)
    _branch(tree, "inherited notes", (_inherited(held) for held in answer.notes_in_force if held.at != answer.code))
    if answer.billable:
        tree.add(f"present on admission: {_POA[answer.poa_exempt]}")
    for child in codebook.children(answer.code):
        tree.add(f"{child} {escape(codebook.title(child))}")
    expanded = [_expanded(below) for below in answer.expansion]
    _branch(tree, "further characters", [*expanded, *_more(answer.expansion_left_out)])
    output.print(tree)


def procedure(answer: ProcedureAnswer) -> None:
    """One code or modifier of HCPCS Level II or CPT."""
    tree = Tree(f"[bold]{answer.code}[/] {escape(answer.title)} ({answer.system.value}, {escape(answer.category)})")
    if answer.short_descriptor and answer.short_descriptor != answer.title:
        tree.add(f"short descriptor: {escape(answer.short_descriptor)}")
    for line in _days(answer):
        tree.add(line)
    tree.add(f"release: {escape(answer.release)}")
    output.print(tree)


def browsed(answer: BrowseAnswer) -> None:
    """Letters, terms of the Alphabetic Index, or entries of the tabular list."""
    if not answer.index_loaded:
        note(
            f"No Alphabetic Index is loaded for {answer.edition}; the tabular list is shown by title. Run 'chartwright"
            " index build --official FOLDER' with the official index files."
        )
    if answer.letters:
        output.print(_letters(answer))
    for term in answer.terms:
        output.print(_term(term, Tree(_line(" > ".join(term.path), term))))
    for entry in answer.entries:
        output.print(_entry(entry, Tree(_entry_line(entry))))
    for line in _more(answer.left_out):
        output.print(line)


def found_codes(found: Sequence[FoundCode]) -> None:
    """Codes found for words, best first: the wording, the ways that led there, the index path, the scores."""
    if not found:
        output.print("Nothing was found; try other words.")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("code", no_wrap=True)
    table.add_column("title and why it was found", ratio=1, overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    for one in found:
        table.add_row(f"[bold]{one.code}[/]", "\n".join((escape(one.title), *_why_found(one))), f"{one.score:.2f}")
    output.print(table)


def _why_found(one: FoundCode) -> Iterator[str]:
    """The wording with its origins, the index path where there is one, the scores that are not nothing."""
    yield f"[dim]by {', '.join(origin.value for origin in one.origins)}: “{escape(one.surface)}”[/]"
    if one.index_path:
        yield f"[dim]index: {escape(' > '.join(one.index_path))}[/]"
    scores = ((name, value) for name, value in one.scores.model_dump().items() if value)
    yield f"[dim]{', '.join(f'{name} {value:.2f}' for name, value in scores)}[/]"


def _branch(tree: Tree, heading: str, lines: Iterable[str]) -> None:
    """A heading with its lines; nothing where there are none."""
    shown = list(lines)
    if shown:
        branch = tree.add(heading)
        for line in shown:
            branch.add(escape(line))


def _more(left_out: int) -> list[str]:
    return [f"and {left_out:,} more"] if left_out else []


def _add_paths(tree: Tree, answer: CodeAnswer) -> None:
    if not answer.index_loaded:
        tree.add("Alphabetic Index: none is loaded for this edition")
        return
    paths = [" > ".join(path.steps()) for path in answer.index_paths]
    _branch(tree, "paths that lead to it", [*paths, *_more(answer.index_paths_left_out)])


def _printed(notes: InstructionalNotes) -> Iterator[tuple[str, Iterable[str]]]:
    """Each kind of note that stands at an entry, with its lines."""
    yield from (
        (kind, getattr(notes, kind)) for kind in ("includes", "inclusion_terms", "notes") if getattr(notes, kind)
    )
    yield from ((kind, [held.text for held in notes.of(kind)]) for kind in NOTE_KINDS if notes.of(kind))
    if notes.seventh_characters:
        meanings = (f"{character}: {meaning}" for character, meaning in notes.seventh_characters.items())
        yield "seventh characters", (*filter(None, [notes.seventh_character_note]), *meanings)


def _inherited(held: GoverningNote) -> str:
    named = ", ".join(map(_target, held.targets)) or "no code"
    return f"{held.kind.replace('_', ' ')} at {held.at}: {held.text} [names {named}]"


def _target(target: CodeTarget) -> str:
    named = target.first if target.first == target.last else f"{target.first}-{target.last}"
    if target.place is None:
        return named
    return f"{named} with {target.place} character {' or '.join(target.characters)}"


def _expanded(below: ExpandedCode) -> str:
    meant = (f"{m.character} {m.meaning}" for m in below.characters if m.axis != "placeholder")
    return f"{below.code}: {'; '.join(meant)}"


def _days(answer: ProcedureAnswer) -> Iterator[str]:
    if not answer.dated:
        yield "the file names no dates, so nothing says whether the code has ended"
        return
    days = {"added": answer.effective_from, "changed": answer.changed_on, "last day": answer.effective_to}
    for name, day in days.items():
        if day:
            yield f"{name}: {day}"
    if answer.in_force is not None:
        yield "in force on the day asked about" if answer.in_force else "[red]not in force on the day asked about[/]"


def _letters(answer: BrowseAnswer) -> Table:
    table = Table("letter", "main terms", title=f"{BOOK_NAMES['diseases']}, {answer.edition}", box=None)
    for letter, count in answer.letters.items():
        table.add_row(letter, f"{count:,}")
    return table


def _term(term: BrowsedTerm, tree: Tree) -> Tree:
    for column in term.codes if len(term.codes) > 1 else ():
        tree.add(escape(_in_column(column)))
    for below in term.below:
        _term(below, tree.add(_line(below.path[-1], below)))
    if term.below_left_out:
        tree.add(f"… {term.below_left_out:,} below")
    return tree


def _line(title: str, term: BrowsedTerm) -> str:
    """A line as the book prints it; of several columns each gets a line of its own."""
    parts = [f"[bold]{escape(title)}[/]", *(escape(f"({word})") for word in term.nonessential)]
    parts += [escape(_in_column(column)) for column in term.codes[:1] if len(term.codes) == 1]
    for name, reference in (("see", term.see), ("see also", term.see_also)):
        if reference:
            parts.append(escape(f"{name} {_seen(reference)}"))
    return " ".join(parts)


def _seen(reference: SeenReference) -> str:
    """Where it leads; of a table's row not its columns, they stand at the row itself."""
    code = f": {_in_column(reference.codes[0])}" if len(reference.codes) == 1 else ""
    leads = f" → {' > '.join(reference.path)}" if reference.path else ""
    return f"{reference.text}{leads}{code}"


def _in_column(printed: PrintedCode) -> str:
    return f"{printed.column}: {printed.code}" if printed.column else printed.code


def _entry(entry: BrowsedEntry, tree: Tree) -> Tree:
    for below in entry.below:
        _entry(below, tree.add(_entry_line(below)))
    if entry.below_left_out:
        tree.add(f"… {entry.below_left_out:,} below")
    return tree


def _entry_line(entry: BrowsedEntry) -> str:
    return f"[bold]{entry.code}[/] {escape(entry.title)}{'' if entry.billable else ' (header)'}"
