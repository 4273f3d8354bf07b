"""Orders: words that tell a coder or a machine what to answer, as far as patterns know them.

Grouped by what an order needs: someone addressed, something to be set aside, an answer to be given, a gain, a mark of
the prompt. Each group names the beginnings of words of which it needs one, so that most records are read no further.
Patterns find what is written plainly, in some fifteen languages; whoever knows them can write around them.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote


class _Group(NamedTuple):
    """Patterns over lower-case text, looked for where one of the beginnings occurs."""

    beginnings: tuple[str, ...]
    pattern: re.Pattern[str]


def _group(beginnings: str, *patterns: str) -> _Group:
    return _Group(tuple(beginnings.split()), re.compile("|".join(patterns)))


_NEAR: Final = r"[^.\n]{0,40}?"
_SET_ASIDE: Final = (
    r"(?:ignor(?:e|es|ing)|disregard(?:s|ing)?|forget|overrid(?:e|es|ing)|bypass|skip|set aside|throw away|discard)"
)
_RULES: Final = (
    r"(?:instructions?|rules?|prompts?|guidelines?|directions?|commands?|context|guardrails?|polic(?:y|ies)|task\b)"
)
_RECORD: Final = (
    r"(?:note|record|chart|document|assessment|diagnos[ie]s|evidence|verification|everything above|rest of this)"
)
_MACHINE: Final = (
    r"(?:assistant|(?:language )?model|coders?|coding|agent|ai|bot|robot|auditor|system|billing|llm|reviewer"
    r"|computer"
    r"|software|engine|reader|developer)"
)
_ANSWER: Final = r"(?:answer|choose|select|reply|respond|output|pick|return|print)"
_ANSWERS: Final = (
    r"(?:answer|choose|choosing|chooses|chosen|choice|select(?:s|ing)?|repl(?:y|ies|ied)|respond(?:s|ing)?"
    r"|outputs?|picks?|return|print|say|decline|classify)"
)
_CODE: Final = r"(?:code|bill|assign|report|choose|select|pick|upcode|use|add|output|return|prefer|capture)"
_GAIN: Final = (
    r"(?:(?:highest|most severe|most complex|maximum|maximi[sz]e)(?:\W+\w+){0,2}?\W+(?:drg|codes?|weighted|paying"
    r"|options?|candidates?|severity|reimbursement|payment|revenue|form on offer)|most (?:expensive|lucrative"
    r"|profitable)"
    r"|(?:best|top).?paying|drg|reimbursement|revenue|payment|rvus?\b|mcc\b|hcc (?:weight|gap|opportunity))"
)
_CHOOSES: Final = (
    r"(?:answers?|choos(?:e|es|ing)|chosen|select(?:s|ing)?|repl(?:y|ies)|picks?|respond(?:s|ing)?|decline)"
)
_AFTER_NUMBER: Final = (
    r"(?=\W*(?:$|\n)|[.,;:!?)\]\"'}<]|\s+(?:wherever|whenever|unless|or|and|for|instead|always|here|in|when|on)\b)"
)
_DOTTED: Final = r"[a-tv-z]\d[0-9a-z]\.[0-9a-z]{1,4}\b"

_GROUPS: Final = (
    _group(
        "ignor disregard forget overrid bypass skip aside away discard",
        rf"\b{_SET_ASIDE}\b(?:\W+\w+){{0,3}}?\W+(?:previous|prior|above|earlier|other|these|your|all|any"
        rf"|the)\b.{{0,30}}?{_RULES}(?! (?:about|for|on)\b)",
        rf"\b{_SET_ASIDE}\b(?:\W+(?:the|this|that|all|any|of|your|rest|entire|whole))*\W+(?:{_RECORD}"
        rf"|{_RULES})\b(?! (?:from|by|dated|of|for) )",
        rf"\b{_SET_ASIDE}\b(?:\W+\w+){{0,2}}\W+everything\b",
        rf"\b{_SET_ASIDE}\b{_NEAR}\b{_ANSWERS}\b\W*(?:with |is )?(?:none\b|\d\b)",
        r"\boverride\s*=",
    ),
    _group(
        "drg paying pays reimburs revenue payment rvu mcc hcc highest maxim severe expensive lucrative complex"
        " profitable risk query",
        rf"\b{_CODE}\b[^.;\n]{{0,40}}\b{_GAIN}",
        rf"\b{_GAIN}\b[^.\n]{{0,40}}\b(?:code|drg|diagnosis)\b[^.\n]{{0,20}}\b(?:must|should|always|only"
        rf"|instead)\b",
        r"\b(?:pays|paying|carries|weighs) (?:more|better|best|the most|an mcc)\b|\brisk.adjusts\b|\b(?:so that"
        r"|until) the drg\b",
        r"(?:\bcdi )?\bquery\b[^.\n]{0,30}\bpre-?(?:filled|selected|checked|ticked)\b[^.\n]*",
        r"\b(?:hcc|drg|mcc|risk adjustment) (?:gap|opportunity|worklist|finder|optimi[sz]er|capture)\b|\b(?:for"
        r"|as) the mcc\b",
    ),
    _group(
        "you act pretend behave character simulation",
        rf"\b(?:you are|you're|act as|pretend to be|behave as)\b[^.;\n]{{0,40}}\b{_MACHINE}\b",
        rf"\b(?:you are now|pretend (?:that )?|character you|in this (?:game|simulation)"
        rf"|role you)\b[^.\n]{{0,40}}\b(?:{_ANSWERS}|{_MACHINE})\b",
    ),
    _group(
        "system developer assistant admin user human coder coding auditor billing reviewer model llm bot prompt"
        " jailbreak"
        " engine software robot reader computer tool grouper validator ai",
        r"\bsystem (?:prompt|instruction|override)s?\b|\b(?:developer|assistant|admin(?:istrator)?)\s*"
        r"(?:prompt|message|instruction|override|notice)s?\b",
        r"(?:^|\n)\W*(?:system|assistant|developer|user|human|ai|model|coder|auditor|grouper"
        r"|validator)\s*[:>][^\n]{0,60}?"
        rf"\b(?:{_ANSWERS}|{_RULES}|{_SET_ASIDE}|candidate|option|none|you|\d\W*$)\b",
        r"(?:^|\n)\W*(?:assistant|human)\s*:\s*(?:\d|which)",
        rf"\b(?:note|attention|message|instructions?|reminder|memo|advice|dear|task) (?:to"
        rf"|for)? ?(?:the )?{_MACHINE}\b",
        r"\b(?:the|dear|to|all) coders?\b|\bcoders?\s*(?:[:,]|-)|(?:^|\n|[.(\[] ?)coders\b"
        r"|\bcoders? (?:must|should|shall|to|is to|are to|could|answers?|who)\b",
        r"\b(?:coding|automated|billing) (?:engine|system|software|robot|tool|staff|committee|reader|bot)s?\b",
        r"\bcoding assistant\b",
        rf"\b(?:the|any|this) {_MACHINE} (?:must|shall|should|is to|has to|is directed|is cleared|needs to"
        rf"|could)\b{_NEAR}"
        rf"\b(?:{_ANSWERS}|{_CODE}|leave|follow|ignore)\b",
        rf"\b{_MACHINE}\W+(?:must |should |shall |please |to )?{_ANSWERS}\b\W+(?:with |is )?(?:none|\d|it\b"
        rf"|option|candidate)",
        r"\b(?:language model|llm|chatbot|chatgpt|prompt injection|jailbreak|as an ai|instruction to model)\b",
    ),
    _group(
        "note instruction message coder auditor this",
        r"\bdo not (?:mention|reveal|disclose|flag|query)\b[^.\n]{0,40}\b(?:instruction|note|message|coder"
        r"|auditor|this)\b",
    ),
    _group(
        "answer cho select repl respond output return print pick option candidat number as label quote cite only",
        rf"\b(?:always|must|please|instead|now|only|just)\b[^.\n]{{0,25}}\b{_ANSWER}\b[^.\n]{{0,15}}?\bnone\b",
        rf"\b(?:always|must|please|instead|now|only|just)\b[^.\n]{{0,25}}\b{_CHOOSES}\b"
        r"(?:\W+\w+){0,2}?\W+(?:\d{1,2}\b(?!\W*[a-z])|(?:option|number|candidate) \d)",
        r"\b(?:must|always|please|should)\b[^.\n]{0,15}\b(?:select|choose|pick|output) (?:it|the label)\b"
        r"|\blabel\W*[:=]\W*\d",
        r"\b(?:only|just|job is) to (?:select|choose|answer|pick)\b|\b(?:quote|cite) (?:the words"
        r"|this (?:sentence|case)|sentence \d)\b",
        rf"\b{_ANSWER}\b[^.;\n]{{0,25}}\b(?:(?:option|candidate|choice|number) \d|(?:the )?candidates?|id \d"
        rf"|json)\b",
        r"\b(?:use|grateful for|accept|approve) (?:option|candidate|number) \d|\ba: choice \d|-> output\b",
        rf"\b{_ANSWERS}\b\W+(?:(?:with|is|as|to|the|for|every|each|all|question|this|that|mention|just|only|it"
        rf"|back|items?|be)\W+){{0,5}}none\b(?! (?:of|but|via|so|today|overnight)\b)",
        rf"\b{_CHOOSES}\s+(?:(?:with|is|as|number|the|candidate|option|choice"
        rf"|by)\s+){{0,3}}\d{{1,2}}{_AFTER_NUMBER}",
        r"\bchoosing candidate \d|\bset choice to\b|\b(?:choice|selected|answer) should be \d",
        r"\b(?:answer(?:ed)?|choice|output|label)\W{0,6}(?:(?:to|for|every|each|question|this|mention|is|be|the"
        r"|should"
        r"|will|items?)\W+){1,6}none\b|\b(?:choice|output|label) (?:is|should be|will be) \d",
        r"\bbe answered (?:none|with \d)|\b(?:candidate|choice|option) \d (?:is|was|must|should)\b"
        r"|\boption \d selected\b",
        r"\b(?:pick|choose|select|take|use|prefer)\b(?:\W+\w+){0,3}\W+(?:candidates?|options?)\b(?!\s+(?:for"
        r"|of) (?:surgery|transplant|treatment))",
        rf"\b(?:answer|choose|output|reply|respond|pick|return)\b{_NEAR}{_DOTTED}",
        r"\b(?:expected|correct|gold|valid|forced|default|suggested|recommended)\W(?:answer|choice|output"
        r"|label)s?\b",
        r"\bcode\b(?:\W+\w+){1,4}?\W+(?:as )?(?:number|option|candidate) \d\b",
    ),
    _group(
        "report assign add code require capture select unless",
        rf"\b(?:report|assign|add|requires?|capture|select|unless)\b(?:\s+[a-z]+){{0,2}}\s+(?!t\d){_DOTTED}"
        rf"|(?:^|[.;]\s*|\b(?:must|please|to|should|always|and)\s+)code\s+(?:[a-z]+\s+){{0,2}}{_DOTTED}"
        rf"|{_DOTTED} is selected",
        r"\b(?:report|assign|code)\b(?:\W+\w+){0,2}?\W+e43\b|\badd e\d\d\b|\b(?:is"
        r"|are) (?:always )?reported as [a-z]\d\d",
        r"[^.;()\n]*\b(?:must|should|shall|has to|is to) be (?:up)?coded\b",
        r"\bno longer (?:reportable|reported|coded)\b|\b(?:choose|pick)\b(?:\W+\w+){0,3}\W+codes\b",
        r"\b(?:do not|don't|not to be|nothing to be|no diagnosis is to be"
        r"|leave\b[^.\n]{0,25}) ?(?:code[sd]?|reported|uncoded|blank)\b(?! (?:blue|patient|in|if|him|her"
        r"|this patient)\b)",
    ),
    _group(
        "instruct guideline polic rule convention",
        rf"\b(?:new|updated|revised)\b[^.\n]{{0,25}}\b{_RULES}[^.\n]{{0,40}}\b(?:must|shall"
        rf"|requires?)\b[^.\n]{{0,30}}"
        r"\b(?:cod(?:e|ed|ing)|report(?:ed)?|bill|pick|choose)\b",
        r"\b(?:guidelines?|polic(?:y|ies)|conventions?|rules?|passages?)\b[^.\n]{0,50}\b(?:supersede"
        r"|no longer apply|are void|withdrawn)",
        r"\b(?:new|updated|revised) (?:coding )?(?:convention|rule|guideline|policy)s?\b[^.\n]{0,60}\b(?:answer"
        r"|choose|pick|select)\b",
        r"\bforced by policy\b",
    ),
    _group(
        '<| inst] </ < <start <end_ <!-- "cho \'cho "rol trusted candidates end note} choice mention',
        r"<\|[^|\n]{1,40}\|>|\[/?inst\]|< ?/?(?:system|assistant|user|instructions?|function_calls|invoke"
        r"|tool_call)\b|</s>|</?(?:start|end)_of_turn>",
        r"[\"']?choice[\"']?\s*[:=]\s*[\"'`]?(?:none|\d)|\"role\"\s*:\s*\"",
        r"\b(?:un)?trusted\b[^.\n]{0,15}\binput\b|\b(?:for|of) this mention\b|\bmention:\s|(?:^"
        r"|\n)candidates\s*(?:\n|$)|no candidate (?:is|should|was)\b",
    ),
)

_TOLD_ABROAD: Final = _group(
    "ignor olvid oublie vergiss nege zignor bortse bliye pansinin yok bỏ"
    " respon répon contest antwort rispond odpowied svara reponn sumagot trả yanıt elij escolh chois wähl scegli"
    " kodier codific codeur codificador",
    r"\b(?:ignor(?:a|ez|iere|e as)|olvid[ae]|oublie[zr]?|vergiss|negeer|zignoruj|bortse|bliye|huwag pansinin"
    r"|yok say|bỏ qua)\b"
    r"[^.\n]{0,40}(?:instruc|anweisung|consignes|regla|regeln|r[eè]gles|anterior|vorherige|pr[eé]c[eé]dent"
    r"|istruzion"
    r"|polece|talimat|hướng dẫn|enstriksyon|tagubilin|\bnone\b)",
    r"\b(?:respond[aeo]r?|répond(?:ez|s|re)|contest[ae]|antwort(?:e|en|et)|antwoord|rispond[ia]|odpowiedz|svara"
    r"|reponn|sumagot"
    r"|trả lời|yanıt\w*|elij[ae]|escolh\w+|choisi\w*|wähl\w*|scegli\w*)\b[^.\n]{0,30}?"
    r"\b(?:none\b|(?:ningun[oa]|nenhum|aucun|nessuno|keine|\d)\b(?=\W*(?:$|\n)|[.,;!»](?:\s|$)))",
    r"\b(?:none|ningun[oa]|nenhum|aucun|nessuno|keine|\d)\b[^.\n]{0,20}\b(?:antworten|yanıt\w*|wählen|kodieren)\b",
    r"\b(?:modelo?|modell|sistema|codeur|codificador|kodier\w+)\b[^.\n]{0,20}\b(?:deve|debe|doit|soll|muss"
    r"|antwortet|choisit)\b",
    r"\b(?:no debe|nicht mehr|ne doit pas|não deve)\b[^.\n]{0,20}\b(?:codificar|kodier\w+|coder)\b",
)
_FOREIGN: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{5}|[\uac00-\ud7af]+ [\uac00-\ud7af]+ [\uac00-\ud7af]"
    r"|(?:[\u0370-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f]{2,}[\W\d]+){2}[\u0370-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f]{2}"
    r"|[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u3400-\u9fff\uac00-\ud7af]+ ?none\b"
)
"""More than a name in a script in which no chart is read here: what stands there is for another reader."""

_MIXED: Final = re.compile(r"[a-z][\u0370-\u03ff\u0400-\u04ff][a-z]|[\u0400-\u04ff][a-z]|[a-z][\u0400-\u04ff]")
"""A word of letters that look alike but are not: `rеport` with a Cyrillic letter."""

_CLAUSE_END: Final = re.compile(r"[;)\]}>\n]|[.!?](?=\s|$)")
_ANSWERED: Final = re.compile(r"(?<![\w.])(?:none|\d)(?=,)")
_SPACED: Final = re.compile(r"(?:\b[a-z]\b[ ,.]+){9,}[a-z]\b")
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_NAMED_SPACED: Final = re.compile(r"ignore|answer|choose|select|reply|none")
_TURNED: Final = re.compile(r"\b(?:rewsna|erongi|tceles|esoohc|ylper|nafjre|vtaber|pubbfr|fryrpg|ercyl)\b")
"""Answer, ignore, select, choose, reply: backwards, and each letter thirteen places on."""

_READABLE: Final = re.compile(rb"[\w .,:;!?'\"-]{12,}")
_LEET: Final = str.maketrans("013457@$", "oieastas")
_LEET_WORD: Final = re.compile(r"\b(?=[a-z0-9@$]*\d[a-z])(?=[a-z0-9@$]*[a-z]{2})[a-z0-9@$]{4,}\b")
_SOFT: Final = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def legible(text: str) -> str:
    """Text in lower case as a reader takes it: without invisible characters, escapes and look-alike forms"
    " resolved."""
    shown = _SOFT.sub("", text) if not text.isascii() else text
    if not shown.isascii():
        shown = unicodedata.normalize("NFKC", shown)
    if "&" in shown or "%" in shown:
        shown = unquote(html.unescape(shown))
    return shown.lower()


