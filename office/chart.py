"""A line chart that Word draws itself: its XML, and the workbook behind it so that it can be edited."""

from __future__ import annotations

import io
from datetime import date, datetime
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from office.document import Chart
from office.office import FONT, stable_zip

COLOURS = ("1F77B4", "D95F02", "5B8C2A", "7B5EA7")
DASHES = ("solid", "dash", "sysDot", "dashDot")  # told apart in a black and white print
TICK_DAYS = 7
_SCHEMA = "http://schemas.openxmlformats.org"
_NAMESPACES = (
    f'xmlns:c="{_SCHEMA}/drawingml/2006/chart" xmlns:a="{_SCHEMA}/drawingml/2006/main" '
    f'xmlns:r="{_SCHEMA}/officeDocument/2006/relationships"'
)
_SMALL = (
    f'<c:txPr><a:bodyPr rot="0"/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="800"><a:latin typeface="{FONT}"/>'
    f'<a:ea typeface="{FONT}"/></a:defRPr></a:pPr><a:endParaRPr lang="ja-JP"/></a:p></c:txPr>'
)
_GRID = (
    '<c:majorGridlines><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="D9D9D9"/></a:solidFill></a:ln></c:spPr>'
    "</c:majorGridlines>"
)
_UPWARDS = '<c:orientation val="minMax"/>'


def chart_xml(chart: Chart, workbook_relation: str) -> bytes:
    """The chart part. `workbook_relation` is the relationship id of the embedded workbook."""
    series = "".join(_series(chart, index) for index in range(len(chart.series)))
    text = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace {_NAMESPACES}>'
        '<c:roundedCorners val="0"/><c:chart><c:autoTitleDeleted val="1"/><c:plotArea><c:layout/>'
        f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{series}<c:marker val="1"/>'
        f'<c:axId val="1001"/><c:axId val="1002"/></c:lineChart>{_day_axis()}{_value_axis(chart)}</c:plotArea>'
        f'<c:legend><c:legendPos val="t"/><c:overlay val="0"/>{_SMALL}</c:legend><c:plotVisOnly val="1"/>'
        '<c:dispBlanksAs val="gap"/></c:chart>'
        f'<c:externalData r:id="{workbook_relation}"><c:autoUpdate val="0"/></c:externalData></c:chartSpace>'
    )
    return text.encode()


def _day_axis() -> str:
    return (
        f'<c:dateAx><c:axId val="1001"/><c:scaling>{_UPWARDS}</c:scaling><c:delete val="0"/><c:axPos val="b"/>'
        '<c:numFmt formatCode="m/d" sourceLinked="0"/><c:majorTickMark val="out"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="low"/>{_SMALL}<c:crossAx val="1002"/><c:crosses val="autoZero"/><c:auto val="0"/>'
        f'<c:lblOffset val="100"/><c:baseTimeUnit val="days"/><c:majorUnit val="{TICK_DAYS}"/>'
        '<c:majorTimeUnit val="days"/></c:dateAx>'
    )


def _value_axis(chart: Chart) -> str:
    return (
        f'<c:valAx><c:axId val="1002"/><c:scaling>{_UPWARDS}<c:max val="{chart.top:g}"/><c:min val="0"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="l"/>{_GRID}'
        f'<c:numFmt formatCode="0&quot;{escape(chart.unit)}&quot;" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        f'{_SMALL}<c:crossAx val="1001"/><c:crosses val="autoZero"/><c:crossBetween val="midCat"/>'
        f'<c:majorUnit val="{chart.top / 4:g}"/></c:valAx>'
    )


def _series(chart: Chart, index: int) -> str:
    name, values = chart.series[index]
    column, count = get_column_letter(index + 2), len(chart.days)
    days = "".join(f'<c:pt idx="{at}"><c:v>{serial(day)}</c:v></c:pt>' for at, day in enumerate(chart.days))
    points = "".join(
        f'<c:pt idx="{at}"><c:v>{value:.3f}</c:v></c:pt>' for at, value in enumerate(values) if value is not None
    )
    return (
        f'<c:ser><c:idx val="{index}"/><c:order val="{index}"/>'
        f"<c:tx><c:strRef><c:f>Sheet1!${column}$1</c:f><c:strCache>"
        f'<c:ptCount val="1"/><c:pt idx="0"><c:v>{escape(name)}</c:v></c:pt></c:strCache></c:strRef></c:tx>'
        f'<c:spPr><a:ln w="15875"><a:solidFill><a:srgbClr val="{COLOURS[index]}"/></a:solidFill>'
        f'<a:prstDash val="{DASHES[index]}"/></a:ln></c:spPr><c:marker><c:symbol val="none"/></c:marker>'
        f"<c:cat><c:numRef><c:f>Sheet1!$A$2:$A${count + 1}</c:f><c:numCache><c:formatCode>m/d</c:formatCode>"
        f'<c:ptCount val="{count}"/>{days}</c:numCache></c:numRef></c:cat>'
        f"<c:val><c:numRef><c:f>Sheet1!${column}$2:${column}${count + 1}</c:f><c:numCache>"
        f'<c:formatCode>0.0</c:formatCode><c:ptCount val="{count}"/>{points}</c:numCache></c:numRef></c:val>'
        '<c:smooth val="0"/></c:ser>'
    )


def serial(day: date) -> int:
    """A day as Excel counts it."""
    return (day - date(1899, 12, 30)).days


def chart_workbook(chart: Chart, stamp: datetime) -> bytes:
    """The workbook behind a chart: days in column A, one column a series."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "Sheet1"
    sheet.append(["", *(name for name, _ in chart.series)])
    for at, day in enumerate(chart.days):
        sheet.append([day, *(values[at] for _, values in chart.series)])
    for row in sheet.iter_rows(min_row=2, max_col=1):
        row[0].number_format = "m/d"
    buffer = io.BytesIO()
    workbook.save(buffer)
    return stable_zip(buffer.getvalue(), stamp)
