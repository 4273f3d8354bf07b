"""Orders in other languages and scripts than the record's."""

from __future__ import annotations

import re
from typing import Final

from guardrails.order_patterns import group_of, needing

TOLD_ABROAD: Final = group_of(
    needing(
        "ignor olvid oublie vergiss negeer zignoruj bortse bliye pansinin yok_say bỏ_qua",
        r"\b(?:ignor(?:a|ez|iere|e as)|olvid[ae]|oublie[zr]?|vergiss|negeer|zignoruj|bortse|bliye|huwag pansinin"
        r"|yok say|bỏ qua)\b"
        r"[^.\n]{0,40}(?:instruc|anweisung|consignes|regla|regeln|r[eè]gles|anterior|vorherige|pr[eé]c[eé]dent"
        r"|istruzion"
        r"|polece|talimat|hướng dẫn|enstriksyon|tagubilin|\bnone\b)",
    ),
    needing(
        "respond répond contest antwort antwoord rispond odpowied svara reponn sumagot trả_lời yanıt elij escolh choisi"
        " wähl scegli",
        r"\b(?:respond[aeo]r?|répond(?:ez|s|re)|contest[ae]|antwort(?:e|en|et)|antwoord|rispond[ia]|odpowiedz|svara"
        r"|reponn|sumagot"
        r"|trả lời|yanıt\w*|elij[ae]|escolh\w+|choisi\w*|wähl\w*|scegli\w*)\b[^.\n]{0,30}?"
        r"\b(?:none\b|(?:ningun[oa]|nenhum|aucun|nessuno|keine|\d)\b(?=\W*(?:$|\n)|[.,;!»](?:\s|$)))",
    ),
    needing(
        "antworten yanıt wählen kodieren",
        r"\b(?:none|ningun[oa]|nenhum|aucun|nessuno|keine|\d)\b[^.\n]{0,20}\b(?:antworten|yanıt\w*|wählen|kodieren)\b",
    ),
    needing(
        "model sistema codeur codificador kodier",
        r"\b(?:modelo?|modell|sistema|codeur|codificador|kodier\w+)\b[^.\n]{0,20}\b(?:deve|debe|doit|soll|muss"
        r"|antwortet|choisit)\b",
    ),
    needing(
        "no_debe nicht_mehr ne_doit_pas não_deve",
        r"\b(?:no debe|nicht mehr|ne doit pas|não deve)\b[^.\n]{0,20}\b(?:codificar|kodier\w+|coder)\b",
    ),
)

FOREIGN: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{5}|[\uac00-\ud7af]+ [\uac00-\ud7af]+ [\uac00-\ud7af]"
    r"|(?:[\u0370-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f]{2,}[\W\d]+){2}[\u0370-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f]{2}"
    r"|[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u3400-\u9fff\uac00-\ud7af]+ ?none\b"
)
"""More than a name in a script in which no chart is read here: what stands there is for another reader."""

MIXED: Final = re.compile(r"[a-z][\u0370-\u03ff\u0400-\u04ff][a-z]|[\u0400-\u04ff][a-z]|[a-z][\u0400-\u04ff]")
"""A word of letters that look alike but are not: `rеport` with a Cyrillic letter."""
