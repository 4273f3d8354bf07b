"""Patterns of orders, grouped by what an order needs: someone addressed, something to be set aside, an answer, a gain,
a mark of the prompt. Each names words that it cannot do without, so that most records are read no further.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Order(NamedTuple):
    """A pattern over lower-case text, and what must stand there before it can match: one of each of these.

    They stand where a word begins, those with a star anywhere.
    """

    needs: tuple[frozenset[str], ...]
    pattern: re.Pattern[str]

    def may_match(self, present: frozenset[str]) -> bool:
        """False for most records, so that they are read no further; `present` holds the words that do stand there."""
        return not any(map(present.isdisjoint, self.needs))


class Group(NamedTuple):
    """Patterns of one purpose; where two of them begin at one place the first one tells how far the order reaches."""

    orders: tuple[Order, ...]
    pattern: re.Pattern[str]


def needing(needs: str, pattern: str) -> Order:
    """A pattern that needs one of the words before each `+` and behind the last; `_` stands for a blank."""
    words = (frozenset(word.replace("_", " ") for word in part.split()) for part in needs.split(" + "))
    return Order(tuple(words), re.compile(pattern))


def group_of(*orders: Order) -> Group:
    """The group of these patterns, in this order."""
    return Group(orders, re.compile("|".join(order.pattern.pattern for order in orders)))


_SETTING_ASIDE: Final = "ignor disregard forget overrid bypass skip set_aside throw_away discard"
_GAINING: Final = (
    "highest most_severe most_complex maxim most_expensive lucrative profitable *paying drg reimbursement revenue"
    " payment rvu mcc hcc"
)
_MACHINES: Final = (
    "assistant model cod agent ai bot auditor system billing llm reviewer computer software engine reader developer"
)
_ANSWERING: Final = "answer choos chose choice select repl respond output pick return print say decline classify"
_NAMED: Final = (
    "_assistant _model _language _coder _coding _agent _ai _bot _robot _auditor _system _billing _llm _reviewer"
    " _computer _software _engine _reader _developer"
)
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
_NOT_OF_CARE: Final = (
    r"(?! (?:about|for|on|regarding|concerning|re)\b(?![^.\n]{0,40}\b(?:cod(?:e|es|ed|er|ers|ing)|bill\w*|answer\w*"
    r"|cho(?:ice|ose)\w*|options?|candidates?|notes?|records?|charts?|documents?|diagnos\w*|prompts?|tasks?|outputs?"
    r"|mentions?|evidence|this|above)\b))"
)
"""Instructions on something of the patient's care (a drug, a diet) are no prompt; those on the coding are."""

_NOT_BEFORE_DNR: Final = r"(?!\W{1,4}(?:(?:status|patient is|pt is)\W+)?(?:dnr|dni|do not (?:resuscitate|intubate))\b)"
_NOT_BEHIND_DNR: Final = r"(?!(?<=dn[ri][,;:/] )(?:do not|don't) code\W*(?:[.;\n]|$))"
"""`Do not code` beside a DNR order speaks of resuscitation."""

_DOTTED: Final = r"[a-tv-z]\d[0-9a-z]\.[0-9a-z]{1,4}\b"

