"""What people read about barriers."""

from __future__ import annotations

from surveyor.scan.check import axe
from surveyor.scan.check.accessibility import words_aria
from surveyor.scan.check.interface import REVIEW, Table, Words
from surveyor.scan.model import Severity

WORDS: Table = {
    **words_aria.WORDS,
    "accessibility_area_alt": {
        "missing": Words(
            title="Image map regions without a text alternative",
            severity=Severity.HIGH,
            description="The region is a link that leads nobody knows where.",
            fix="Say in the alt attribute of each area where it leads.",
            confidence=0.95,
        ),
    },
    "accessibility_autoplay": {
        "uncontrolled": Words(
            title="Sound plays by itself",
            severity=Severity.MEDIUM,
            description="Sound that cannot be stopped drowns the voice that reads the page.",
            fix="Do not start by itself, mute it, or add controls.",
            confidence=0.6,
        ),
    },
    "accessibility_button_name": {
        "missing": Words(
            title="Buttons without a name",
            severity=Severity.HIGH,
            description='The button is announced as "button".',
            fix="Put text into the button, or give it an aria-label.",
            confidence=0.9,
        ),
    },
    "accessibility_duplicate_id": {
        "repeated": Words(
            title="Referenced ids repeated",
            severity=Severity.MEDIUM,
            description="Labels and descriptions go to the first element with the id, which may be the wrong one.",
            fix="Give each element an id of its own.",
            confidence=0.9,
        ),
    },
    "accessibility_form_label": {
        "missing": Words(
            title="Form fields without a label",
            severity=Severity.HIGH,
            description="Nobody is told what to enter who does not see the text beside the field.",
            fix="Tie a label element to each field with for and id, or give it an aria-label.",
            confidence=0.9,
        ),
    },
    "accessibility_frame_title": {
        "missing": Words(
            title="Frames without a title",
            severity=Severity.MEDIUM,
            description="What is in the frame is not told before somebody goes into it.",
            fix="Give each iframe a title attribute.",
            confidence=0.9,
        ),
    },
    "accessibility_heading_name": {
        "missing": Words(
            title="Empty headings",
            severity=Severity.MEDIUM,
            description="A heading is announced and then nothing comes.",
            fix="Put text into the heading, or use an element that is no heading.",
            confidence=0.9,
        ),
    },
    "accessibility_heading_order": {
        "skipped": Words(
            title="Heading levels skipped",
            severity=Severity.LOW,
            description="The outline by which people move through the page has gaps.",
            fix="Use heading levels in order; choose size by style, not by level.",
            confidence=0.8,
        ),
    },
    "accessibility_hidden_focus": {
        "focusable": Words(
            title="Hidden elements take focus",
            severity=Severity.HIGH,
            description="The keyboard reaches something that a screen reader does not speak of.",
            fix='Take elements within aria-hidden out of the tab order (tabindex="-1", disabled, hidden), or do not hide them.',
            confidence=0.85,
        ),
    },
    "accessibility_image_alt": {
        "missing": Words(
            title="Images without a text alternative",
            severity=Severity.HIGH,
            description="Somebody who cannot see the picture is told nothing, or its file name.",
            fix="Describe what the picture is for in its alt attribute; give decoration an empty one.",
            confidence=0.95,
        ),
    },
    "accessibility_input_image": {
        "missing": Words(
            title="Image buttons without a text alternative",
            severity=Severity.HIGH,
            description="The button is announced by its file name, if at all.",
            fix="Say in its alt attribute what the button does.",
            confidence=0.95,
        ),
    },
    "accessibility_link_name": {
        "missing": Words(
            title="Links without a name",
            severity=Severity.HIGH,
            description='The link is announced by its address or as "link".',
            fix="Put text into the link, or an alt text into its picture.",
            confidence=0.9,
        ),
    },
    "accessibility_list_structure": {
        "broken": Words(
            title="Broken lists",
            severity=Severity.LOW,
            description="How many entries the list has is told wrongly.",
            fix="Put only li elements into ul and ol, and li elements only there.",
            confidence=0.9,
        ),
    },
    "accessibility_menuitem_name": {
        "missing": Words(
            title="Menu items without a name",
            severity=Severity.HIGH,
            description='The entry is announced as "menu item".',
            fix="Put text into the entry, or give it an aria-label.",
            confidence=0.9,
        ),
    },
    "accessibility_meta_refresh": {
        "delayed": Words(
            title="Page refreshes by itself",
            severity=Severity.MEDIUM,
            description="The page is gone before slow readers are through, and the screen reader starts over.",
            fix="Remove the meta refresh; redirect on the server, at once.",
            confidence=0.95,
        ),
    },
    "accessibility_nested_control": {
        "focusable": Words(
            title="Controls nested within controls",
            severity=Severity.MEDIUM,
            description="Only the outer control is told of, so the inner one cannot be used.",
            fix="Place controls side by side.",
            confidence=0.9,
        ),
    },
    "accessibility_object_alt": {
        "missing": Words(
            title="Embedded objects without a name",
            severity=Severity.MEDIUM,
            description="What is embedded is not told.",
            fix="Give the object an aria-label or a title.",
            confidence=0.8,
        ),
    },
    "accessibility_page_lang": {
        "missing": Words(
            title="Page language missing",
            severity=Severity.MEDIUM,
            description="A screen reader reads the page in the voice of its own language.",
            fix='Set lang on the html element, as in <html lang="en">.',
            confidence=1.0,
        ),
        "invalid": Words(
            title="Page language invalid",
            severity=Severity.MEDIUM,
            description="No voice can be chosen for a language that does not exist.",
            fix="Use a language tag that exists, such as en or pt-BR.",
            confidence=0.95,
        ),
    },
    "accessibility_page_title": {
        "missing": Words(
            title="Document title missing",
            severity=Severity.MEDIUM,
            description="Tabs, windows and history have no name for the page, and it is the first thing that is read.",
            fix="Give the page a title element that says what it is about.",
            confidence=1.0,
        ),
    },
    "accessibility_part_lang": {
        "invalid": Words(
            title="Language of a part invalid",
            severity=Severity.LOW,
            description="The part is read in the wrong voice.",
            fix="Use a language tag that exists, such as en or pt-BR.",
            confidence=0.9,
        ),
    },
    "accessibility_summary_name": {
        "missing": Words(
            title="Summaries without a name",
            severity=Severity.MEDIUM,
            description="What can be unfolded here is not told.",
            fix="Put text into the summary element.",
            confidence=0.9,
        ),
    },
    "accessibility_svg_name": {
        "missing": Words(
            title="Drawings (SVG) without a name",
            severity=Severity.MEDIUM,
            description="The drawing is announced as a picture, without saying of what.",
            fix="Put a title element first into the drawing, or give it an aria-label.",
            confidence=0.95,
        ),
    },
    "accessibility_table_headers": {
        "missing": Words(
            title="Data tables without header cells",
            severity=Severity.MEDIUM,
            description="A cell is read without its row or column.",
            fix="Mark heading cells as th with a scope.",
            confidence=0.8,
        ),
        "described": Words(
            title="Tables told as data without header cells",
            severity=Severity.LOW,
            description="The summary of a table makes screen readers announce data, and no cell heads a row or column.",
            fix="Mark heading cells as th with a scope; where the table only places things, give it role=presentation and no summary.",
            confidence=0.7,
        ),
        "dangling": Words(
            title="Table cells refer to missing headers",
            severity=Severity.MEDIUM,
            description="The headings that a cell names are not cells of its table, so they are not read.",
            fix="Let headers name the ids of th cells in the same table.",
            confidence=0.95,
        ),
    },
    "accessibility_viewport_zoom": {
        "disabled": Words(
            title="Zooming disabled",
            severity=Severity.MEDIUM,
            description="People who need larger text cannot enlarge the page on a phone.",
            fix="Take user-scalable=no and maximum-scale out of the viewport meta element.",
            confidence=0.95,
        ),
    },
    "accessibility_content_heading": {
        "missing": Words(
            title="No heading over the content",
            severity=Severity.LOW,
            description="By headings people find where the content begins; here none stands outside of navigation, header and footer.",
            fix="Begin the content with a heading.",
            confidence=0.7,
        ),
    },
    "accessibility_decorative_exposed": {
        "exposed": Words(
            title="Decoration that is told all the same",
            severity=Severity.LOW,
            description="The element is marked as decoration, and takes focus or has a name or state, so it is told of.",
            fix="Remove the name, state or tabindex, or the mark of decoration.",
            confidence=0.9,
        ),
    },
    "accessibility_frame_identical": {
        "ambiguous": Words(
            title="Frames of one name with different content",
            severity=Severity.LOW,
            description="Frames with different content are told apart by nothing.",
            fix="Give each frame a title of its own.",
            confidence=0.7,
        ),
        REVIEW: Words(
            title="Frames that share a title: to be reviewed",
            severity=Severity.LOW,
            description="No engine can decide whether it is so here. Frames with different content are told apart by nothing.",
            fix="Look at the elements. Give each frame a title of its own where they serve different purposes.",
            confidence=0.3,
        ),
    },
    "accessibility_link_identical": {
        "ambiguous": Words(
            title="Links of one name that lead to different places",
            severity=Severity.LOW,
            description="In one sentence, entry or cell the same words lead to different pages, and nothing says which.",
            fix="Say in each link where it leads.",
            confidence=0.6,
        ),
    },
    "accessibility_main_landmark": {
        "missing": Words(
            title="No main landmark",
            severity=Severity.LOW,
            description="Assistive technology goes to the content at once where it is marked; here it has to be searched.",
            fix="Put the content into a main element.",
            confidence=0.9,
        ),
    },
    "accessibility_media_alternative": {
        "missing": Words(
            title="Recordings without an alternative in words",
            severity=Severity.HIGH,
            description="Who does not hear the sound, or see the silent video, gets nothing instead; the page never speaks of a transcript.",
            fix="Add a transcript, and a link to it beside the recording.",
            confidence=0.6,
        ),
    },
    "accessibility_page_lang_text": {
        "different": Words(
            title="Page language is not that of its text",
            severity=Severity.MEDIUM,
            description="A screen reader reads the text in the voice of another language.",
            fix="Set lang on the html element to the language of the text.",
            confidence=0.8,
        ),
    },
    "accessibility_part_lang_text": {
        "different": Words(
            title="Language of a part is not that of its text",
            severity=Severity.LOW,
            description="The part is read in the voice of another language.",
            fix="Set lang to the language of the part, or remove it.",
            confidence=0.7,
        ),
    },
    "accessibility_skip_link": {
        "missing": Words(
            title="No link past repeated content",
            severity=Severity.LOW,
            description="Who uses a keyboard walks through the navigation on each page.",
            fix="Begin with a link to the content, which may show only when it has focus.",
            confidence=0.7,
        ),
    },
}

#: Of rules that take axe-core's word.
REVIEWED: Table = {
    "accessibility_label_in_name": axe.words(
        Words(
            title="Names that lack the text that is seen",
            severity=Severity.MEDIUM,
            description="Who speaks to the page says what is seen, and nothing answers to it.",
            fix="Let the name hold the text of the label, at best at its beginning.",
            confidence=axe.SURE,
        ),
        review="Names that lack the text that is seen: to be reviewed",
    ),
}
