"""The classes of barriers that no rule can decide and a model is asked about: what each asks, and how it is worded.

A class is about elements of some kinds only, and a claim has to name one of them: that is judged here, by the line of
the outline. Left out are barriers that need eyes, ears or time: contrast, reflow, media alternatives, timing, motion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from surveyor.scan.model import Fix, Severity

_LINE = re.compile(r"<([^\s>]{1,60})(.*)")
_ROLE = re.compile(r' role="([a-z]{1,30})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class BarrierClass:
    """One class: ``number``, ``name`` and ``level`` are of the success criterion (WCAG 2.1), the texts are ours.

    ``barrier`` and ``fine`` tell a model what counts and what does not. ``tags`` and ``roles`` are what an element has
    to be, one of them; ``needs`` is what its line has to have beside that.
    """

    id: str
    number: str
    name: str
    level: str
    title: str
    barrier: str
    fine: str
    fix: str
    tags: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    needs: re.Pattern[str] | None = None

    @property
    def rule(self) -> str:
        """The stable id of the finding's rule."""
        return f"accessibility_model_{self.id}"

    @property
    def severity(self) -> Severity:
        """By the criterion's level, never by the model."""
        return Severity.MEDIUM if self.level == "A" else Severity.LOW

    @property
    def recommended(self) -> Fix:
        """What mends it, whoever found it."""
        return Fix(summary=self.fix)

    @property
    def reference(self) -> str:
        """The criterion in the recommendation."""
        anchor = re.sub(r"[^a-z-]", "", self.name.lower().replace(" ", "-"))
        return f"https://www.w3.org/TR/WCAG21/#{anchor}"

    def about(self, said: str) -> bool:
        """Whether an element can show such a barrier, by its line without the id."""
        found = _LINE.match(said)
        if found is None or (self.needs is not None and self.needs.search(said) is None):
            return False
        role = _ROLE.search(found[2])
        wanted = not self.tags and not self.roles
        return wanted or found[1] in self.tags or (role is not None and role[1] in self.roles)


