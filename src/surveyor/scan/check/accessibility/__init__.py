"""Barriers that markup decides, and those that show only in a browser, each tied to success criteria of WCAG 2.1."""

from __future__ import annotations

from surveyor.scan.check import axe, twins
from surveyor.scan.check.accessibility import (
    area_alt,
    aria_attribute,
    aria_prohibited,
    aria_reference,
    aria_value,
    autoplay,
    button_name,
    duplicate_id,
    form_label,
    frame_title,
    heading_name,
    heading_order,
    hidden_focus,
    image_alt,
    input_image,
    link_name,
    list_structure,
    menuitem_name,
    meta_refresh,
    nested_control,
    object_alt,
    page_lang,
    page_title,
    part_lang,
    role_context,
    role_required,
    role_valid,
    summary_name,
    svg_name,
    table_headers,
    viewport_zoom,
)
from surveyor.scan.check.accessibility.words import WORDS as _STATIC
from surveyor.scan.check.interface import Check, Table

_MARKUP: tuple[Check, ...] = (
    area_alt.CHECK,
    aria_attribute.CHECK,
    aria_prohibited.CHECK,
    aria_reference.CHECK,
    aria_value.CHECK,
    autoplay.CHECK,
    button_name.CHECK,
    duplicate_id.CHECK,
    form_label.CHECK,
    frame_title.CHECK,
    heading_name.CHECK,
    heading_order.CHECK,
    hidden_focus.CHECK,
    image_alt.CHECK,
    input_image.CHECK,
    link_name.CHECK,
    list_structure.CHECK,
    menuitem_name.CHECK,
    meta_refresh.CHECK,
    nested_control.CHECK,
    object_alt.CHECK,
    page_lang.CHECK,
    page_title.CHECK,
    part_lang.CHECK,
    role_context.CHECK,
    role_required.CHECK,
    role_valid.CHECK,
    summary_name.CHECK,
    svg_name.CHECK,
    table_headers.CHECK,
    viewport_zoom.CHECK,
)
CHECKS: tuple[Check, ...] = (*_MARKUP, *axe.CHECKS, *twins.checks(_MARKUP))
WORDS: Table = {**_STATIC, **axe.WORDS, **twins.words(_STATIC)}

__all__ = ["CHECKS", "WORDS"]
