"""A file of payer rules, YAML to records. A file with a mistake is refused whole, with the line and the reason.

Every scalar is read as text and then as what its field asks for, so that `99213` and `no` mean what they say. Anchors,
aliases and tags have no use here and are refused.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Final

import yaml
from pydantic import Field, ValidationError

from medcoding.errors import ConfigError
from medcoding.payer_rule import PayerRule
from medcoding.record import Record

_PLAIN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_INHERITED: Final = ("payer", "source", "effective_from", "effective_to")
_DEEPEST: Final = 12
_MEMBER: Final = re.compile(r"<\w+\.\w+: ('\w+')>")
"""How a message of pydantic shows one of our own constants; the file holds its value."""


class _PayerFile(Record):
    rules: tuple[PayerRule, ...] = Field(min_length=1)


def read_payer_rules(content: bytes, name: str) -> tuple[PayerRule, ...]:
    """The rules of one file. `payer`, `source` and the dates may be given once, above the rules.

    Raises `ConfigError` naming the file, the line and what is wrong there.
    """
    root = _composed(content, name)
    _refuse_oddities(root, name)
    stated = _plain(root)
    if not isinstance(stated, dict):
        raise _mistake(name, root, "a file of payer rules begins with 'payer:' and 'rules:'")
    unknown = sorted(set(stated) - {*_INHERITED, "rules"})
    if unknown:
        raise _mistake(name, root, f"'{unknown[0]}' is not known here; known are {', '.join(_INHERITED)} and rules")
    given = {key: stated[key] for key in _INHERITED if key in stated}
    rules = [given | rule if isinstance(rule, dict) else rule for rule in _listed(stated.get("rules"))]
    try:
        read = _PayerFile.model_validate_json(json.dumps({"rules": rules})).rules
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise _mistake(name, _node_at(root, fault["loc"]), _told(fault["loc"], fault["msg"])) from None
    _refuse_doubles(read, root, name)
    return read


def _composed(content: bytes, name: str) -> yaml.Node:
    try:
        text = content.decode("utf-8-sig")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise ConfigError(f"{name}: anchors and aliases are not taken; write the value out.")
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not UTF-8 text; save it as such.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{name}, line {line}: this is not YAML ({error.problem}); mend the line.") from None
    except yaml.YAMLError:
        raise ConfigError(f"{name} is not YAML; see docs/payer-rules.md.") from None
    if root is None:
        raise ConfigError(f"{name} is empty; see docs/payer-rules.md for what belongs there.")
    return root


def _refuse_oddities(node: yaml.Node, name: str, depth: int = 0) -> None:
    """Tags of other types, keys that stand twice, and nesting that no rule needs."""
    if depth > _DEEPEST:
        raise _mistake(name, node, "this is nested too deep")
    if node.tag not in _PLAIN_TAGS:
        raise _mistake(name, node, f"the tag {node.tag} is not taken")
    if isinstance(node, yaml.MappingNode):
        keys = Counter(str(key.value) for key, _ in node.value)
        for key, value in node.value:
            if keys[str(key.value)] > 1:
                raise _mistake(name, key, f"'{key.value}' stands twice")
            _refuse_oddities(value, name, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_oddities(item, name, depth + 1)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value


def _listed(rules: object) -> list[Any]:
    return rules if isinstance(rules, list) else []


def _node_at(root: yaml.Node, place: tuple[int | str, ...]) -> yaml.Node:
    """The node that pydantic complains about, or the nearest one above it."""
    node = root
    for step in place:
        inner = _child(node, step)
        if inner is None:
            return node
        node = inner
    return node


def _child(node: yaml.Node, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: yaml.Node = node.value[step]
        return child
    return None


def _told(place: tuple[int | str, ...], message: str) -> str:
    """`rule 2, severity: …`; pydantic's own words, without the prefix it puts before ours."""
    where = ", ".join(f"rule {step + 1}" if isinstance(step, int) else step for step in place[1:3])
    plain = _MEMBER.sub(r"\1", message.removeprefix("Value error, "))
    return f"{where or 'rules'}: {plain[:1].lower()}{plain[1:]}"


def _refuse_doubles(rules: tuple[PayerRule, ...], root: yaml.Node, name: str) -> None:
    seen: set[tuple[str, str]] = set()
    for number, rule in enumerate(rules):
        key = (rule.payer.casefold(), rule.id)
        if key in seen:
            raise _mistake(name, _node_at(root, ("rules", number, "id")), f"the id '{rule.id}' stands twice")
        seen.add(key)


def _mistake(name: str, node: yaml.Node, reason: str) -> ConfigError:
    return ConfigError(f"{name}, line {node.start_mark.line + 1}: {reason.rstrip('.')}.")
