"""What `tune` tells, and what is tuned elsewhere: key → (English, Chinese)."""

from __future__ import annotations

TUNING: dict[str, tuple[str, str]] = {
    "tune_title": (
        "Tuned {model}: {series} series, {windows}",
        "{model} 调优：{series} 个序列，{windows}",
    ),
    "tune_now": ("trial {n}, best {best}", "第 {n} 次试验，最好 {best}"),
    "tune_trials": ("trials", "试验次数"),
    "tune_counts": (
        "{all} ({done} in full, {pruned} given up early)",
        "{all}（完整 {done}，提前放弃 {pruned}）",
    ),
    "tune_default": ("SQL by default", "默认设置的 SQL"),
    "tune_best": ("SQL at best", "最好的 SQL"),
    "tune_gain": ("better by %", "改善 %"),
    "tune_ended": ("ended by", "结束原因"),
    "ended_time": ("the minutes", "时间用完"),
    "ended_trials": ("the number of trials", "次数已满"),
    "ended_tried_out": ("nothing left to try", "没有可再试的设置"),
    "tune_settings": ("Settings of {model}", "{model} 的设置"),
    "setting": ("setting", "设置"),
    "by_default": ("default", "默认"),
    "at_best": ("best", "最好"),
    "importance": ("importance %", "重要性 %"),
    "auto": ("auto", "自动"),
    "tune_kept": (
        "The next back-test and forecast use the best ones. They were chosen on windows that end "
        "before the last {n}: a back-test of up to {n} windows judges them fairly, the gain above "
        "flatters them.",
        "下一次回测和预测采用最好的设置。它们选自最后 {n} 个窗口之前："
        "不超过 {n} 个窗口的回测对其评价公正，上面的改善则偏乐观。",
    ),
    "tune_stays": (
        "Nothing that was tried is better by 1 % and in most windows: the default settings stay.",
        "试过的都没有好出 1% 且在多数窗口领先：沿用默认设置。",
    ),
    "tune_forgot": ("{model}: default settings again", "{model}：恢复默认设置"),
    "tune_was": ("SQL of the tuned ones", "原调优设置的 SQL"),
    "tuned_model": ("{model} (tuned)", "{model}（已调优）"),
    "tuned_saw": (
        "{model} was tuned on {n} of these windows: its scores there are flattering",
        "{model} 曾在其中 {n} 个窗口上调优：这些窗口的评分偏乐观",
    ),
    "tracked_in": ("tracked in", "记录于"),
}
