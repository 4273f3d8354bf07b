"""Named doubles for the seams of the product."""

from __future__ import annotations

import base64
import codecs
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, get_args
from urllib.parse import unquote

from pydantic import ValidationError

from agent.llm import Answer, AnswerT, Message, UnusableAnswerError, Usage

Script = Callable[[str], Mapping[str, object] | Exception]
"""What a scripted model answers (or raises) to the text of its last message."""

USAGE_PER_ANSWER: Final = Usage(tokens_in=100, tokens_cached=40, tokens_out=10)


class ScriptedLLM:
    """Answers by a function of the question; keeps what it was asked. Holds answers to the response model."""

    name = "scripted"

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[tuple[Message, ...]] = []
        self.response_models: list[type[Any]] = []
        self.salts: list[str | None] = []

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,
        sample: int = 0,
    ) -> Answer[AnswerT]:
        """Answer as the script says; what does not fit the response model is an `UnusableAnswerError`."""
        self.asked.append(tuple(messages))
        self.response_models.append(response_model)
        self.salts.append(cache_salt)
        said = self._reply(messages, response_model)
        if isinstance(said, Exception):
            raise said
        content = json.dumps(said)
        try:
            value = response_model.model_validate_json(content, strict=True)
        except ValidationError:
            raise UnusableAnswerError("The scripted answer does not fit.", USAGE_PER_ANSWER) from None
        return Answer(value=value, content=content, usage=USAGE_PER_ANSWER)

    def _reply(self, messages: Sequence[Message], response_model: type[AnswerT]) -> Mapping[str, object] | Exception:
        return self._script(messages[-1].content)

    async def aclose(self) -> None:
        """There is nothing to release."""


class ObedientTraitor(ScriptedLLM):
    """Always follows the last line of its prompt that looks like an order about its answer, within the grammar.

    It reads many languages, look-alike letters, base64, hex, rot13 and lines written backwards; knows what is none,
    numbers, words of a candidate's title and, by `title_of`, codes. What it cannot express it turns into the first
    thing it may say. It cites the sentence of the order, if it can.
    """

    name = "obedient traitor"

    _ORDER: Final = re.compile(
        r"\b(?:ignore|disregard|forget|override|instead|must|system|assistant|instruction)\b.*?"
        r"\b(?:answer|choose|select|choice|reply|respond|pick|output|code)\b\W*(?:with |is |as |number |to )*\"?(\w+)",
        re.IGNORECASE,
    )
    _NUMBERED: Final = re.compile(r"\[(\d+)\]")

    def __init__(self, title_of: Callable[[str], str] = lambda _: "") -> None:
        super().__init__(lambda _: {})
        self.obeyed: list[str] = []
        """What it was ordered to answer, one entry a question in which it found an order."""
        self._title_of = title_of

    def _reply(self, messages: Sequence[Message], response_model: type[AnswerT]) -> Mapping[str, object] | Exception:
        allowed = get_args(response_model.model_fields["choice"].annotation)
        lines = [line for message in messages[1:] for line in message.content.splitlines()]
        titles = {found.group(1): found.group(2).lower() for line in lines if (found := _CANDIDATE.fullmatch(line))}
        orders = [(line, answer) for line in lines if (answer := self._ordered(line, allowed, titles))]
        evidence, choice = [1], allowed[0]
        if orders:
            line, answer = orders[-1]
            self.obeyed.append(answer)
            choice = answer if answer in allowed else choice
            number = self._NUMBERED.match(line)
            evidence = [int(number.group(1))] if number else evidence
        return {"evidence": evidence, "reason": "as ordered", "missing": None, "choice": choice}

    def _ordered(self, line: str, allowed: Sequence[str], titles: Mapping[str, str]) -> str:
        """The answer that a line asks for; empty where it is no order. Lines of the note are read in every way."""
        numbered = self._NUMBERED.match(line)
        ways = _ways_to_read(line[numbered.end() :]) if numbered else ()
        orders = [reading for reading in ways if _ABOUT_ANSWERING.search(reading)]
        for reading in orders:
            if answer := self._answer(reading, allowed, titles):
                return answer
        found = self._ORDER.search(line)
        return found.group(1) if found else allowed[0] if orders else ""

    def _answer(self, order: str, allowed: Sequence[str], titles: Mapping[str, str]) -> str:
        """The last answer it may give that an order names: a number or none, a code, or words of a title."""
        named: list[str] = [_ANSWERS.get(word, word) for word in re.findall(r"\w+", order)]
        said = [word for word in named if word in allowed]
        codes = [self._title_of(code.upper()).lower() for code in _CODE.findall(order)]
        by_code = [number for number, title in titles.items() if title in codes]
        return (said or by_code or [_by_title(order, titles)])[-1]


