"""The search itself: one statement over the index table gives the page, the total and the facets."""

from typing import Any

from django.db import OperationalError, connection, transaction

from app.catalog.search import tokens
from app.catalog.search.documents import folded
from app.catalog.search.parse import understand
from app.catalog.search.query import (
    DEEPEST_PAGE,
    AllOf,
    FacetCount,
    Hit,
    Node,
    Query,
    Result,
    Term,
    Understood,
    Without,
)

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


_COLUMNS = {"title": ("title_text",), "author": ("author_text",)}


def _term(term: Term, values: dict[str, Any]) -> str:
    """The condition of one term; `values` takes its parameters."""
    name = f"term{len(values)}"
    text = folded(term.text)
    if term.field == "year":
        low, _, high = term.text.partition("-")
        values[name], values[f"{name}_to"] = int(low or 1), int(high or (9999 if "-" in term.text else low))
        return f"d.year BETWEEN %({name})s AND %({name}_to)s"
    if term.field == "class":
        values[name] = f"{like_literal(term.text)}%"
        return f"EXISTS (SELECT FROM catalog_bibliographicrecord r WHERE r.id = d.record_id AND r.ndc LIKE %({name})s)"
    if term.field == "number":
        values[name] = f"%{like_literal(text)}%"
        return f"d.body_text LIKE %({name})s"
    columns = _COLUMNS.get(term.field, ("title_text", "author_text", "body_text"))
    if term.match == "part":
        values[name] = f"%{like_literal(text)}%"
        values[f"{name}_tokens"] = tokens.of_term(text)
        like = " OR ".join(f"d.{column} LIKE %({name})s" for column in columns)
        return f"(d.tokens @> %({name}_tokens)s::int[] AND ({like}))"
    values[name] = r"(^|\n)" + "".join(f"[{c}]" if c not in "^\\]" else f"\\{c}" for c in text)
    values[name] += "($|\n)" if term.match == "exact" else ""
    return "(" + " OR ".join(f"d.{column} ~ %({name})s" for column in columns) + ")"


def _node(node: Node, values: dict[str, Any]) -> str:
    if isinstance(node, Term):
        return _term(node, values)
    if isinstance(node, Without):
        return f"NOT {_node(node.part, values)}"
    joiner = " AND " if isinstance(node, AllOf) else " OR "
    return "(" + joiner.join(_node(part, values) for part in node.parts) + ")"


def _conditions(query: Query, terms: Understood) -> tuple[str, dict[str, Any]]:
    """The WHERE clause and its parameters."""
    clauses: list[str] = []
    values: dict[str, Any] = {}
    clauses += [_node(node, values) for node in (terms.node, query.where) if node is not None]
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
    if terms.node is None and (query.text.strip() or not query.narrowed):
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