GROUPS: Final = (
    group_of(
        needing(
            _SETTING_ASIDE,
            rf"\b{_SET_ASIDE}\b(?:\W+\w+){{0,3}}?\W+(?:previous|prior|above|earlier|other|these|your|all|any"
            rf"|the)\b.{{0,30}}?{_RULES}\b{_NOT_OF_CARE}",
        ),
        needing(
            _SETTING_ASIDE,
            rf"\b{_SET_ASIDE}\b(?:\W+(?:the|this|that|all|any|of|your|rest|entire|whole))*\W+(?:{_RECORD}"
            rf"|{_RULES})\b(?! (?:from|by|dated|of|for) )",
        ),
        needing(_SETTING_ASIDE, rf"\b{_SET_ASIDE}\b(?:\W+\w+){{0,2}}\W+everything\b"),
        needing(_SETTING_ASIDE, rf"\b{_SET_ASIDE}\b{_NEAR}\b{_ANSWERS}\b\W*(?:with |is )?(?:none\b|\d\b)"),
        needing("override", r"\boverride\s*="),
    ),
    group_of(
        needing(_GAINING, rf"\b{_CODE}\b[^.;\n]{{0,40}}\b{_GAIN}"),
        needing(
            _GAINING,
            rf"\b{_GAIN}\b[^.\n]{{0,40}}\b(?:code|drg|diagnosis)\b[^.\n]{{0,20}}\b(?:must|should|always|only"
            rf"|instead)\b",
        ),
        needing(
            "pays paying carries weighs adjusts the_drg",
            r"\b(?:pays|paying|carries|weighs) (?:more|better|best|the most|an mcc)\b|\brisk.adjusts\b|\b(?:so that"
            r"|until) the drg\b",
        ),
        needing(
            "query + pre",
            r"(?:\bcdi )?\bquery\b[^.\n]{0,30}\bpre-?(?:filled|selected|checked|ticked)\b[^.\n]*",
        ),
        needing(
            "hcc drg mcc risk_adjustment",
            r"\b(?:hcc|drg|mcc|risk adjustment) (?:gap|opportunity|worklist|finder|optimi[sz]er|capture)\b|\b(?:for"
            r"|as) the mcc\b",
        ),
    ),
    group_of(
        needing(
            "you_are you're act_as pretend_to behave_as",
            rf"\b(?:you are|you're|act as|pretend to be|behave as)\b[^.;\n]{{0,40}}\b{_MACHINE}\b",
        ),
        needing(
            "you_are_now pretend character_you this_game this_simulation role_you",
            rf"\b(?:you are now|pretend (?:that )?|character you|in this (?:game|simulation)"
            rf"|role you)\b[^.\n]{{0,40}}\b(?:{_ANSWERS}|{_MACHINE})\b",
        ),
    ),
    group_of(
        needing(
            "system developer assistant admin + *prompt *instruction *override *message *notice",
            r"\bsystem (?:prompt|instruction|override)s?\b|\b(?:developer|assistant|admin(?:istrator)?)\s*"
            r"(?:prompt|message|instruction|override|notice)s?\b",
        ),
        needing(
            "system assistant developer user human ai model coder auditor grouper validator + : >",
            r"(?:^|\n)\W*(?:system|assistant|developer|user|human|ai|model|coder|auditor|grouper"
            r"|validator)\s*[:>][^\n]{0,60}?"
            rf"\b(?:{_ANSWERS}|{_RULES}|{_SET_ASIDE}|candidate|option|none|you|\d\W*$)\b",
        ),
        needing("assistant human", r"(?:^|\n)\W*(?:assistant|human)\s*:\s*(?:\d|which)"),
        needing(
            f"note attention message instruction reminder memo advice dear task + {_NAMED}",
            rf"\b(?:note|attention|message|instructions?|reminder|memo|advice|dear|task) (?:to"
            rf"|for)? ?(?:the )?{_MACHINE}\b",
        ),
        needing(
            "coder",
            r"\b(?:the|dear|to|all) coders?\b|\bcoders?\s*(?:[:,]|-)|(?:^|\n|[.(\[] ?)coders\b"
            r"|\bcoders? (?:must|should|shall|to|is to|are to|could|answers?|who)\b",
        ),
        needing(
            "coding_ automated_ billing_",
            r"\b(?:coding|automated|billing) (?:engine|system|software|robot|tool|staff|committee|reader|bot)s?\b",
        ),
        needing("coding_assistant", r"\bcoding assistant\b"),
        needing(
            f"{_NAMED} + must shall should is_to has_to is_directed is_cleared needs_to could",
            rf"\b(?:the|any|this) {_MACHINE} (?:must|shall|should|is to|has to|is directed|is cleared|needs to"
            rf"|could)\b{_NEAR}"
            rf"\b(?:{_ANSWERS}|{_CODE}|leave|follow|ignore)\b",
        ),
        needing(
            f"{_MACHINES} + {_ANSWERING}",
            rf"\b{_MACHINE}\W+(?:must |should |shall |please |to )?{_ANSWERS}\b\W+(?:with |is )?(?:none|\d|it\b"
            rf"|option|candidate)",
        ),
        needing(
            "language_model llm chatbot chatgpt prompt_injection jailbreak as_an_ai instruction_to_model",
            r"\b(?:language model|llm|chatbot|chatgpt|prompt injection|jailbreak|as an ai|instruction to model)\b",
        ),
    ),
    group_of(
        needing(
            "do_not_ + mention reveal disclose flag query",
            r"\bdo not (?:mention|reveal|disclose|flag|query)\b[^.\n]{0,40}\b(?:instruction|note|message|coder"
            r"|auditor|this)\b",
        ),
    ),
    group_of(
        needing(
            "none + answer choose select reply respond output pick return print",
            rf"\b(?:always|must|please|instead|now|only|just)\b[^.\n]{{0,25}}\b{_ANSWER}\b[^.\n]{{0,15}}?\bnone\b",
        ),
        needing(
            "answer choos chosen select repl pick respond decline + always must please instead now only just",
            rf"\b(?:always|must|please|instead|now|only|just)\b[^.\n]{{0,25}}\b{_CHOOSES}\b"
            r"(?:\W+\w+){0,2}?\W+(?:\d{1,2}\b(?!\W*[a-z])|(?:option|number|candidate) \d)",
        ),
        needing(
            "select choose pick output label",
            r"\b(?:must|always|please|should)\b[^.\n]{0,15}\b(?:select|choose|pick|output) (?:it|the label)\b"
            r"|\blabel\W*[:=]\W*\d",
        ),
        needing(
            "to_select to_choose to_answer to_pick quote_ cite_",
            r"\b(?:only|just|job is) to (?:select|choose|answer|pick)\b|\b(?:quote|cite) (?:the words"
            r"|this (?:sentence|case)|sentence \d)\b",
        ),
        needing(
            "answer choose select reply respond output pick return print + option candidate choice number id_ json",
            rf"\b{_ANSWER}\b[^.;\n]{{0,25}}\b(?:(?:option|candidate|choice|number) \d|(?:the )?candidates?|id \d"
            rf"|json)\b",
        ),
        needing(
            "option_ candidate_ number_ choice_ ->_output",
            r"\b(?:use|grateful for|accept|approve) (?:option|candidate|number) \d|\ba: choice \d|-> output\b",
        ),
        needing(
            "none",
            rf"\b{_ANSWERS}\b\W+(?:(?:with|is|as|to|the|for|every|each|all|question|this|that|mention|just|only|it"
            rf"|back|items?|be)\W+){{0,5}}none\b(?! (?:of|but|via|so|today|overnight)\b)",
        ),
        needing(
            "answer choos chosen select repl pick respond decline",
            rf"\b{_CHOOSES}\s+(?:(?:with|is|as|number|the|candidate|option|choice"
            rf"|by)\s+){{0,3}}\d{{1,2}}{_AFTER_NUMBER}",
        ),
        needing(
            "choosing_candidate set_choice_to should_be_",
            r"\bchoosing candidate \d|\bset choice to\b|\b(?:choice|selected|answer) should be \d",
        ),
        needing(
            "answer choice output label",
            r"\b(?:answer(?:ed)?|choice|output|label)\W{0,6}(?:(?:to|for|every|each|question|this|mention|is|be|the"
            r"|should"
            r"|will|items?)\W+){1,6}none\b|\b(?:choice|output|label) (?:is|should be|will be) \d",
        ),
        needing(
            "be_answered candidate_ choice_ option_",
            r"\bbe answered (?:none|with \d)|\b(?:candidate|choice|option) \d (?:is|was|must|should)\b"
            r"|\boption \d selected\b",
        ),
        needing(
            "candidate option",
            r"\b(?:pick|choose|select|take|use|prefer)\b(?:\W+\w+){0,3}\W+(?:candidates?|options?)\b(?!\s+(?:for"
            r"|of) (?:surgery|transplant|treatment))",
        ),
        needing(
            "answer choose output reply respond pick return",
            rf"\b(?:answer|choose|output|reply|respond|pick|return)\b{_NEAR}{_DOTTED}",
        ),
        needing(
            "answer choice output label + expected correct gold valid forced default suggested recommended",
            r"\b(?:expected|correct|gold|valid|forced|default|suggested|recommended)\W(?:answer|choice|output"
            r"|label)s?\b",
        ),
        needing(
            "code + number_ option_ candidate_", r"\bcode\b(?:\W+\w+){1,4}?\W+(?:as )?(?:number|option|candidate) \d\b"
        ),
    ),
    group_of(
        needing(
            "report assign add require capture select unless code",
            rf"\b(?:report|assign|add|requires?|capture|select|unless)\b(?:\s+[a-z]+){{0,2}}\s+(?!t\d){_DOTTED}"
            rf"|(?:^|[.;]\s*|\b(?:must|please|to|should|always|and)\s+)code\s+(?:[a-z]+\s+){{0,2}}{_DOTTED}"
            rf"|{_DOTTED} is selected",
        ),
        needing(
            "e43 add_e reported_as",
            r"\b(?:report|assign|code)\b(?:\W+\w+){0,2}?\W+e43\b|\badd e\d\d\b|\b(?:is"
            r"|are) (?:always )?reported as [a-z]\d\d",
        ),
        needing("be_coded be_upcoded", r"[^.;()\n]*\b(?:must|should|shall|has to|is to) be (?:up)?coded\b"),
        needing(
            "no_longer_ codes",
            r"\bno longer (?:reportable|reported|coded)\b|\b(?:choose|pick)\b(?:\W+\w+){0,3}\W+codes\b",
        ),
        needing(
            "*code *reported *blank",
            rf"\b{_NOT_BEHIND_DNR}(?:do not|don't|not to be|nothing to be|no diagnosis is to be"
            r"|leave\b[^.\n]{0,25}) ?(?:code[sd]?|reported|uncoded|blank)\b(?! (?:blue|patient|in|if|him|her"
            rf"|this patient)\b){_NOT_BEFORE_DNR}",
        ),
    ),
    group_of(
        needing(
            "new updated revised + must shall require",
            rf"\b(?:new|updated|revised)\b[^.\n]{{0,25}}\b{_RULES}[^.\n]{{0,40}}\b(?:must|shall"
            rf"|requires?)\b[^.\n]{{0,30}}"
            r"\b(?:cod(?:e|ed|ing)|report(?:ed)?|bill|pick|choose)\b",
        ),
        needing(
            "guideline polic convention rule passage + supersede no_longer_apply are_void withdrawn",
            r"\b(?:guidelines?|polic(?:y|ies)|conventions?|rules?|passages?)\b[^.\n]{0,50}\b(?:supersede"
            r"|no longer apply|are void|withdrawn)",
        ),
        needing(
            "new_ updated_ revised_ + convention rule guideline polic",
            r"\b(?:new|updated|revised) (?:coding )?(?:convention|rule|guideline|policy)s?\b[^.\n]{0,60}\b(?:answer"
            r"|choose|pick|select)\b",
        ),
        needing("forced_by_policy", r"\bforced by policy\b"),
    ),
    group_of(
        needing(
            "< inst]",
            r"<\|[^|\n]{1,40}\|>|\[/?inst\]|< ?/?(?:system|assistant|user|instructions?|function_calls|invoke"
            r"|tool_call)\b|</s>|</?(?:start|end)_of_turn>",
        ),
        needing('*choice "role"', r"[\"']?choice[\"']?\s*[:=]\s*[\"'`]?(?:none|\d)|\"role\"\s*:\s*\""),
        needing(
            "trusted untrusted this_mention mention: candidates no_candidate",
            r"\b(?:un)?trusted\b[^.\n]{0,15}\binput\b|\b(?:for|of) this mention\b|\bmention:\s|(?:^"
            r"|\n)candidates\s*(?:\n|$)|no candidate (?:is|should|was)\b",
        ),
    ),
)
