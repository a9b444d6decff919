"""What the catalogue does by the clock: it keeps the search index small in what it has to look at."""

from datetime import datetime, timedelta

from app.access.actor import system
from app.catalog import search
from app.catalog.actions import batching, following, merging
from app.jobs.actions import ask_again
from app.jobs.registry import job

REBUILD = "catalog.search_rebuild"


def tend(now: datetime) -> str:
    """Take what changed into the bitmaps, and what was lent or came back. Bitmaps that an upgrade or a
    first load left behind are made anew at once, in the lane of the long jobs."""
    if search.outdated():
        ask_again(system("catalog.search"), REBUILD, now)
        return "索引がまだないか前の版のままなので、作り直しを頼みました。"
    try:
        merged, differing = search.merge(), search.refresh()
    except search.Busy:
        return "索引の作り直し中です。"
    return f"取り込んだ書誌 {merged}件、在架の変わった資料 {differing}点"


def rebuild(now: datetime) -> str:
    """Number and rank every record anew."""
    try:
        return f"書誌 {search.rebuild()}件の索引を作り直しました。"
    except search.Busy:
        return "ほかの処理が索引を作り直しています。"


def gather(now: datetime) -> str:
    """Authorities from the headings of records that came or changed in the last two days."""
    taken = following.gather_since(system("gather"), now - timedelta(days=2))
    return f"書誌の標目から典拠を{taken.made}件作り、{taken.filled}件に書き足しました。"


def tidy(now: datetime) -> str:
    """Plans of batches that nobody carried out go after a week; what came too late for a merge follows its record; what
    was lent today is noted no longer: its transaction would tell by whom."""
    search.refresh(0)
    plans, late = batching.drop_old_plans(now - timedelta(days=7)), merging.catch_up()
    return f"実行されなかった一括変更 {plans}件を消し、統合された書誌から{late}件を移しました。"


job("catalog.tidy", "一括変更の計画の整理", tidy, "03:20")
job("catalog.search", "検索索引への取込み", tend, "1m")
job(REBUILD, "検索索引の作り直し（順位）", rebuild, "02:40")
job("catalog.gather_authorities", "書誌の標目から典拠を作成", gather, "03:40")
