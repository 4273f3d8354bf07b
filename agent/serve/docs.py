"""The OpenAPI document and a page that lists it. Nothing on the page comes from elsewhere, and nothing on it runs."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from jinja2 import Environment, StrictUndefined
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse

from agent.serve.body import EncounterQuestion
from agent.serve.problems import Problem
from agent.serve.review import BODIES
from medcoding.encounter import Encounter

_SENT: Final = "validation"
_REF: Final = "#/components/schemas/"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ info.title }} {{ info.version }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h3 { margin-bottom: 0; font-family: ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8886; }
code { white-space: nowrap; }
:root { color-scheme: light dark; }
</style>
</head>
<body>
<h1>{{ info.title }} {{ info.version }}</h1>
<p>{{ info.description }} The machine-readable form is <a href="openapi.json">openapi.json</a>.</p>
<h2>Routes</h2>
{% for path, operations in paths.items() %}{% for method, operation in operations.items() %}
<h3>{{ method | upper }} {{ path }}</h3>
<p>{{ operation.description }}</p>
<table>
{% for parameter in operation.parameters | default([]) %}
<tr><th scope="row">{{ parameter.in }} <code>{{ parameter.name }}</code></th>
<td>{{ parameter.description | default("") }}</td></tr>
{% endfor %}
{% if operation.requestBody is defined %}
<tr><th scope="row">body</th><td>{{ shape(operation.requestBody.content) }}</td></tr>
{% endif %}
{% for status, response in operation.responses.items() %}
<tr><th scope="row">{{ status }}</th><td>{{ response.description }}: {{ shape(response.content) }}</td></tr>
{% endfor %}
</table>
{% endfor %}{% endfor %}
<h2>Shapes</h2>
{% for name, schema in schemas.items() %}
<h3 id="{{ name }}">{{ name }}</h3>
<p>{{ schema.description | default("") }}</p>
{% if schema.enum is defined %}<p>One of: {{ schema.enum | join(", ") }}</p>{% endif %}
<table>
{% for field, about in schema.properties | default({}) | items %}
<tr><th scope="row"><code>{{ field }}</code>{{ " *" if field in schema.required | default([]) }}</th>
<td>{{ kind(about) }}</td><td>{{ about.description | default("") }}</td></tr>
{% endfor %}
</table>
{% endfor %}
<p>Fields marked * are required.</p>
</body>
</html>
"""

_MACROS: Final = """
{%- macro kind(about) -%}
{%- if "$ref" in about -%}<a href="#{{ about["$ref"] | last_part }}">{{ about["$ref"] | last_part }}</a>
{%- elif about.anyOf is defined -%}
{%- for one in about.anyOf %}{{ " or " if not loop.first }}{{ kind(one) }}{% endfor -%}
{%- elif about["items"] is defined and about.type | default("") == "array" -%}list of {{ kind(about["items"]) }}
{%- elif about.enum is defined -%}{{ about.enum | join(", ") }}
{%- else -%}{{ about.format | default(about.type | default("anything")) }}{%- endif -%}
{%- endmacro -%}
{%- macro shape(content) -%}
{%- for media, about in content.items() %}<code>{{ media }}</code> {{ kind(about.schema) }}{% endfor -%}
{%- endmacro -%}
"""


class DocumentedApi(FastAPI):
    """The application; its OpenAPI document also holds the shapes that are read and refused outside FastAPI's view."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            _, shapes = models_json_schema(
                [(Problem, "serialization"), *((shape, _SENT) for shape in (Encounter, EncounterQuestion, *BODIES))],
                ref_template=f"{_REF}{{model}}",
            )
            schemas = super().openapi().setdefault("components", {}).setdefault("schemas", {})
            schemas |= {name: shape for name, shape in shapes["$defs"].items() if name not in schemas}
        assert self.openapi_schema is not None
        return self.openapi_schema


def docs_page(openapi: dict[str, Any]) -> HTMLResponse:
    """A readable listing of an OpenAPI document."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["last_part"] = lambda ref: ref.removeprefix(_REF)
    html = environment.from_string(_MACROS + _PAGE).render(
        info=openapi["info"], paths=openapi["paths"], schemas=openapi["components"]["schemas"]
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})
