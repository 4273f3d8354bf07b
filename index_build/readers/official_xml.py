"""Official XML: no document type, no entities, the root element that was expected."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from medcoding.errors import InputError

_MEND: Final = "download the official file again"


def parse_xml(data: bytes, name: str, root: str) -> Element:
    """The root element. Raises `InputError` for XML that is malformed, declares a document type or is another file."""
    try:
        element: Element = fromstring(data, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise InputError(f"{name} is not well-formed XML at line {line}, column {column}; {_MEND}.") from None
    except DefusedXmlException:
        raise InputError(f"{name} declares a document type, which no official file does; {_MEND}.") from None
    except (ValueError, LookupError):  # an encoding that the parser does not know
        raise InputError(f"{name} is in an encoding that cannot be read; {_MEND}.") from None
    if element.tag != root:
        raise InputError(f"{name} is not the file it is named as: its root element is not <{root}>; {_MEND}.")
    return element
