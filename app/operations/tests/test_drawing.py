"""Charts and runbooks as HTML: true to the numbers, and nothing of theirs is markup."""

from zoneinfo import ZoneInfo

import pytest

from app.operations.charts import Line, Scale, draw, path, scale, time_axis, value_axis
from app.operations.markdown import render


def test_the_newest_point_is_at_the_right_and_the_highest_at_the_top():
    on = Scale(0, 100, 0, 10)
    assert (on.x(100), on.y(10)) == (600, 0)
    assert (on.x(0), on.y(0)) == (0, 180)


def test_nothing_is_drawn_where_nothing_was_measured():
    on = Scale(0, 600, 0, 10)
    assert path([(0, 0), (15, 5), (300, 5), (315, 0)], on, gap=40) == "M0 180h1L15 90M300 90h1L315 180"


@pytest.mark.parametrize(
    ("values", "unit", "high"),
    [([3, 12], "percent", 100), ([120], "percent", 200), ([0, 1], "up", 1), ([7], "count", 10), ([1.7], "seconds", 2)],
)
def test_a_scale_holds_every_value_and_reads_well(values, unit, high):
    lines = [Line("a", [(n, value) for n, value in enumerate(values)])]
    on = scale(lines, 0, 10, unit)
    assert (on.low, on.high) == (0, high)


def test_a_scale_of_nothing_and_of_zeros_can_be_drawn():
    for lines in ([], [Line("a", [(1, 0.0), (2, 0.0)])]):
        on = scale(lines, 0, 10, "count")
        assert on.high > on.low


def test_axes_are_labelled_in_the_unit_and_the_local_time():
    on = Scale(1795383000, 1795383000 + 3600, 0, 100)
    assert value_axis(on, "percent") == ["100.0 %", "50.0 %", "0.0 %"]
    assert time_axis(on, ZoneInfo("Asia/Tokyo")) == ["06:30", "07:00", "07:30"]


def test_a_threshold_in_view_is_marked_and_one_out_of_view_is_not():
    svg = draw("CPU", [Line("a", [(1, 5)])], Scale(0, 10, 0, 10), 15, [("warn", 8), ("bad", 20)])
    assert 'class="mark warn"' in svg
    assert 'class="mark bad"' not in svg


def test_a_title_is_never_markup():
    assert "<b>" not in draw('"><b>', [], Scale(0, 1, 0, 1), 15)


def test_a_runbook_has_headings_steps_code_and_links():
    html = render("# 題\n\n## HostDown\n1. `ls` を見ます。\n2. [次](library#LibraryDown) へ。\n\n終わり")
    assert "<h1>題</h1>" in html
    assert '<h2 id="HostDown">HostDown</h2>' in html
    assert "<ol><li><code>ls</code> を見ます。</li><li>" in html
    assert '<a href="../library/#LibraryDown">次</a>' in html
    assert "<p>終わり</p>" in html


def test_nothing_in_a_runbook_is_markup():
    html = render("# <script>\n`<i>` <b> [x](javascript:alert)")
    assert "<script>" not in html
    assert "<i>" not in html
    assert "<b>" not in html
    assert "href" not in html
