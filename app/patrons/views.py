"""The register on the staff's screen. Every name shown is an event in the audit log."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.audit import actions as audit
from app.circulation.queries import loans_of
from app.patrons import actions, queries
from app.patrons.forms import ChangeForm, RegistrationForm, SearchForm
from app.patrons.models import Patron

PER_PAGE = 30


@staff_page(actions.VIEW)
def search(request: HttpRequest) -> HttpResponse:
    """Find patrons. What is asked is posted: names and birth dates do not belong into addresses, which get logged.

    A single hit opens at once; a list shows birth date and address to tell namesakes apart."""
    form = SearchForm(request.POST or None)
    page = None
    if request.method == "POST" and form.is_valid():
        page = Paginator(queries.search(**form.cleaned_data), PER_PAGE).get_page(request.POST.get("page"))
        shown = list(page.object_list)
        audit.record_views(request.actor, actions.VIEW, "patron", [patron.pk for patron in shown], "利用者検索")
        if page.paginator.count == 1:
            return redirect("patrons:show", shown[0].pk)
    return render(request, "patrons/search.html", {"form": form, "page": page})


def _viewed(request: HttpRequest, patron_id: int, purpose: str) -> Patron:
    """The patron, once the look at it is recorded; Http404 when there is none."""
    patron = queries.by_id(patron_id)
    if patron is None:
        raise Http404
    audit.record(
        request.actor, actions.VIEW, outcome="viewed", subject_type="patron", subject_id=patron.pk, purpose=purpose
    )
    return patron


@staff_page(actions.VIEW)
def show(request: HttpRequest, patron_id: int) -> HttpResponse:
    """One patron with what is out now."""
    return _page(request, _viewed(request, patron_id, "利用者照会"))


def _page(request: HttpRequest, patron: Patron, password: str = "") -> HttpResponse:
    context = {"patron": patron, "loans": loans_of(patron.pk), "password": password}
    return render(request, "patrons/show.html", context)


@staff_page(actions.REGISTER)
def register(request: HttpRequest) -> HttpResponse:
    """Register a patron; people who may be the same are shown once before the second press registers."""
    start = {"branch": request.actor.branch_id}
    form = RegistrationForm(request.POST or None, initial=start)
    alike: list[Patron] = []
    if request.method == "POST" and form.is_valid():
        what = form.registration()
        alike = queries.alike(what.kana, what.birth_date, what.phone)
        if alike and request.POST.get("sure") != "yes":
            audit.record_views(request.actor, actions.VIEW, "patron", [one.pk for one in alike], "二重登録の確認")
        else:
            try:
                patron = actions.register(request.actor, what)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, "登録しました。")
                return redirect("patrons:show", patron.pk)
    return render(request, "patrons/form.html", {"form": form, "alike": alike, "title": "利用者の登録"})


@staff_page(actions.CHANGE)
def edit(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Change a registration."""
    patron = _viewed(request, patron_id, "登録内容の変更")
    names = [*RegistrationForm.base_fields]
    form = ChangeForm(request.POST or None, initial={name: getattr(patron, name) for name in names})
    if request.method == "POST" and form.is_valid():
        actions.change(request.actor, patron, form.registration())
        messages.success(request, "変更しました。")
        return redirect("patrons:show", patron.pk)
    return render(request, "patrons/form.html", {"form": form, "patron": patron, "title": "登録内容の変更"})


@require_POST
@staff_page(actions.ISSUE_PASSWORD)
def issue_password(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Issue a temporary password and show it, once: it is stored nowhere but as a hash."""
    patron = _viewed(request, patron_id, "仮パスワードの発行")
    return _page(request, patron, actions.issue_password(request.actor, patron))
