"""What schema.org types need to be shown as more than a link: required and recommended properties.

Our own table from what Google's documentation of each rich result asks for (Search Central, "Structured data"), of the
types that are common. A group of names is met by any of them. Types that are not here are not judged.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wants:
    """The properties of one type; each is a name or several of which one is enough."""

    required: tuple[tuple[str, ...], ...] = ()
    recommended: tuple[tuple[str, ...], ...] = ()


def _wants(required: str, recommended: str = "") -> Wants:
    return Wants(
        tuple(tuple(part.split("|")) for part in required.split()),
        tuple(tuple(part.split("|")) for part in recommended.split()),
    )


_ARTICLE = _wants("", "headline image datePublished author")
_PLACE = _wants("name address", "telephone|url openingHours|openingHoursSpecification geo")
TYPES: dict[str, Wants] = {
    "Article": _ARTICLE,
    "NewsArticle": _ARTICLE,
    "BlogPosting": _ARTICLE,
    "TechArticle": _ARTICLE,
    "Product": _wants("name review|aggregateRating|offers", "image description brand offers"),
    "Offer": _wants("price|priceSpecification priceCurrency|priceSpecification", "availability"),
    "AggregateOffer": _wants("lowPrice priceCurrency", "highPrice offerCount"),
    "AggregateRating": _wants("ratingValue ratingCount|reviewCount"),
    "Rating": _wants("ratingValue"),
    "Review": _wants("author reviewRating", "datePublished"),
    "Recipe": _wants("name image", "recipeIngredient recipeInstructions totalTime|cookTime author"),
    "Event": _wants("name startDate location", "endDate offers image description eventStatus"),
    "Organization": _wants("", "name url logo"),
    "LocalBusiness": _PLACE,
    "Restaurant": _PLACE,
    "Store": _PLACE,
    "Hotel": _PLACE,
    "BreadcrumbList": _wants("itemListElement"),
    "ListItem": _wants("position name|item"),
    "FAQPage": _wants("mainEntity"),
    "QAPage": _wants("mainEntity"),
    "Question": _wants("name|text acceptedAnswer|suggestedAnswer|answerCount"),
    "Answer": _wants("text"),
    "VideoObject": _wants("name thumbnailUrl uploadDate", "description duration contentUrl|embedUrl"),
    "ImageObject": _wants("contentUrl|url", ""),
    "JobPosting": _wants(
        "title description datePosted hiringOrganization jobLocation|applicantLocationRequirements",
        "validThrough baseSalary employmentType",
    ),
    "Course": _wants("name description", "provider"),
    "SoftwareApplication": _wants("name offers aggregateRating|review", "applicationCategory operatingSystem"),
    "Movie": _wants("name image", "director dateCreated"),
    "Book": _wants("name author", "url"),
    "Dataset": _wants("name description", "license creator"),
    "HowToStep": _wants("text|itemListElement|name"),
    "WebSite": _wants("name url"),
    "SearchAction": _wants("target query-input|query"),
    "Person": _wants("name"),
    "ProfilePage": _wants("mainEntity"),
    "DiscussionForumPosting": _wants("author datePublished text|image|video"),
    "PostalAddress": _wants("", "addressCountry streetAddress|addressLocality"),
}


def lacking(types: tuple[str, ...], names: frozenset[str], *, required: bool) -> list[str]:
    """What is not there of what the types that we know want, as ``Type: name or name``."""
    found = []
    for kind in types:
        wants = TYPES.get(kind)
        groups = () if wants is None else wants.required if required else wants.recommended
        found += [f"{kind}: {' or '.join(group)}" for group in groups if names.isdisjoint(group)]
    return found
