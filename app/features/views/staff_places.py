"""Floor plans and the mobile library's courses on the staff's screen."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from app.access.web import staff_page
from app.branches.models import Branch, MobileCourse
from app.features import actions
from app.features.actions import mobile, plans
from app.features.forms import CourseDaysForm, CourseForm, PlanForm, part_forms
from app.features.models import FloorPlan
from app.features.queries import plans as drawings
from app.features.queries import titles
from app.features.rules import every
from app.web import versions


@require_GET
@staff_page(actions.VIEW)
def floors(request: HttpRequest) -> HttpResponse:
    """Every plan by library. Two SQL statements."""
    places = titles.in_use().prefetch_related("floor_plans")
    return render(request, "features/staff_plans.html", {"places": places})


@staff_page(actions.PLANS)
def floor(request: HttpRequest, code: str, plan_id: int | None = None) -> HttpResponse:
    """Draw a floor: its size, its parts line by line, and the drawing beside them."""
    branch = get_object_or_404(Branch, code=code)
    plan = get_object_or_404(FloorPlan, pk=plan_id, branch=branch) if plan_id else None
    parts = plans.parts_of(plan) if plan else []
    values = {name: getattr(plan, name) for name in plans.PLAN_FIELDS} if plan else {}
    sent = request.POST if request.method == "POST" else None
    form, lines = PlanForm(sent, initial=values or None), part_forms(sent, parts)
    seen = versions.token(plans.values_of(plan, parts)) if plan else ""
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid() and lines.is_valid():
            wanted = [part for line in lines if (part := line.part()) is not None]
            try:
                made = plans.draw(
                    request.actor, branch, form.cleaned_data, wanted, plan_id, sent.get(versions.FIELD, "")
                )
            except versions.Conflict:
                form.add_error(
                    None, "画面を開いた後に、ほかの職員が保存しました。画面を開き直して、入れ直してください。"
                )
                status = 409
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, "館内図を保存しました。")
                return redirect("features:floor", code, made.pk)
    drawn = next((one for one in drawings.plans_of(branch.pk) if plan and one.plan.pk == plan.pk), None)
    context = {"branch": branch, "plan": plan, "form": form, "lines": lines, "seen": seen, "drawn": drawn}
    return render(request, "features/staff_plan.html", context, status=status)


@require_POST
@staff_page(actions.PLANS)
def delete_floor(request: HttpRequest, code: str, plan_id: int) -> HttpResponse:
    """Throw a plan away."""
    get_object_or_404(FloorPlan, pk=plan_id, branch__code=code)
    plans.drop(request.actor, plan_id)
    messages.success(request, "館内図を消しました。")
    return redirect("features:floors")


@require_GET
@staff_page(actions.VIEW)
def courses(request: HttpRequest) -> HttpResponse:
    """Every course with its next days. Three SQL statements."""
    places = Branch.objects.filter(kind="mobile", is_active=True).prefetch_related("courses__stops", "courses__days")
    return render(request, "features/staff_courses.html", {"places": places, "today": timezone.localdate()})


@staff_page(actions.MOBILE)
def course(request: HttpRequest, code: str, course_id: int | None = None) -> HttpResponse:
    """One course: its stops and its days."""
    branch = get_object_or_404(Branch, code=code, kind="mobile")
    found = get_object_or_404(MobileCourse, pk=course_id, branch=branch) if course_id else None
    form = CourseForm(request.POST or None, initial=_typed(found) if found else None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made = mobile.save_course(request.actor, branch, asked["name"], asked["stops"], course_id)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"コースを保存しました（{len(asked['stops'])}か所）。")
            return redirect("features:course", code, made.pk)
    return _course_page(request, branch, found, 422 if form.errors else 200, form=form)


def _typed(course: MobileCourse) -> dict[str, str]:
    lines = [
        f"{stop.arrives:%H:%M}-{stop.leaves:%H:%M} {stop.name}{f'（{stop.address}）' if stop.address else ''}"
        for stop in course.stops.all()
    ]
    return {"name": course.name, "stops": "\n".join(lines)}


def _course_page(
    request: HttpRequest, branch: Branch, found: MobileCourse | None, status: int = 200, **given: object
) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "branch": branch,
        "course": found,
        "form": CourseForm(initial=_typed(found) if found else None),
        "days": found.days.filter(date__gte=today) if found else [],
        "days_form": CourseDaysForm(),
        **given,
    }
    return render(request, "features/staff_course.html", context, status=status)


@require_POST
@staff_page(actions.MOBILE)
def course_days(request: HttpRequest, code: str, course_id: int) -> HttpResponse:
    """Add days to a course, or say of one that it is not driven, or take it off."""
    found = get_object_or_404(MobileCourse, pk=course_id, branch__code=code)
    if request.POST.get("do") == "add":
        form = CourseDaysForm(request.POST)
        if not form.is_valid():
            return _course_page(request, found.branch, found, 422, days_form=form)
        asked = form.cleaned_data
        count = mobile.add_days(request.actor, course_id, every(asked["first"], asked["last"], asked["weeks"]))
        messages.success(request, f"巡回日を{count}日加えました。")
        return redirect("features:course", code, course_id)
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
        match request.POST.get("do"):
            case "cancel":
                reason = request.POST.get("reason", "").strip()[:60] or "運休"
                mobile.cancel_day(request.actor, course_id, day, reason)
                messages.success(request, f"{day:%Y/%m/%d}を運休にしました。")
            case "drive":
                mobile.cancel_day(request.actor, course_id, day, "")
                messages.success(request, f"{day:%Y/%m/%d}の運休を取り消しました。")
            case "remove":
                mobile.remove_day(request.actor, course_id, day)
                messages.success(request, f"{day:%Y/%m/%d}を巡回日から外しました。")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except ValueError:
        messages.error(request, "日付を読み取れません。画面を開き直してください。")
    return redirect("features:course", code, course_id)
