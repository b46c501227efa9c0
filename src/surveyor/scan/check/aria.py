"""Roles, states and properties of WAI-ARIA 1.2 as data: what exists, what a role needs, what values are allowed."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Every role that an author may use (WAI-ARIA 1.2, Graphics and DPUB modules); abstract roles are not among them.
ROLES = _words(
    """
    alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox
    complementary contentinfo definition deletion dialog directory document
    emphasis feed figure form generic grid gridcell
    group heading img image insertion link list listbox listitem log main mark marquee math menu menubar menuitem
    menuitemcheckbox menuitemradio meter navigation none note
    option paragraph presentation progressbar radio radiogroup
    region row rowgroup rowheader scrollbar search searchbox
    separator slider spinbutton status strong subscript suggestion
    superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem
    graphics-document graphics-object graphics-symbol
    doc-abstract doc-acknowledgments doc-afterword doc-appendix
    doc-backlink doc-biblioentry doc-bibliography doc-biblioref
    doc-chapter doc-colophon doc-conclusion doc-cover doc-credit doc-credits doc-dedication doc-endnote doc-endnotes
    doc-epigraph doc-epilogue doc-errata doc-example doc-footnote doc-foreword doc-glossary doc-glossref doc-index
    doc-introduction doc-noteref doc-notice doc-pagebreak
    doc-pagelist doc-part doc-preface doc-prologue doc-pullquote
    doc-qna doc-subtitle doc-tip doc-toc
    """
)

#: States and properties that any element may have.
GLOBAL = _words(
    """
    aria-atomic aria-braillelabel aria-brailleroledescription aria-busy aria-controls aria-current aria-describedby
    aria-description aria-details aria-disabled aria-dropeffect
    aria-errormessage aria-flowto aria-grabbed aria-haspopup
    aria-hidden aria-invalid aria-keyshortcuts aria-label aria-labelledby aria-live aria-owns aria-relevant
    aria-roledescription
    """
)

#: Values by state or property: a set of tokens, or the name of a type.
VALUES: dict[str, frozenset[str] | str] = {
    "aria-activedescendant": "id",
    "aria-atomic": _words("true false"),
    "aria-autocomplete": _words("inline list both none"),
    "aria-braillelabel": "text",
    "aria-brailleroledescription": "text",
    "aria-busy": _words("true false"),
    "aria-checked": _words("true false mixed undefined"),
    "aria-colcount": "integer",
    "aria-colindex": "integer",
    "aria-colindextext": "text",
    "aria-colspan": "integer",
    "aria-controls": "ids",
    "aria-current": _words("page step location date time true false"),
    "aria-describedby": "ids",
    "aria-description": "text",
    "aria-details": "ids",
    "aria-disabled": _words("true false"),
    "aria-dropeffect": "tokens",
    "aria-errormessage": "ids",
    "aria-expanded": _words("true false undefined"),
    "aria-flowto": "ids",
    "aria-grabbed": _words("true false undefined"),
    "aria-haspopup": _words("true false menu listbox tree grid dialog"),
    "aria-hidden": _words("true false undefined"),
    "aria-invalid": _words("grammar false spelling true"),
    "aria-keyshortcuts": "text",
    "aria-label": "text",
    "aria-labelledby": "ids",
    "aria-level": "integer",
    "aria-live": _words("assertive off polite"),
    "aria-modal": _words("true false"),
    "aria-multiline": _words("true false"),
    "aria-multiselectable": _words("true false"),
    "aria-orientation": _words("horizontal vertical undefined"),
    "aria-owns": "ids",
    "aria-placeholder": "text",
    "aria-posinset": "integer",
    "aria-pressed": _words("true false mixed undefined"),
    "aria-readonly": _words("true false"),
    "aria-relevant": "tokens",
    "aria-required": _words("true false"),
    "aria-roledescription": "text",
    "aria-rowcount": "integer",
    "aria-rowindex": "integer",
    "aria-rowindextext": "text",
    "aria-rowspan": "integer",
    "aria-selected": _words("true false undefined"),
    "aria-setsize": "integer",
    "aria-sort": _words("ascending descending none other"),
    "aria-valuemax": "number",
    "aria-valuemin": "number",
    "aria-valuenow": "number",
    "aria-valuetext": "text",
}

#: What a role says nothing without; states with a default value of their own are not among them.
REQUIRED: dict[str, frozenset[str]] = {
    "checkbox": _words("aria-checked"),
    "combobox": _words("aria-expanded"),
    "heading": _words("aria-level"),
    "menuitemcheckbox": _words("aria-checked"),
    "menuitemradio": _words("aria-checked"),
    "meter": _words("aria-valuenow"),
    "radio": _words("aria-checked"),
    "scrollbar": _words("aria-controls aria-valuenow"),
    "slider": _words("aria-valuenow"),
    "switch": _words("aria-checked"),
}

#: Roles whose element must stand within one of these.
CONTEXT: dict[str, frozenset[str]] = {
    "cell": _words("row"),
    "columnheader": _words("row"),
    "gridcell": _words("row"),
    "listitem": _words("list directory"),
    "menuitem": _words("group menu menubar"),
    "menuitemcheckbox": _words("group menu menubar"),
    "menuitemradio": _words("group menu menubar"),
    "option": _words("group listbox"),
    "row": _words("grid rowgroup table treegrid"),
    "rowgroup": _words("grid table treegrid"),
    "rowheader": _words("row"),
    "tab": _words("tablist"),
    "treeitem": _words("group tree"),
}

#: Roles that are named by what stands in them.
NAMED_BY_CONTENT = _words(
    """
    button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox menuitemradio option radio row
    rowheader switch tab tooltip treeitem
    """
)

#: Roles that must not be given a name.
UNNAMEABLE = _words(
    """
    caption code definition deletion emphasis generic insertion mark none paragraph presentation strong subscript
    suggestion superscript term time
    """
)

#: Roles whose children assistive technology does not see.
LEAVES = _words(
    """
    button checkbox image img math menuitemcheckbox menuitemradio
    meter option progressbar radio scrollbar separator slider
    switch tab
    """
)

#: Form fields and other widgets that a label belongs to.
FIELDS = _words(
    """
    checkbox combobox listbox menuitemcheckbox menuitemradio radio searchbox slider spinbutton switch
    textbox
    """
)