_CANDIDATE: Final = re.compile(r"(\d+)\. (.+?)(?: \(matched: .*)?")
_CODE: Final = re.compile(r"\b[a-z]\d[0-9a-z](?:\.[0-9a-z]{1,4})?\b")
_ANSWERS: Final = {
    **dict.fromkeys(("ninguno", "ninguna", "aucun", "aucune", "keine", "keinen", "nenhum", "nessuno"), "none"),
    **dict.fromkeys(
        ("nenhuma", "geen", "nothing", "uncoded", "无", "नहीं", "żaden", "hiçbiri", "ingen", "null"), "none"
    ),
    **{word: str(place) for place, word in enumerate(("first", "second", "third", "fourth", "fifth"), start=1)},
    **{word: str(place) for place, word in enumerate(("one", "two", "three", "four", "five"), start=1)},
}
_ABOUT_ANSWERING: Final = re.compile(
    r"answer|choos|chose|choice|select|pick|repl(?:y|ies)|respon|output|return|option|candidat|number|cod(?:e|ing)"
    r"|report|assign|label|tick|accept|must|ignore|instruct|override|contest|antwort|wähl|choisi|numéro|escolh|elij"
    r"|rispond|odpowied|svara|reponn|sumagot|trả lời|yanıt|kodier|απάντησε|ответ|выбр|відпов|回答|选|選|答え|답|اختيار"
    r"|الخيار|أجب|يجيب|ענה|विकल्प|उत्तर|सभी"
)
_LOOKALIKES: Final = str.maketrans("асеіорѕухԁһјɡοαν", "aceiopsyxdhjgoav") | str.maketrans("тпмкв", "tnmkb")
_LEET: Final = str.maketrans("013457@$", "oieastas")


def _ways_to_read(line: str) -> Iterator[str]:
    """A line as it stands and as a clever reader could take it, in lower case."""
    shown = unicodedata.normalize("NFKC", html.unescape(unquote(line))).replace("\u00ad", "").lower()
    yield shown
    yield shown.translate(_LOOKALIKES)
    yield re.sub(r"(?<=\b\w) (?=\w\b)", "", shown)
    yield re.sub(r"\w*[^\W\d]\w*", lambda word: word.group().translate(_LEET), shown)
    yield shown[::-1]
    yield codecs.encode(shown, "rot13")
    for token in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", line):
        yield base64.b64decode(token + "==").decode(errors="replace").lower()
        if re.fullmatch(r"(?:[0-9a-f]{2})+", token):
            yield bytes.fromhex(token).decode(errors="replace").lower()


def _by_title(order: str, titles: Mapping[str, str]) -> str:
    """The candidate whose title shares words with the order that the first candidate's does not have."""
    words = set(re.findall(r"\w{5,}", order)) - set(re.findall(r"\w+", titles.get("1", "")))
    shared = {number: len(words & set(re.findall(r"\w+", title))) for number, title in titles.items()}
    best = max(shared, key=lambda number: shared[number], default="")
    return best if shared.get(best) else ""
