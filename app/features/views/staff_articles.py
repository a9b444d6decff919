"""Notices and pages on the staff's screen: write, propose, approve, take down."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.features import actions, markup
from app.features.actions import articles
from app.features.forms import ArticleForm, NewsForm, PageForm, RemarkForm
from app.features.models import Article, ArticleVersion
from app.features.queries import shown
from app.web import versions


@require_GET
@staff_page(actions.VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """The newest version of each article, those that wait for approval first."""
    newest = ArticleVersion.objects.order_by("article", "-number").distinct("article").values("pk")
    found = ArticleVersion.objects.filter(pk__in=newest).select_related("article__branch")
    page = Paginator(found.order_by("-publish_at", "-pk"), 50).get_page(request.GET.get("page"))
    now = timezone.now()
    up = {
        version.article_id
        for kind in Article.Kind.values
        for version in shown.articles(now, kind).filter(article__in=[one.article_id for one in page])
    }
    waiting = ArticleVersion.objects.filter(state=ArticleVersion.State.PROPOSED).select_related("article")
    context = {"page": page, "up": up, "waiting": waiting}
    return render(request, "features/staff_articles.html", context)


@staff_page(actions.WRITE)
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """The first draft of a notice or a page."""
    make = NewsForm if kind == Article.Kind.NEWS else PageForm
    form = make(request.POST or None, initial={"publish_at": timezone.localtime().replace(minute=0)})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made = articles.begin(request.actor, kind, asked, asked.get("slug"), asked.get("branch"))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "下書きを保存しました。")
            return redirect("features:article", made.article_id)
    context = {"form": form, "kind": Article.Kind(kind).label}
    return render(request, "features/staff_article_new.html", context, status=422 if form.errors else 200)


def _page(request: HttpRequest, article: Article, status: int = 200, **given: object) -> HttpResponse:
    found = list(article.versions.all())
    newest = found[0]
    now = timezone.now()
    up = shown.articles(now, article.kind).filter(article=article).first()
    values = articles.values_of(newest)
    context = {
        "article": article,
        "newest": newest,
        "versions": found,
        "up": up,
        "preview": markup.render(newest.body),
        "form": ArticleForm(initial=values),
        "remark_form": RemarkForm(),
        "seen": versions.token(values),
        "may_write": may(request.actor.operations, actions.WRITE.code),
        "may_approve": may(request.actor.operations, actions.APPROVE.code),
        "own": newest.written_by == request.actor.number,
        **given,
    }
    return render(request, "features/staff_article.html", context, status=status)


@staff_page(actions.VIEW)
def show(request: HttpRequest, article_id: int) -> HttpResponse:
    """An article: what readers see, the newest version and its preview, the draft to write on."""
    article = get_object_or_404(Article.objects.select_related("branch"), pk=article_id)
    if request.method != "POST":
        return _page(request, article)
    form = ArticleForm(request.POST)
    if not form.is_valid():
        return _page(request, article, 422, form=form)
    try:
        articles.write(
            request.actor, article_id, form.cleaned_data, request.POST.get(versions.FIELD, ""), timezone.now()
        )
    except versions.Conflict as conflict:
        return _page(request, article, 409, form=form, **versions.told(form, conflict))
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, article, 422, form=form)
    messages.success(request, "下書きを保存しました。公開するには、承認を求めてください。")
    return redirect("features:article", article_id)


@require_POST
@staff_page(actions.VIEW)
def act(request: HttpRequest, article_id: int, version_id: int) -> HttpResponse:
    """Propose, approve, send back."""
    article = get_object_or_404(Article, pk=article_id, versions=version_id)
    now = timezone.now()
    try:
        match request.POST.get("do"):
            case "propose":
                articles.propose(request.actor, version_id)
                messages.success(request, "承認を求めました。")
            case "approve":
                articles.approve(request.actor, version_id, request.POST.get(versions.FIELD, ""), now)
                messages.success(request, "承認しました。公開日時に自動で出ます。")
            case "send_back":
                form = RemarkForm(request.POST)
                if not form.is_valid():
                    return _page(request, article, 422, remark_form=form)
                articles.send_back(request.actor, version_id, form.cleaned_data["remark"])
                messages.success(request, "差し戻しました。")
    except versions.Conflict:
        messages.error(request, "画面を開いた後に書き換えられています。内容を見直してから承認してください。")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("features:article", article_id)


@require_POST
@staff_page(actions.APPROVE)
def withdraw(request: HttpRequest, article_id: int) -> HttpResponse:
    """Take an article down at once."""
    get_object_or_404(Article, pk=article_id)
    articles.withdraw(request.actor, article_id)
    messages.success(request, "公開をやめました。")
    return redirect("features:article", article_id)