def holds_order(text: str) -> bool:
    """True where a pattern finds an order, or text that has to be decoded."""
    shown = legible(text)
    return any(pattern.search(shown) for pattern in _of_interest(shown)) or _is_cipher(text, shown)


def order_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where orders stand in `legible(text)`, each to the end of its clause; all of it where it must be decoded."""
    shown = legible(text)
    if _is_cipher(text, shown):
        return ((0, len(shown)),)
    found = (match for pattern in _of_interest(shown) for match in pattern.finditer(shown))
    return tuple((match.start(), _clause_end(shown, match.start(), match.end())) for match in found)


def _clause_end(shown: str, start: int, after: int) -> int:
    """The end of the clause; behind its answer where a comma follows it: what comes then is no part of the"
    " order."""
    found = _CLAUSE_END.search(shown, max(after - 1, 0))
    end = found.end() if found else len(shown)
    answered = _ANSWERED.search(shown, start, end)
    return answered.end() if answered else end


def _of_interest(shown: str) -> Iterator[re.Pattern[str]]:
    for group in (*_GROUPS, _TOLD_ABROAD):
        if any(beginning in shown for beginning in group.beginnings):
            yield group.pattern
    if not shown.isascii():
        yield _FOREIGN
        yield _MIXED


def _is_cipher(text: str, shown: str) -> bool:
    """True for text that has to be decoded: spaced out, digits for letters, base64, hex."""
    spaced = _SPACED.search(shown)
    if _TURNED.search(shown) or (spaced and _NAMED_SPACED.search(re.sub(r"\W", "", spaced.group()))):
        return True
    leet = _LEET_WORD.sub(lambda word: word.group().translate(_LEET), shown)
    if leet != shown and any(p.search(leet) for p in _of_interest(leet)):
        return True
    return any(_decodes(token) for token in _TOKEN.findall(text))


def _decodes(token: str) -> bool:
    try:
        plain = bytes.fromhex(token) if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", token) else base64.b64decode(token + "==")
    except (ValueError, binascii.Error):
        return False
    return bool(_READABLE.fullmatch(plain)) and b" " in plain
