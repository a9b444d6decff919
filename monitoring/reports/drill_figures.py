"""What the figures that drills measure are called in reports, with their unit."""

from __future__ import annotations

import re

FIGURES = {
    # restores, and the keeper's own rehearsals of them
    "restore_seconds": ("復元にかかった時間", "秒"),
    "restore_rows": ("復元した行", "行"),
    "restore_rows_put_back": ("元に戻した行", "行"),
    "restore_rows_unexplained": ("操作の記録がない変更", "行"),
    "restore_backup_seconds": ("バックアップの取得", "秒"),
    "restore_file_seconds": ("ファイルの復元", "秒"),
    "restore_files_unequal": ("元と異なるファイル", "件"),
    "restore_database_seconds": ("データベースの復元", "秒"),
    "restore_database_mb_per_second": ("データベースの復元の速さ", "MB/秒"),
    "restore_rows_compared": ("照合した行", "行"),
    "restore_tables_unequal": ("元と異なる表", "件"),
    "restore_moment_seconds": ("任意時点への復元", "秒"),
    "restore_moment_loans": ("任意時点で照合した貸出", "件"),
    "restore_moment_wrong": ("任意時点と異なる貸出", "件"),
    "rehearsal_rows_compared": ("照合した行", "行"),
    "rehearsal_dump_seconds": ("データベースの復元", "秒"),
    "rehearsal_tables_unequal": ("元と異なる表", "件"),
    "lost_hosts": ("失われたサーバ", "台"),
    "lost_to_lending_seconds": ("サーバの喪失から貸出の再開まで", "秒"),
    "lost_rows_restored": ("復元した行", "行"),
    "lost_files_missing": ("戻らなかったファイル", "件"),
    "lost_acts_compared": ("照合した貸出・返却", "件"),
    "lost_acts_wrong": ("失われた、または誤った貸出・返却", "件"),
    # power
    "power_acts": ("照合した貸出・返却", "件"),
    "power_acts_lost": ("失われた貸出・返却", "件"),
    "power_acts_doubled": ("重複した貸出・返却", "件"),
    "power_acts_half_done": ("途中で終わった貸出・返却", "件"),
    "power_all_off_seconds": ("停電から全台の停止まで", "秒"),
    "power_audit_faults": ("監査記録の異常", "件"),
    "power_battery_share_percent": ("停止までに使った電池の割合", "％"),
    "power_dip_failed_requests": ("瞬時停電中に応答しなかった要求", "件"),
    "power_feed_failed_requests": ("片系停電中に応答しなかった要求", "件"),
    "power_flap_starts": ("断続停電中の誤った起動", "回"),
    "power_hosts_cut": ("電源が断たれたサーバ", "台"),
    "power_hosts_left_on": ("停止しなかったサーバ", "台"),
    "power_hosts_lost": ("巻き込まれて停止したサーバ", "台"),
    "power_hosts_not_woken": ("自動で起動しなかったサーバ", "台"),
    "power_hosts_out_of_order": ("停止の順序の誤り", "件"),
    "power_hosts_rebooted": ("再起動したサーバ", "台"),
    "power_integrity_errors": ("データベースの異常", "件"),
    "power_nurse_seconds": ("停止したサーバの自動起動まで", "秒"),
    "power_partitioned_off_seconds": ("通信断のサーバの停止まで", "秒"),
    "power_readers_not_told": ("停電の案内が出なかった画面", "件"),
    "power_services_back_seconds": ("復電からサービスの再開まで", "秒"),
    "power_services_stopped_seconds": ("停電からサービスの停止まで", "秒"),
    "power_stops_over_budget": ("台帳の停止時間を超えたサーバ", "台"),
    "power_to_first_loan": ("復電から窓口の最初の応答まで", "秒"),
    "power_to_first_page": ("復電から蔵書検索の最初の画面まで", "秒"),
    "power_to_library_seconds": ("復電から図書館システムの再開まで", "秒"),
    "power_unclean_databases": ("正常に閉じなかったデータベース", "件"),
    # disks
    "alarm_seconds_first": ("ディスクの故障から警報まで（1台目）", "秒"),
    "alarm_seconds_second": ("ディスクの故障から警報まで（2台目）", "秒"),
    "rebuild_seconds_raid1": ("再構築（RAID 1）", "秒"),
    "rebuild_seconds_raid5": ("再構築（RAID 5）", "秒"),
    "loans_during_drill": ("訓練中の貸出", "件"),
    "loans_lost": ("失われた貸出", "件"),
    "loans_not_promised": ("応答なしに残った貸出", "件"),
    "longest_loan_seconds": ("最も長くかかった貸出", "秒"),
    "drill_seconds": ("訓練の所要時間", "秒"),
    # bare machines
    "medium_seconds": ("導入媒体の作成", "秒"),
    "medium_mib": ("導入媒体の大きさ", "MiB"),
    "install_seconds": ("空のディスクへの導入", "秒"),
    "start_seconds": ("導入後の起動", "秒"),
    # faults under load
    "faults_cases": ("起こした障害", "件"),
    "faults_failed": ("不合格の障害", "件"),
    "faults_acts_lost": ("失われた貸出・返却", "件"),
    "faults_acts_doubled": ("重複した貸出・返却", "件"),
    "faults_acts_half_done": ("途中で終わった貸出・返却", "件"),
    "beside_seconds": ("控えと集計の並行運転", "秒"),
    "beside_scan_p95": ("並行運転中の窓口の応答（95％値）", "ミリ秒"),
    "beside_page_p95": ("並行運転中の検索の応答（95％値）", "ミリ秒"),
    "beside_scans_unanswered": ("並行運転中に応答のない窓口操作", "件"),
    "beside_pages_refused": ("並行運転中に応答のない検索", "件"),
    "corrupt_borg_found": ("見つけた控えの破損", "件"),
    "corrupt_wal_found": ("見つけた変更記録の破損", "件"),
    # alarms
    "alarms_services": ("止めたサービス", "件"),
    "alarms_late_or_missing": ("通知が遅れた、または届かなかったサービス", "件"),
    "alarms_slowest": ("最も遅い通知まで", "秒"),
    "alarms_middle": ("通知まで（中央値）", "秒"),
    # records
    "audit_events": ("検査した監査記録", "件"),
    "audit_faults": ("監査記録の異常", "件"),
    "audit_seconds": ("監査記録の検査", "秒"),
    "audit_events_per_second": ("監査記録の検査の速さ", "件/秒"),
    "logs_days": ("検査した記録の日数", "日"),
    "logs_records": ("検査した記録", "件"),
    "logs_faults": ("記録の異常", "件"),
    "logs_verify_seconds": ("記録の検査", "秒"),
}
FAULTS = {
    "kill": "サービスの強制終了",
    "cut": "サーバ間の通信断",
    "cable": "回線の切断",
    "power": "予告のない停電",
    "disk": "ディスク満杯",
    "clock": "時計のずれ",
    "beside": "控えと集計の並行運転",
    "restore": "貸出中の復元",
    "corrupt": "控えの破損",
}
_FAULT = re.compile(rf"faults_({'|'.join(FAULTS)})_(cases|longest_silence)")


def named(name: str) -> tuple[str, str]:
    """Title and unit of a figure; one that nobody has named goes by its own name, without a unit."""
    if fault := _FAULT.fullmatch(name):
        kind, what = FAULTS[fault[1]], fault[2]
        return (f"{kind}：件数", "件") if what == "cases" else (f"{kind}：最も長い無応答", "秒")
    if name.startswith("alarm_") and "/" in name:
        return f"通知まで：{name.removeprefix('alarm_')}", "秒"
    return FIGURES.get(name, (name, ""))