_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_FIELDS = frozenset({"input", "select", "textarea"})
_FIELD_ROLES = frozenset({"textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "switch", "spinbutton"})
_PICTURES = frozenset({"img", "svg", "area", "input", "object", "embed", "canvas", "video", "figure"})
#: How a line says words of its own, and a name; words may also stand in what is inside the element.
_WORDS, _NAME = re.compile(r'> "'), re.compile(r' (?:alt|title|aria-label|accessible-name)="')
_TEXT = re.compile(r"<(?!(?:html|meta|title)[ >])")

_ALL = (
    BarrierClass(
        id="alternative_text",
        number="1.1.1",
        name="Non-text Content",
        level="A",
        title="Text alternatives that do not say what is there (judged by a model)",
        barrier="The text alternative of a picture is a file name, a word such as image, a number, a placeholder, or "
        "plainly of something else than the page around it says the picture is for; of a picture that is a link, it "
        "does not say where the link leads.",
        fine="A short alternative that names the thing; an empty one; words that repeat a caption.",
        fix="Say in the alternative text what the picture tells in this place; leave it empty where it tells nothing.",
        tags=_PICTURES,
        roles=frozenset({"img"}),
        needs=_NAME,
    ),
    BarrierClass(
        id="page_title",
        number="2.4.2",
        name="Page Titled",
        level="A",
        title="Page title that does not say what the page is about (judged by a model)",
        barrier="The title is a placeholder, a file name, the name of a tool, or of another page than this one.",
        fine="The name of the site alone on its first page; a title that is short, long or dull.",
        fix="Name the page's subject in the title, and the site behind it.",
        tags=frozenset({"title"}),
        needs=_WORDS,
    ),
    BarrierClass(
        id="link_purpose",
        number="2.4.4",
        name="Link Purpose (In Context)",
        level="A",
        title="Links that do not say where they lead (judged by a model)",
        barrier="Neither a link's own text or name nor the sentence, list entry, table row or heading that it stands "
        "in says where it leads; or links of the same words, in the same context, lead to different things.",
        fine="Read more, or the like, where what is around it tells of what; the name of a site or of a thing.",
        fix="Write where the link leads into its text, or into an aria-label that begins with that text.",
        tags=frozenset({"a", "area"}),
        roles=frozenset({"link"}),
    ),
    BarrierClass(
        id="heading_text",
        number="2.4.6",
        name="Headings and Labels",
        level="AA",
        title="Headings that do not describe what follows (judged by a model)",
        barrier="A heading is a placeholder, or says something else than the text below it is about.",
        fine="Short headings, questions, puns that the text below explains; a heading without text below it.",
        fix="Name in the heading what the text below it is about.",
        tags=_HEADINGS,
        roles=frozenset({"heading"}),
    ),
    BarrierClass(
        id="label_text",
        number="2.4.6",
        name="Headings and Labels",
        level="AA",
        title="Labels that do not describe their control (judged by a model)",
        barrier="The label or name of a field, a group of fields or a button is a placeholder, or does not say what to "
        "enter or what will happen; or controls for different things have the same name in the same group.",
        fine="One word that is usual, such as Name, Search, OK; a name that its group or heading completes.",
        fix="Say in the label what is to be entered, or what the button does.",
        tags=_FIELDS | {"label", "legend", "button", "summary"},
        roles=_FIELD_ROLES | {"button", "group", "radiogroup"},
    ),
    BarrierClass(
        id="instructions",
        number="3.3.2",
        name="Labels or Instructions",
        level="A",
        title="Fields that do not say which form they want (judged by a model)",
        barrier="A field wants a form that nobody can guess (of a date, a number, a password, a code), or has to be "
        "filled in, and no text of the page says so.",
        fine="Fields of usual things; fields whose type, pattern or placeholder the label explains too.",
        fix="Say in the label, or in a text tied to the field by aria-describedby, in which form it is wanted.",
        tags=_FIELDS | {"label", "legend", "form"},
        roles=_FIELD_ROLES | {"form"},
    ),
    BarrierClass(
        id="error_text",
        number="3.3.1",
        name="Error Identification",
        level="A",
        title="Error messages that do not say what is wrong (judged by a model)",
        barrier="A message that tells of an error names neither the field nor what is wrong with what was entered, or "
        "only a code or a colour.",
        fine="A message that names the field, or stands in or right behind it; text that tells of no error.",
        fix="Name the field in the message, say what is wrong with it and how to put it right.",
        needs=_TEXT,
    ),
    BarrierClass(
        id="input_purpose",
        number="1.3.5",
        name="Identify Input Purpose",
        level="AA",
        title="Fields about the user that do not say so to browsers (judged by a model)",
        barrier="A field asks for the user's own name, e-mail address, telephone number, address, birthday or payment "
        "card, and has no autocomplete attribute, or one for something else.",
        fine="Fields about somebody or something else; searches; new passwords and codes.",
        fix="Add the autocomplete attribute with the purpose's name in HTML, such as email or street-address.",
        tags=_FIELDS,
        roles=frozenset({"textbox", "combobox"}),
    ),
    BarrierClass(
        id="page_language",
        number="3.1.1",
        name="Language of Page",
        level="A",
        title="Page declared in another language than its text (judged by a model)",
        barrier="Most of the page's text is in another language than the lang attribute of html declares. Name the "
        "line of html first, then lines of text.",
        fine="Single words, names, code and quotes in other languages; an html element without lang.",
        fix="Set the lang attribute of html to the language of most of the text.",
        tags=frozenset({"html"}),
        needs=re.compile(r' lang="'),
    ),
    BarrierClass(
        id="part_language",
        number="3.1.2",
        name="Language of Parts",
        level="AA",
        title="Parts in another language that do not say so (judged by a model)",
        barrier="A sentence or more is in another language than its nearest lang attribute declares, on it or on what "
        "it stands in.",
        fine="Proper names, words that are usual in the language around them, code, single words of a menu.",
        fix="Set the lang attribute on the part, with its own language.",
        needs=_TEXT,
    ),
    BarrierClass(
        id="sensory_instructions",
        number="1.3.3",
        name="Sensory Characteristics",
        level="A",
        title="Instructions that rely on shape, place or colour (judged by a model)",
        barrier="A text that says what to do names things only by their shape, size, place, colour or sound.",
        fine="Such words beside the thing's name; texts that give no instruction.",
        fix="Name the thing as its label does, beside where it is or what it looks like.",
        needs=_TEXT,
    ),
    BarrierClass(
        id="text_structure",
        number="1.3.1",
        name="Info and Relationships",
        level="A",
        title="Headings, lists or tables that are only written as text (judged by a model)",
        barrier="Text stands for a heading, for the entries of a list (with dashes, dots or numbers of its own) or for "
        "a table, and its elements are paragraphs or wrappers.",
        fine="Text in bold inside a sentence; one line with a dash; addresses, poems, code.",
        fix="Use the elements that mean it: h2 to h6, ul and ol, table with th.",
        tags=frozenset({"p", "div", "span", "b", "strong", "i", "em", "font", "center", "td", "pre", "body"}),
    ),
    BarrierClass(
        id="control_role",
        number="4.1.2",
        name="Name, Role, Value",
        level="A",
        title="Things that act as controls and are none (judged by a model)",
        barrier="An element that is no control in HTML and has no role of one has a click handler or a tabindex and "
        "words, or a place, that offer something to do.",
        fine="Handlers on what only holds real controls; tabindex of -1; the target of a skip link.",
        fix="Use a button or a link, or give the element the role, and make it work with a keyboard.",
        needs=re.compile(r" (?:onclick|tabindex)\b"),
    ),
    BarrierClass(
        id="frame_title",
        number="4.1.2",
        name="Name, Role, Value",
        level="A",
        title="Frames whose title does not say what is in them (judged by a model)",
        barrier="The title of a frame is a placeholder, the word frame, an address, or of something else than its "
        "address says is in it.",
        fine="A short title that names what is in it.",
        fix="Say in the title attribute what is in the frame.",
        tags=frozenset({"iframe", "frame"}),
        needs=re.compile(r' (?:title|aria-label)="'),
    ),
    BarrierClass(
        id="reading_order",
        number="1.3.2",
        name="Meaningful Sequence",
        level="A",
        title="Content in an order that makes no sense (judged by a model)",
        barrier="Lines that belong together stand apart in the outline, so that who hears them in that order "
        "misunderstands: a caption before another picture, answers apart from questions, columns of text as rows.",
        fine="Any order of parts that stand for themselves; navigation before or after the content.",
        fix="Put the parts into the markup in the order in which they are to be read.",
        needs=_TEXT,
    ),
)

CLASSES: dict[str, BarrierClass] = {one.id: one for one in _ALL}
#: The classes by the ids of their rules: checks that a model runs.
BY_RULE: dict[str, BarrierClass] = {one.rule: one for one in _ALL}


def asked(classes: Iterable[BarrierClass]) -> str:
    """The classes as a question puts them, one a paragraph."""
    return "\n".join(f"- {one.id}: {one.barrier} No barrier: {one.fine}" for one in classes)
