"""The texts themselves: key → (English, Chinese). Chinese is written, not translated."""

from __future__ import annotations

from tradewind.charts.explained_texts import EXPLAINED

TEXTS: dict[str, tuple[str, str]] = {
    # the page
    "title": ("Forecast report: {name}", "{name} 销售预测报告"),
    "nav_overview": ("Overview", "总览"),
    "nav_movers": ("Movers", "涨跌"),
    "nav_products": ("Products", "商品"),
    "nav_models": ("Models", "模型"),
    "nav_accuracy": ("Accuracy", "准确度"),
    "nav_data": ("Data", "数据"),
    "skip": ("Skip to the content", "跳到正文"),
    "dark": ("Dark", "深色"),
    "light": ("Light", "浅色"),
    "theme": ("Switch between light and dark", "切换深色与浅色"),
    "download": ("Download data", "下载数据"),
    "sections": ("Sections", "章节"),
    "as_of": ("Known until {date}", "数据截至 {date}"),
    "provisional": (
        "sales from {date} on still wait for returns",
        "{date} 起的销售，退货还没有到齐",
    ),
    "no_script": (
        "The charts need JavaScript; the tables below do not.",
        "图表需要启用 JavaScript，下面的表格不受影响。",
    ),
    # overview
    "headline": (
        "Plan for {units} units over the next {span}",
        "未来 {span}，按\u00a0{units}备货",
    ),
    "headline_none": ("There is nothing to forecast yet", "还没有可预测的商品"),
    "headline_none_why": (
        "Load a sales table with at least two seasons of history, then run the forecast again.",
        "请先导入销售表（最好有两年以上的记录），再重新运行预测。",
    ),
    "sure": (
        "Four times in five, sales will land in {range} units.",
        "有八成把握，销量在 {range}之间。",
    ),
    "trust_better": (
        "Trust {model}: in {windows} it scored {skill} better than repeating last season",
        "请以 {model} 为准：{windows}里，它比“照搬上一季”好 {skill}",
    ),
    "trust_worse": (
        "This forecast is by {model}, but in {windows} it scored {skill} worse than repeating "
        "last season: treat it with caution",
        "本次由 {model} 预测，但{windows}里它比“照搬上一季”差 {skill}，请谨慎采用",
    ),
    "trust_unknown": (
        "This forecast is by {model}; no back-test has scored it yet",
        "本次由 {model} 预测，尚未经过回测",
    ),
    "trust_coverage": (
        ", and its 80 % intervals held the truth {coverage} of the time.",
        "，80% 区间实际包含真实值的比例为 {coverage}。",
    ),
    "stop": (".", "。"),
    "windows": ("{n} back-tests", "{n} 次回测"),
    "window": ("one back-test", "一次回测"),
    "money_saved": (
        "Its errors cost {saved} less than planning by the mean of the last {span} ({share} less).",
        "按金额计，误差比“取前 {span}均值”的老办法少 {saved}（降 {share}）。",
    ),
    "money_lost": (
        "Its errors cost {saved} more than planning by the mean of the last {span}: use that.",
        "按金额计，误差比“取前 {span}均值”反而多 {saved}，建议仍用老办法。",
    ),
    "plan_some": (
        "It counts on the promotions that the calendar plans: {n} of {all} products have one.",
        "预测已计入日历中的促销计划：{all} 个商品中 {n} 个有促销。",
    ),
    "plan_none": (
        "The calendar plans no promotion for this time, so as many as usual are expected.",
        "日历中没有这段时间的促销计划，预测按以往的促销力度估计。",
    ),
    "stops": (
        "Of the products, {n} cannot be ordered to its end: 0 after the last day.",
        "{n} 个商品在此期间停售或已停售，停售后按 0 计。",
    ),
    "key_products": ("Products", "商品数"),
    "key_products_note": ("{n} forecast", "其中预测 {n} 个"),
    "key_span": ("History", "历史长度"),
    "key_units": ("Units sold", "累计销量（件）"),
    "key_revenue": ("Revenue", "累计销售额"),
    "key_next": ("Next {span}", "未来 {span}"),
    "key_next_note": ("units; 80 %: {range}", "80% 区间 {range}"),
    "key_model": ("Model to trust", "采用的模型"),
    "key_model_untested": ("Model", "模型"),
    "key_model_note": ("skill {skill}, chosen by back-test", "技能分 {skill}，由回测选出"),
    "key_since": ("{first} to {last}", "{first} 至 {last}"),
    "key_units_note": ("over the whole history", "全部历史合计"),
    "key_revenue_note": ("where a price is known", "按已知价格计算"),
    "total_up": (
        "The next {span} should bring {share} more units than the last {span}",
        "未来 {span}销量预计比前 {span}多 {share}",
    ),
    "total_down": (
        "The next {span} should bring {share} fewer units than the last {span}",
        "未来 {span}销量预计比前 {span}少 {share}",
    ),
    "total_flat": (
        "The next {span} should sell about as much as the last {span}",
        "未来 {span}销量预计与前 {span}持平",
    ),
    "total_note": (
        "Units of all forecast products per {step}. Shaded: 50 % and 80 % of the outcomes.",
        "全部预测商品每{step}的销量（件）。深浅两色分别表示 50% 与 80% 的可能范围。",
    ),
    # movers
    "movers_title": (
        "Very likely to rise: {rising}, to fall: {falling}",
        "{rising} 个商品很可能上涨，{falling} 个很可能下跌",
    ),
    "movers_note": (
        "Only products whose chance is at least {sure} are called. Of the others {flat} will stay "
        "about where they are and {unclear} could go either way. Growth compares the next {span} "
        "with the span before; the chance is counted on forecast paths.",
        "只列出把握达到 {sure} 的商品；其余商品中，{flat} 个基本持平，{unclear} 个涨跌难料。"
        "增幅为未来 {span}与之前同样长度相比；概率由预测路径算出。",
    ),
    "movers_none": (
        "There are no trends yet. Run `tradewind trends` to see what rises and what falls.",
        "还没有涨跌数据，请运行 `tradewind trends`。",
    ),
    "rising": ("Rising", "看涨"),
    "falling": ("Falling", "看跌"),
    "flat": ("Flat", "持平"),
    "rise": ("rising", "涨"),
    "fall": ("falling", "跌"),
    "product": ("Product", "商品"),
    "direction": ("Trend", "趋势"),
    "probability": ("Chance", "概率"),
    "growth": ("Growth", "增幅"),
    "spark": ("Sales", "走势"),
    "spark_label": ("Sales history and expected sales of {name}", "{name} 的历史销量与预测"),
    "none_rising": ("No product is that sure to rise.", "没有把握足够的上涨商品。"),
    "none_falling": ("No product is that sure to fall.", "没有把握足够的下跌商品。"),
    # products
    "products_title": ("What each product will sell", "每个商品能卖多少"),
    "products_note": (
        "Pick a product. Solid: sold. Lighter: median forecast. Shaded: 50 % and 80 % of outcomes.",
        "选择一个商品。实线为已售，浅线为预测中位数，色带为 50% 与 80% 的可能范围。",
    ),
    "products_some": (
        "This file holds the {shown} best sellers of {all} forecast; all are in the workspace.",
        "本文件收录 {all} 个预测商品中销量最高的 {shown} 个，其余可在工作区查看。",
    ),
    "history_some": (
        "Charts show the last {span} of history.",
        "图中显示最近 {span}的历史。",
    ),
    "products_none": (
        "No product has a forecast yet. Run `tradewind forecast` to make one.",
        "还没有商品预测，请先运行 `tradewind forecast`。",
    ),
    "search": ("Search products", "搜索商品"),
    "sort": ("Sort by", "排序"),
    "sort_sales": ("Best sellers", "销量最高"),
    "sort_rise": ("Most likely to rise", "最可能上涨"),
    "sort_fall": ("Most likely to fall", "最可能下跌"),
    "found": ("{n} products", "共 {n} 个商品"),
    "more": ("{n} more: type to narrow the list", "还有 {n} 个，请输入关键字缩小范围"),
    "nothing": ("No product matches. Try a shorter word.", "没有匹配的商品，试试更短的关键字。"),
    "fan_title": (
        "{name}: about {median} units over the next {span}",
        "{name}：未来 {span}约售 {median}",
    ),
    "fan_sure": ("80 % sure of {range}", "八成把握在 {range}之间"),
    "fan_summary": (
        "Line chart of units sold per {step} until {date}, then the forecast with its 50 % and "
        "80 % intervals.",
        "折线图：截至 {date} 每{step}的销量，以及之后的预测，附 50% 与 80% 区间。",
    ),
    "sold": ("Sold, units", "已售（件）"),
    "demand": ("Estimated demand", "估计需求"),
    "median": ("Median forecast", "预测中位数"),
    "band50": ("50 % interval", "50% 区间"),
    "band80": ("80 % interval", "80% 区间"),
    "cutoff": ("known until {date}", "数据截至 {date}"),
    "promotion": ("Promotion", "促销"),
    "price": ("Price", "价格"),
    "units": ("Units", "件"),
    "limited": ("stock ran out", "缺货"),
    "no_value": ("no record", "无记录"),
    # models
    "models_title": (
        "Trust {model}: it beats repeating last season by {skill}",
        "首选 {model}：比照搬上一季好 {skill}",
    ),
    "models_title_bare": ("This forecast is by {model}", "本次预测由 {model} 完成"),
    "models_note": (
        "Skill is the share of the seasonal naive's error that a model removes, over {windows}; "
        "higher is better. "
        "The other errors are better when lower; bias above zero means forecasting too much.",
        "技能分表示比季节朴素法少多少误差（{windows}），越高越好；其余误差越低越好，偏差为正表示预测偏高。",
    ),
    "models_none": (
        "No back-test yet. Run `tradewind backtest` to learn which model to trust.",
        "尚未回测。运行 `tradewind backtest`，即可知道该信哪个模型。",
    ),
    "model": ("Model", "模型"),
    "skill": ("Skill, %", "技能分（%）"),
    "wape": ("WAPE, %", "WAPE（%）"),
    "sql": ("SQL", "SQL"),
    "mase": ("MASE", "MASE"),
    "bias": ("Bias, %", "偏差（%）"),
    "coverage80": ("80 % coverage, %", "80% 覆盖率（%）"),
    "money_error": ("Error, {currency}", "误差金额（{currency}）"),
    "money_error_bare": ("Error in money", "误差金额"),
    "seconds": ("Time, s", "用时（秒）"),
    "failures": ("Failures", "失败数"),
    "spread": ("Spread, ± pts", "波动（± 点）"),
    "chosen": ("chosen", "采用"),
    "skill_summary": (
        "Bars of skill against the seasonal naive for {n} models; {model} leads with {skill}.",
        "柱状图：{n} 个模型相对季节朴素法的技能分，{model} 以 {skill} 领先。",
    ),
    "skill_chart": ("Skill of each model, %", "各模型技能分（%）"),
    "skill_title": (
        "{model} leads with {skill}; next comes {second} with {other}",
        "{model} 以 {skill} 居首，{second} 以 {other} 次之",
    ),
    "skill_title_one": ("{model} has a skill of {skill}", "{model} 的技能分为 {skill}"),
    # accuracy
    "accuracy_title": ("How sure we are, and for how long", "有多大把握，能看多远"),
    "step_title": (
        "Errors grow from {first} to {last} of sales over the horizon",
        "预测越远误差越大：从销量的 {first} 升到 {last}",
    ),
    "step_title_flat": (
        "Errors stay near {last} of sales over the whole horizon",
        "整个预测期内，误差稳定在销量的 {last} 左右",
    ),
    "step_title_fall": (
        "Errors do not grow with the horizon: {first} at first, {last} at the end",
        "误差不随预测期变长而增大：开始 {first}，结束 {last}",
    ),
    "step_note": ("WAPE by {step} ahead, %", "按提前{step}数统计的 WAPE（%）"),
    "step_axis": ("{step}s ahead", "提前{step}数"),
    "step_summary": (
        "Lines of the weighted error of each model by step ahead.",
        "折线图：各模型误差随预测步长的变化。",
    ),
    "step_none": ("The back-test has not scored single steps yet.", "回测尚未按步长统计误差。"),
    "calibration_title_good": (
        "Intervals can be taken at their word: 80 % held {empirical}",
        "区间可信：80% 区间实际覆盖 {empirical}",
    ),
    "calibration_title_narrow": (
        "Intervals are too narrow: 80 % held only {empirical}",
        "区间偏窄：80% 区间实际只覆盖 {empirical}",
    ),
    "calibration_title_wide": (
        "Intervals are cautious: 80 % held {empirical}",
        "区间偏宽：80% 区间实际覆盖 {empirical}",
    ),
    "calibration_note": (
        "On the diagonal, an interval holds as often as it promises.",
        "落在对角线上，说明区间说到做到。",
    ),
    "calibration_summary": (
        "Promised against actual coverage of the central intervals.",
        "散点图：区间的承诺覆盖率与实际覆盖率。",
    ),
    "calibration_none": (
        "The back-test has not measured coverage yet.",
        "回测尚未统计区间覆盖率。",
    ),
    "nominal": ("Promised, %", "承诺（%）"),
    "empirical": ("Held, %", "实际（%）"),
    "too_narrow": ("too narrow", "偏窄"),
    "too_wide": ("too wide", "偏宽"),
    "perfect": ("as promised", "说到做到"),
    # data
    "data_title": (
        "{n} repairs and marks were made before forecasting",
        "预测之前，共修正或标记 {n} 处数据",
    ),
    "data_title_clean": ("The data needed no repair", "数据无需修正"),
    "data_note": (
        "Nothing is changed in silence: each repair is counted, with an example. Outliers are "
        "marked, not removed.",
        "每一处修正都有计数与示例，不会悄悄改动。异常值只标记，不删除。",
    ),
    "kind": ("Repair", "修正类型"),
    "count": ("Count", "次数"),
    "example": ("Example", "示例"),
    "censored_title": (
        "Stock ran out in {n} product-{step}s: about {lost} more units could have been sold",
        "缺货 {n} 个商品{step}，估计少卖约 {lost}",
    ),
    "censored_note": (
        "Where stock limited sales, sales are a lower bound of demand. The estimated demand is "
        "shown in grey beside the units sold, which stay as they are.",
        "缺货时，销量只是需求的下限。估计需求在图中以灰点标出，已售数量保持原样。",
    ),
    "censored_none_title": ("No sale was held back by stock", "没有发现因缺货而少卖的情况"),
    "censored_none": (
        "No period is marked as limited by stock. Load a stock table to find hidden lost sales.",
        "没有时段被标记为缺货。导入库存表，可找出隐藏的缺货损失。",
    ),
    "limited_periods": ("Limited {step}s", "缺货{step}数"),
    "sold_then": ("Sold then, units", "当时售出（件）"),
    "demand_then": ("Estimated demand, units", "估计需求（件）"),
    "lost": ("Lost, units", "少卖（件）"),
    # how to reproduce
    "made_title": ("How this was made", "这份报告如何得出"),
    "made_at": ("Made at", "生成时间"),
    "version": ("Version", "版本"),
    "digest": ("Data digest", "数据指纹"),
    "preset": ("Preset", "预设"),
    "reproduce": ("To make it again", "重新生成"),
    # the page of a search for settings
    "tuning_page": ("Tuning of {model}: {shop}", "{shop}：{model} 的调优"),
    "tuning_better": (
        "Tuned settings of {model} score {gain} better than the default ones",
        "{model} 调优后比默认设置好 {gain}",
    ),
    "tuning_none": (
        "The default settings of {model} stay: nothing that was tried is clearly better",
        "{model} 沿用默认设置：试过的都没有明显更好",
    ),
    "tuning_trials": (
        "{n} settings were tried: {done} scored on all of {windows} earlier windows, {pruned} "
        "given up early.",
        "共试 {n} 组设置：{done} 组在全部 {windows} 个较早的窗口上评分，{pruned} 组提前放弃。",
    ),
    "tuning_fair": (
        "These windows end before the last {reported}, which a back-test reports: its scores stay "
        "fair.",
        "这些窗口都早于回测所报告的最后 {reported} 个，因此回测的评分仍然公正。",
    ),
    "trial": ("Trial", "试验"),
    "trials": ("Trials", "各次试验"),
    "trials_chart": ("How the search went", "搜索过程"),
    "trials_note": (
        "Each dot is one set of settings; lower is better.",
        "每个点是一组设置，越低越好。",
    ),
    "trials_beyond": (" {n} worse ones lie above the chart.", "另有 {n} 组更差，超出图外。"),
    "trials_summary": (
        "{n} trials; the best scores {best}, the default settings {default}",
        "共 {n} 次试验，最好为 {best}，默认设置为 {default}",
    ),
    "by_default": ("default", "默认"),
    "best_so_far": ("best so far", "目前最好"),
    "best_value": ("best", "最好"),
    "setting": ("Setting", "设置"),
    "importance_chart": ("Importance of settings", "各项设置的重要性"),
    "importance_title": ("{name} mattered most: {share}", "{name} 最重要：{share}"),
    "importance_note": (
        "Share of each setting in what made the best tenth of the trials good (PED-ANOVA).",
        "各项设置对最好的一成试验的贡献（PED-ANOVA）。",
    ),
    "importance_summary": (
        "Of all settings, {name} mattered most with {share}",
        "各项设置中 {name} 最重要，占 {share}",
    ),
    "importance_none": (
        "Fewer than ten trials were scored in full: too few to say which settings matter.",
        "完整评分的试验不足十次，还看不出哪些设置重要。",
    ),
    "tuning_settings": ("Settings", "设置"),
    "tuning_best": ("The best trials", "最好的试验"),
    "tuning_best_note": (
        "Mean SQL over the windows; lower is better.",
        "各窗口 SQL 的平均，越低越好。",
    ),
    "learning_title": (
        "Best after {step} steps: {loss} on the window that was kept back",
        "第 {step} 步最好：留出窗口上的损失为 {loss}",
    ),
    "learning_title_none": ("Loss while it learnt", "训练过程中的损失"),
    "learning_note": (
        "Loss by step; the kept-back window is never trained on and says when to stop.",
        "各步的损失。留出窗口不参与训练，只用来决定何时停止。",
    ),
    "learning_summary": ("Loss over {n} steps of training", "{n} 步训练中的损失"),
    "loss": ("training", "训练"),
    "validation": ("kept back", "留出窗口"),
    "learning_steps": ("Step", "步数"),
    # kinds of repair, as the loader calls them
    "kind_missing_quantity": ("Lines without a quantity, left out", "没有数量的行，已略去"),
    "kind_exact_duplicate": ("Lines that stood there twice, kept once", "完全重复的行，只留一份"),
    "kind_key_duplicate": ("Lines told twice, the latest kept", "同一单号多次出现，取最新"),
    "kind_unknown_status": ("Unknown status, counted as sold", "状态不明，按已售计"),
    "kind_cancelled": ("Cancelled lines, not demand", "已取消的行，不计入需求"),
    "kind_pending": ("Unpaid lines, not demand", "未付款的行，不计入需求"),
    "kind_returned": ("Returned later, demand all the same", "后来退货的行，仍计入需求"),
    "kind_return": ("Returns, not demand", "退货记录，不计入需求"),
    "kind_negative_quantity": ("Negative quantities, taken as returns", "数量为负，按退货处理"),
    "kind_absurd_quantity": ("Absurd quantities, not demand", "数量离谱，不计入需求"),
    "kind_missing_price": ("Missing prices, carried over", "缺失价格，沿用前后价格"),
    "kind_partial_period": ("Periods covered in part, left out", "数据不完整的时段，已略去"),
    "kind_missing_period": ("Periods without a line, zero", "没有记录的时段，补零"),
    "kind_before_launch": ("Zeros before the first sale, left out", "首次售出前的零，已略去"),
    "kind_never_sold": ("Series never sold, left out", "从未售出的商品，已略去"),
    "kind_outlier": ("Outliers, marked and kept", "异常值，仅标记，保留"),
    "kind_ended": ("Series that stopped selling, marked", "已停售的商品，已标记"),
    "kind_sold_after_end": (
        "Sales after the last order date, kept",
        "最后订购日期之后仍有销售，保留",
    ),
    **EXPLAINED,
}
