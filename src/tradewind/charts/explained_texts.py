"""The texts of explanations: key → (English, Chinese). Chinese is written, not translated."""

from __future__ import annotations

EXPLAINED: dict[str, tuple[str, str]] = {
    "explain_title": ("Why: {name}", "{name}：预测依据"),
    "nav_why": ("Why", "原因"),
    "nav_parts": ("Parts", "分解"),
    "nav_whatif": ("What if", "假设"),
    "nav_matters": ("All", "全店"),
    "explain_head": (
        "About {mean} {unit} {span}",
        "{span}预计约 {mean}{unit}",
    ),
    "explain_sure": ("80 % interval {range}.", "80% 区间 {range}。"),
    "explain_base": (
        "With everything as usual it would be about {base}.",
        "若一切照常，约为 {base}。",
    ),
    "span_ahead": ("over the next {span}", "未来 {span}"),
    "span_on": ("on {date}", "{date}"),
    "span_of": ("in the {step} of {date}", "{date}当{step}"),
    "unit_units": ("units", "件"),
    "adds": (
        "{cause} adds about {size} {unit} (of {total}).",
        "{cause}，约增加 {size}{unit}（共 {total}）。",
    ),
    "takes": (
        "{cause} takes away about {size} {unit} (of {total}).",
        "{cause}，约减少 {size}{unit}（共 {total}）。",
    ),
    "small": (
        "Nothing else makes a difference of 1 % or more.",
        "其余因素的影响都不到 1%。",
    ),
    "cause_price_above": ("Price {share} above usual", "售价比平时高 {share}"),
    "cause_price_below": ("Price {share} below usual", "售价比平时低 {share}"),
    "cause_price_same": ("Price at its usual level", "售价与平时相当"),
    "cause_price_seen": ("The course of recent prices", "近期价格走势"),
    "cause_promotion": ("Promotion planned in {n} of {span}", "{span}中有 {n} 期安排了促销"),
    "cause_promotion_one": ("The planned promotion", "已安排的促销"),
    "cause_promotion_seen": ("The course of recent promotions", "近期促销走势"),
    "cause_lags_above": (
        "Selling {share} more lately than in the year's mean",
        "近期销量比全年平均高 {share}",
    ),
    "cause_lags_below": (
        "Selling {share} less lately than in the year's mean",
        "近期销量比全年平均低 {share}",
    ),
    "cause_lags_same": ("The course of recent sales", "近期销售走势"),
    "cause_season_above": ("A season {share} above the mean", "季节性比平均高 {share}"),
    "cause_season_below": ("A season {share} below the mean", "季节性比平均低 {share}"),
    "cause_season_same": ("The season's course", "季节性变化"),
    "cause_holiday": ("What holidays and festivals do", "节假日与大促的影响"),
    "cause_category": ("What is known of its category", "所属类目的情况"),
    "cause_other": ("All else that the models look at", "模型参考的其他信息"),
    "group_lags": ("Recent sales", "近期销售"),
    "group_season": ("Season", "季节性"),
    "group_price": ("Price", "价格"),
    "group_promotion": ("Promotion", "促销"),
    "group_holiday": ("Holidays", "节假日"),
    "group_category": ("Category", "类目"),
    "group_other": ("Other", "其他"),
    "as_usual": ("As usual", "一切照常"),
    "the_forecast": ("Forecast", "预测"),
    "waterfall_note": (
        "From what would be expected with everything as usual to the forecast, in {unit}. The bars "
        "add up exactly.",
        "从“一切照常”到预测值，各因素的增减（单位：{unit}），相加严格等于预测。",
    ),
    "waterfall_top": (
        "{group}: {size}, the largest difference",
        "影响最大的是{group}：{size}",
    ),
    "waterfall_none": ("Everything is as usual", "一切照常"),
    "waterfall_summary": (
        "From {base} as usual to a forecast of {mean}.",
        "照常为 {base}，预测为 {mean}。",
    ),
    "part_level": ("Level", "基准"),
    "part_trend": ("Trend", "趋势"),
    "part_rest": ("Rest", "其余"),
    "part_level_trend": ("Level and trend", "基准与趋势"),
    "parts_title": ("What past and forecast are made of", "历史与预测的构成"),
    "parts_note": (
        "In {unit}; level, trend, season, price, promotion, holidays and rest add up to what was "
        "sold and what is forecast. Ridge regression; the trend bends once a quarter.",
        "单位：{unit}。基准、趋势、季节性、价格、促销、节假日与其余相加，等于实际销量与预测。"
        "方法：岭回归，趋势每季可转折一次。",
    ),
    "parts_summary": ("Panels on the same dates, one for each part.", "同一日期轴上的各部分。"),
    "whatif_head": (
        "With {changes}: about {after} instead of {before} {unit} ({difference})",
        "若 {changes}：约 {after}{unit}，原为 {before}{unit}（{difference}）",
    ),
    "whatif_sure": (
        "80 % interval {range} instead of {old}.",
        "80% 区间由 {old} 变为 {range}。",
    ),
    "whatif_association": (
        "This is an association: how sales and prices went together so far, not yet what a price "
        "does. A price test would tell.",
        "这只是相关关系：过去价格与销量如何同时变化，并不等于调价的真实效果，需做价格测试才能确认。",
    ),
    "whatif_models": (
        "All else stays as planned and as it was.",
        "其他计划与历史均保持不变。",
    ),
    "whatif_held": (
        "The calendar plans no {column}: unchanged means that it stays at {value}.",
        "日历没有安排{column}，“维持现状”指保持 {value}。",
    ),
    "whatif_held_none": (
        "The calendar plans no {column}: unchanged means that there is none.",
        "日历没有安排{column}，“维持现状”指没有{column}。",
    ),
    "whatif_other": (
        "Both numbers are those of a model trained for this question, which knows the {columns} "
        "ahead; the forecast itself, which does not, is about {forecast} {unit}.",
        "以上两个数来自专为此问题训练、能提前知道{columns}的模型；"
        "正式预测的模型不提前知道{columns}，结果约为 {forecast}{unit}。",
    ),
    "whatif_own": (
        "Both numbers are those of a model trained for this question, which knows the {columns} "
        "ahead; the forecast itself, which does not, comes to the same.",
        "以上两个数来自专为此问题训练、能提前知道{columns}的模型；"
        "正式预测的模型不提前知道{columns}，结果相同。",
    ),
    "whatif_blind": (
        "No difference: the model that did best in the back-test does not look at the {columns}.",
        "没有差别：回测中表现最好的模型不看{columns}。",
    ),
    "whatif_beyond": (
        "It never had a {column} of {value}, only {least} to {most}: here the models guess.",
        "该商品从未有过 {value}的{column}（以往为 {least}至 {most}），此处只是模型的外推。",
    ),
    "whatif_beyond_one": (
        "It never had a {column} of {value}, always {least}: here the models guess.",
        "该商品从未有过 {value}的{column}（一直是 {least}），此处只是模型的外推。",
    ),
    "and": (" and ", "和"),
    "column_price": ("price", "价格"),
    "column_regular_price": ("regular price", "原价"),
    "column_competitor_price": ("competitor price", "竞品价"),
    "column_promotion": ("promotion", "促销"),
    "column_display": ("display", "陈列"),
    "column_mailer": ("mailer", "海报"),
    "column_ad_spend": ("advertising spend", "广告费"),
    "whatif_none": (
        "Say --set price=-10% or --set promotion=0.2 to compare with other plans.",
        "用 --set 价格=-10% 或 --set 促销=0.2 与其他计划比较。",
    ),
    "whatif_note": (
        "Means and 80 % intervals by {step}; the shaded band is that of the changed plan.",
        "按{step}的均值与 80% 区间；阴影为改变计划后的区间。",
    ),
    "whatif_summary": (
        "Two lines over the horizon: as planned, and changed.",
        "两条线：原计划与改变后。",
    ),
    "as_planned": ("As planned", "原计划"),
    "as_held": ("Unchanged", "维持现状"),
    "if_changed": ("Changed", "改变后"),
    "interval_changed": ("80 % if changed", "改变后 80% 区间"),
    "matters_title": ("What matters to all products", "对全店商品最重要的因素"),
    "matters_top": (
        "{group} moves sales most: {share} on average",
        "影响最大的是{group}：平均 {share}",
    ),
    "matters_note": (
        "Mean size of what each group adds to the trees' answer, in per cent of sales "
        "(LightGBM's SHAP values; trees are one member of the forecast).",
        "各因素对树模型结果的平均影响，以占销量的百分比计"
        "（LightGBM 的 SHAP 值；树模型只是预测的成员之一）。",
    ),
    "matters_none": (
        "The promoted model holds no trees; this view needs them.",
        "当前模型不含树模型，无此视图。",
    ),
    "matters_summary": (
        "Bars, the largest on top: {group} {share}.",
        "条形图，最大的是{group}：{share}。",
    ),
    "by_period": ("By {step}", "按{step}"),
}
