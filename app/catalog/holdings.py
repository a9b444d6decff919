"""The list of a library's items in shelf order (書架リスト): arranged by each member of staff, and also a file."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from app.access.web import staff_page
from app.branches import codes
from app.branches.models import Branch
from app.catalog import actions
from app.catalog.codes import material_types, shelf_statuses
from app.catalog.models import Item
from app.exports import web as exports
from app.patrons.rules import plain_number
from app.terminals.lists import Arranged, Listing, arranged
from app.terminals.queries import place_of
from app.terminals.rules import Column

HOLDINGS = Listing(
    "catalog.holdings",
    columns=(
        Column("barcode", "資料番号", "barcode"),
        Column("title", "書名", "record__title_reading"),
        Column("call_number", "請求記号", "call_key"),
        Column("location", "所在", "location"),
        Column("material", "資料区分", "material_type"),
        Column("status", "状態", "status"),
        Column("acquired_on", "受入日", "acquired_on"),
        Column("price", "価格", "price", shown=False),
    ),
    sort="call_number",
)
MOST = 50_000


@require_GET
@staff_page(actions.VIEW)
def holdings(request: HttpRequest) -> HttpResponse:
    """The items of one library. One number that fits one item opens its record at once. Five SQL statements."""
    asked = request.GET
    choice = arranged(request, HOLDINGS)
    number = plain_number(asked.get("q", ""))
    if number and (record_id := Item.objects.filter(barcode=number).values_list("record_id", flat=True).first()):
        return redirect("catalog:record", record_id)
    branch = _branch(request)
    items = _items(branch, asked)
    if asked.get("as"):
        rows = [cells(item, HOLDINGS.usual.columns) for item in items.order_by(*choice.order)[:MOST]]
        titles = [column.title for column in HOLDINGS.columns if column.shown]
        return exports.table(request, actions.VIEW, f"所蔵一覧 {branch.short if branch else ''}".strip(), titles, rows)
    page = Paginator(items.order_by(*choice.order), choice.size).get_page(asked.get("page"))
    context = {
        "arranged": choice,
        "page": page,
        "rows": [(item, cells(item, _shown(choice))) for item in page],
        "branches": Branch.objects.filter(is_active=True),
        "branch": branch,
        "materials": material_types(all_lines=True),
        "statuses": shelf_statuses(),
        "locations": codes.choices(codes.LOCATION, all_lines=True),
        "asked": asked,
    }
    return render(request, "catalog/holdings.html", context)


def _branch(request: HttpRequest) -> Branch | None:
    if code := request.GET.get("branch"):
        return Branch.objects.filter(code=code).first()
    return place_of(request).branch


def _items(branch: Branch | None, asked: QueryDict) -> QuerySet[Item]:
    items = Item.objects.select_related("record").defer("record__marc")
    given = {"branch": branch, "location": asked.get("location"), "material_type": asked.get("material")}
    given |= {"status": asked.get("status"), "call_number__startswith": asked.get("q", "").strip()}
    return items.filter(**{name: value for name, value in given.items() if value})


def _shown(choice: Arranged) -> list[str]:
    return [head.name for head in choice.heads]


def cells(item: Item, columns: list[str] | tuple[str, ...]) -> list[str]:
    """An item's values as the list shows them, in the order of the columns."""
    record = item.record
    known = {
        "barcode": item.barcode,
        "title": f"{record.title} {record.volume}".strip(),
        "call_number": item.call_number,
        "location": item.location,
        "material": item.get_material_type_display(),
        "status": item.get_status_display(),
        "acquired_on": f"{item.acquired_on:%Y/%m/%d}" if item.acquired_on else "",
        "price": str(item.price or ""),
    }
    return [known[name] for name in columns]
