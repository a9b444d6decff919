"""The search itself: one statement over the index table gives the page, the total and the facets."""

from typing import Any

from django.db import OperationalError, connection, transaction

from app.catalog.search.documents import folded
from app.catalog.search.query import DEEPEST_PAGE, FacetCount, Hit, Query, Result, Terms, understand

# A reader gets a polite answer rather than a hung page; the database's own limit is the last guard.
LIMIT_MILLISECONDS = 8000
TOO_BROAD = "該当が多すぎて時間内に探せませんでした。言葉を足して探してください。"

# Where the terms hit decides the order: exact title, its beginning, the phrase in it, all terms in it, authors, rest.
_TIER = """CASE
    WHEN d.title_key = %(key)s OR d.reading_key = %(key)s THEN 0
    WHEN d.title_key LIKE %(key_prefix)s OR d.reading_key LIKE %(key_prefix)s THEN 1
    WHEN d.title_text LIKE %(phrase)s THEN 2
    WHEN d.title_text LIKE ALL (%(words)s) THEN 3
    WHEN d.author_text LIKE %(phrase)s OR d.author_text LIKE ALL (%(words)s) THEN 4
    ELSE 5 END"""
_ORDERS = {
    "relevance": "tier, held DESC, popularity DESC, year DESC NULLS LAST, record_id",
    "newest": "year DESC NULLS LAST, held DESC, tier, record_id",
    "oldest": "year NULLS LAST, held DESC, tier, record_id",
    "title": "reading_key, title_key, held DESC, record_id",
}
_STATEMENT = """
WITH hits AS MATERIALIZED (
    SELECT d.record_id, d.held, d.popularity, d.year, d.title_key, d.reading_key, d.material_type, d.ndc1, d.branches,
           {tier} AS tier
    FROM catalog_searchdocument d WHERE {where}
), page AS (
    SELECT record_id, tier, held, row_number() OVER (ORDER BY {order}) AS place
    FROM hits ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s
)
SELECT
    (SELECT count(*) FROM hits),
    (SELECT coalesce(json_agg(json_build_array(record_id, tier, held) ORDER BY place), '[]') FROM page),
    (SELECT coalesce(json_object_agg(material_type, n), '{{}}')
       FROM (SELECT material_type, count(*) AS n FROM hits GROUP BY 1) AS m),
    (SELECT coalesce(json_object_agg(ndc1, n), '{{}}')
       FROM (SELECT ndc1, count(*) AS n FROM hits WHERE ndc1 <> '' GROUP BY 1) AS c),
    (SELECT coalesce(json_object_agg(branch, n), '{{}}')
       FROM (SELECT unnest(branches) AS branch, count(*) AS n FROM hits GROUP BY 1) AS b)
"""


def like_literal(text: str) -> str:
    """The text with the wildcards of LIKE made harmless."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _conditions(query: Query, terms: Terms) -> tuple[str, dict[str, Any]]:
    """The WHERE clause and its parameters."""
    clauses: list[str] = []
    values: dict[str, Any] = {}
    if terms.tokens:
        clauses.append("d.tokens @> %(tokens)s::int[]")
        values["tokens"] = list(terms.tokens)
    for number, term in enumerate(terms.rechecks):
        name = f"recheck{number}"
        clauses.append(
            f"(d.title_text LIKE %({name})s OR d.author_text LIKE %({name})s OR d.body_text LIKE %({name})s)"
        )
        values[name] = f"%{like_literal(term)}%"
    if query.scope == "held":
        clauses.append("d.held")
    for column, chosen in (("material_type", query.materials), ("ndc1", query.classes)):
        if chosen:
            clauses.append(f"d.{column} = ANY (%({column})s)")
            values[column] = list(chosen)
    if query.branches:
        clauses.append("d.branches && %(branches)s::int[]")
        values["branches"] = list(query.branches)
    if query.year_from is not None:
        clauses.append("d.year >= %(year_from)s")
        values["year_from"] = query.year_from
    if query.year_to is not None:
        clauses.append("d.year <= %(year_to)s")
        values["year_to"] = query.year_to
    return " AND ".join(clauses) or "TRUE", values


def _facet(counts: dict[str, int]) -> tuple[FacetCount, ...]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetCount(value, count) for value, count in ordered)


def search(query: Query) -> Result:
    """The page of results for any query; five statements. Broad or odd queries answer with a notice, never raise.

    Without text and without narrowing nothing is searched and the result is empty.
    """
    terms = understand(query.text)
    if not terms.words and (query.text.strip() or not query.narrowed):
        return Result(notice=terms.notice)
    where, values = _conditions(query, terms)
    page = min(max(query.page, 1), DEEPEST_PAGE)
    values |= {
        "key": terms.phrase,
        "key_prefix": f"{like_literal(terms.phrase)}%",
        "phrase": f"%{like_literal(terms.phrase)}%",
        "words": [f"%{like_literal(word)}%" for word in terms.words],
        "size": query.size,
        "offset": (page - 1) * query.size,
    }
    tier = _TIER if terms.words else "5"
    order = _ORDERS.get(query.sort, _ORDERS["relevance"])
    statement = _STATEMENT.format(tier=tier, where=where, order=order)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(LIMIT_MILLISECONDS)])
            cursor.execute(statement, values)
            total, hits, materials, classes, branches = cursor.fetchone()
            # Only for this search: inside a caller's transaction the setting would outlive the savepoint.
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        return Result(notice=TOO_BROAD)
    return Result(
        hits=tuple(Hit(record_id, tier_of_hit, held) for record_id, tier_of_hit, held in hits),
        total=total,
        facets={"material": _facet(materials), "ndc": _facet(classes), "branch": _facet(branches)},
        notice=terms.notice,
    )


def suggest(prefix: str, limit: int = 10) -> list[str]:
    """Up to `limit` titles that begin with the text, in kanji or by reading, held and much-borrowed ones first."""
    key = folded(prefix[:60])
    if not key:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT r.title FROM (
                   (SELECT record_id, held, popularity FROM catalog_searchdocument
                    WHERE title_key LIKE %(key)s LIMIT 1000)
                   UNION
                   (SELECT record_id, held, popularity FROM catalog_searchdocument
                    WHERE reading_key LIKE %(key)s LIMIT 1000)
               ) AS d JOIN catalog_bibliographicrecord r ON r.id = d.record_id
               GROUP BY r.title ORDER BY bool_or(d.held) DESC, max(d.popularity) DESC, length(r.title), r.title
               LIMIT %(limit)s""",
            {"key": f"{like_literal(key)}%", "limit": limit},
        )
        return [title for (title,) in cursor.fetchall()]
