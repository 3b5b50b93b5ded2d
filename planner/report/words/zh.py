"""Chinese (simplified)."""

from __future__ import annotations

UNITS: dict[str, str] = {
    "example": "样本",
    "effective example": "有效样本",
    "document": "文档",
    "token": "token",
    "week": "周",
    "day": "天",
    "hour": "小时",
    "minute": "分钟",
    "month": "月",
    "year": "年",
    "ratio": "比例",
    "probability": "概率",
    "factor": "倍数",
    "ratio of pay": "报酬比例",
    "million tokens": "百万 token",
    "EFLOP": "EFLOP",
    "s": "秒",
    "kept": "保留",
    "log ratio": "对数比",
    "round": "轮",
    "run": "次运行",
    "draw": "次抽样",
    "parameter": "参数",
    "class": "类",
    "date": "日期",
    "item": "项",
    "vote": "票",
    "judgement": "判断",
    "person": "人",
    "annotator": "标注员",
    "worker": "众包工人",
    "request": "请求",
    "call": "调用",
    "pair": "对",
    "prediction": "次预测",
    "epoch": "轮",
    "label": "标签",
    "prompt": "提示",
    "answer": "回答",
    "error": "误差",
    "error rate": "错误率",
    "loss": "损失",
}
NAMES: dict[str, str] = {
    "measured": "实测",
    "quoted": "报价",
    "catalogue": "价目表",
    "published": "文献",
    "assumed": "假设",
    "human": "人工标注",
    "crowd": "众包",
    "text": "文本",
    "distillation": "蒸馏",
    "preference": "偏好数据",
    "plain": "其他",
    "model": "模型",
    "pilots": "试点",
    "prior": "先验",
    "both": "试点与先验",
    "fitted": "拟合",
    "power": "幂律",
    "power + floor": "幂律加下限",
    "shifted": "平移幂律",
    "saturating": "饱和幂律",
    "broken": "折线幂律",
    "rectified": "修正幂律",
    "all": "全部",
}
# what the assumptions table notes of a number
NOTES: tuple[tuple[str, str], ...] = (
    (r"what the project must reach", "项目须达到的值"),
    (r"wanted", "所求"),
    (r"contingency included", "含应急费"),
    (r"from the start date to the last delivery", "自开始日至末次交付"),
    (r"week 0 of the plan", "方案的第 0 周"),
    (r"added to every cost", "加在每项成本上"),
    (r"turns default prices in dollars into currency", "将默认的美元价格折算为本项目货币"),
    (r"error with no data at all", "没有任何数据时的误差"),
    (r"largest model that can be trained", "可训练的最大模型"),
    (r"of the task", "任务的"),
    (r"from a delivery to what its measurement decides", "自交付至据测量作出决策"),
    (r"of a training run", "每次训练"),
    (r"counted as 0", "按 0 计"),
    (r"of the draws", "抽样的"),
    (r"of the law", "扩展律的"),
    (r"not given", "未给出"),
    (r"not limited", "不限"),
    (
        r"of the reviewed items, which are labelled and reviewed once more",
        "复核样本中须重新标注并再次复核的比例",
    ),
    (r"follows from the numbers above", "由以上数值推得"),
    (r"prior", "先验值"),
    (r"pilots narrow it, see the law table", "由试点收窄，见扩展律的参数表"),
    (r"shares the reference's floor", "与参照来源同一误差下限"),
    (r"may have a floor of its own", "可能有自己的误差下限"),
    (
        r"judgements on items with a known answer, beside each judgement on a new one",
        "每条新样本判断之外对已知答案样本的判断",
    ),
    (r"unknown, only the documents in hand are counted", "未知，仅计现有文档"),
    (r"set it, 0 if it is none", "请设定，没有则为 0"),
    (
        r"on the labels' effective examples if the whole corpus is used",
        "用尽整个语料时作用于标签的有效样本",
    ),
    (r"for want of a pilot", "因无试点"),
)

PHRASES: tuple[tuple[str, str], ...] = (
    *NOTES,
    (
        r"target, budget and weeks are all kept with probability (?P<p>[.\d]+) only, below the "
        r"wanted (?P<w>[.\d]+): no plan was found that keeps them surely enough",
        "目标、预算与周数同时满足的概率只有 {p}，低于要求的 {w}：未找到足够可靠的方案",
    ),
    (
        r"targets, budget and weeks are all kept with probability (?P<p>[.\d]+) only, below the "
        r"wanted (?P<w>[.\d]+).*",
        "各项目标、预算与周数同时满足的概率只有 {p}，低于要求的 {w}",
    ),
    (
        r"with the range of what model (?P<m>.+) costs, target, budget and weeks are all kept with "
        r"probability (?P<p>[.\d]+) only",
        "计入模型 {m} 的成本区间后，目标、预算与周数同时满足的概率只有 {p}",
    ),
    (
        r"(?P<s>.+): no per_week is known; it counts as there at once",
        "{s}：每周产量未知，按立即可得计算",
    ),
    (
        r"(?P<s>.+): (?P<n>[\d,]+) of (?P<m>[\d,]+) \w+ in hand are left out: they would not help",
        "{s}：现有 {m} 个中有 {n} 个未使用：用了也无帮助",
    ),
    (
        r"(?P<s>.+): (?P<n>[\d,]+) of (?P<m>[\d,]+) \w+ in hand are trained on: more would cost "
        r"compute and is not needed",
        "{s}：现有 {m} 个中只用 {n} 个训练：再多只增加算力成本，并无必要",
    ),
    (
        r"(?P<s>.+) is in the plan but in no pilot: its quality is assumed",
        "{s} 在方案中，但没有试点：其质量为假设值",
    ),
    (
        r"(?P<s>.+): pays (?P<a>[.\d,]+) (?P<c>\w+)/hour, below the floor of (?P<b>[.\d,]+) "
        r"\w+/hour; pay at least (?P<d>[^ ]+) \w+ per judgement",
        "{s}：时薪 {a} {c}，低于下限 {b} {c}；每次判断至少应付 {d} {c}",
    ),
    (
        r"(?P<s>.+): from (?P<n>\d+) votes per item on, the platform takes (?P<p>\d+%) of the pay "
        r"more; tasks of at most (?P<m>\d+) votes each avoid it",
        "{s}：每项 {n} 票起，平台多收报酬的 {p}；每个任务不超过 {m} 票即可避免",
    ),
    (
        r"(?P<s>.+): (?P<n>\d+) votes per item need as many workers, there are (?P<m>\d+)",
        "{s}：每项 {n} 票需要同样多的工人，现有 {m} 人",
    ),
    (
        r"(?P<s>.+): (?P<t>.+) is not in the price catalogue; its price is as given",
        "{s}：{t} 不在价目表中，价格以给定为准",
    ),
    (
        r"(?P<s>.+): (?P<t>.+) (?:was|will be) shut down on (?P<d>[-\d]+) \(checked (?P<k>.+)\); "
        r"use (?P<u>.+) or another model",
        "{s}：{t} 于 {d} 停用（核对于 {k}）；请改用 {u} 或其他模型",
    ),
    (
        r"(?P<s>.+): the rate limits of (?P<t>.+) are not known, another model's are assumed; set "
        r"(?P<k>.+) from the account's limits page \(1e9 where there is none\)",
        "{s}：{t} 的速率限制未知，暂用另一模型的数值；请按账户的限额页面设置 {k}",
    ),
    (
        r"(?P<s>.+): the target gives no weeks, so growth of the corpus does not count",
        "{s}：目标未给定周数，因此不计语料的增长",
    ),
    (
        r"(?P<s>.+): (?P<k>.+) not given, so its cost is not all counted",
        "{s}：未给定 {k}，成本未计全",
    ),
    (r"weak prior: (?P<n>\d+) pilot sizes; .+", "先验为主：试点规模只有 {n} 种，数据太少"),
    (
        r"every pilot is at chance \((?P<e>.+)\): measure at larger sizes first",
        "所有试点都停在随机水平（{e}）：请先在更大规模上测量",
    ),
    (
        r"(?P<n>\d+) runs of single groups are not used by this fit",
        "{n} 次单个群体的运行未用于拟合",
    ),
    (r"only the runs of model (?P<m>.+) are used", "只使用模型 {m} 的运行"),
    (
        r"only the runs of the model with (?P<n>.+) parameters are used",
        "只使用 {n} 参数模型的运行",
    ),
    (
        r"targets of groups are left out here: dataplan plan keeps them",
        "此处不计各群体的目标：完整方案会计入",
    ),
    (
        r"--sensitivity is left out: it compares costs for one target, and this plan is of the "
        r"least (?P<w>\w+)",
        "未做敏感性分析：它比较同一目标的成本，而本方案求的是最小的其他量",
    ),
    (r"costs (?P<n>[\d.,]+) more", "多花 {n}"),
    (r"its own costs alone exceed the budget", "仅其自身成本就超过预算"),
    (r"its least error is (?P<n>.+)", "其最小误差为 {n}"),
    (r"takes (?P<n>.+) weeks", "需要 {n} 周"),
    (r"probability (?P<n>[.\d]+) at most within the limits.*", "限制之内概率至多 {n}"),
)

TEXTS: dict[str, str] = {
    "title": "{name}：数据方案",
    "subtitle": "数据方案，第 0 周从 {start} 开始。",
    "skip": "跳到方案",
    "footer": "由 dataplan 生成。所有数字均与 dataplan 写出的 CSV 表格一致；未知之处以短横表示。",
    "date": "{year}-{month}-{day}",
    "and": "；",
    "list": "、",
    "amount": "{name} {n}",
    "nothing": "无",
    "nobody": "无",
    "span": "（{low} 至 {high} {unit}）",
    "from to": "{low} 至 {high}",
    "interval": "（90% 区间 {low} 至 {high}）",
    "n weeks": "{n} 周",
    "no limit": "不限",
    "note": "说明",
    "out": "无法达到",
    "not known": "未知",
    # verdict
    "verdict": "结论",
    "lead.cost": "用 {cost}、{weeks} 周可达到 {aim}，概率 {chance}（要求 {wanted}）。",
    "lead.error": (
        "用 {cost}、{weeks} 周可达到 {aim}，这是限制之内的最小误差，概率 {chance}"
        "（要求 {wanted}）。"
    ),
    "lead.weeks": (
        "最快在 {within} 周内以同样的把握达到 {aim}，费用 {cost}，概率 {chance}（要求 {wanted}）。"
    ),
    "lead.out": (
        "限制之内无法达到 {aim}。限制所允许的最小误差需 {cost}、{weeks} 周，达标概率 {chance}"
        "（要求 {wanted}）。"
    ),
    "lead.kept": "目标、预算与周数同时满足的概率只有 {met}。",
    "cost": "成本",
    "weeks": "周数",
    "wanted": "（要求 {wanted}）",
    "P target": "达标概率",
    "P all": "全部满足的概率",
    "P parts": "（预算 {budget}，周数 {weeks}，并达标）",
    "predicted": "预测的",
    "limits": "限制",
    "no limits": "未给定预算与周数",
    "binds": "约束所在",
    "binds none": "无：没有触及任何限制",
    "three questions": "结论背后的三个问题",
    "why": "依据",
    # plan
    "plan": "方案",
    "plan.none": "不采购。",
    "plan.caption": "采购内容及其在低价、预期价与高价下的总额",
    "plan.note": (
        "低、预期、高均为总额，含全部费用与 {contingency} 应急费；单价不含这两项。周数为首次与末次"
        "交付的时间。"
    ),
    "plan.in hand": "另外使用已有的数据：{what}。",
    "total": "合计",
    "source": "来源",
    "quantity": "数量",
    "unit cost": "单价",
    "fees": "固定费用",
    "low": "低",
    "expected": "预期",
    "high": "高",
    "weeks from to": "交付周",
    "limit": "触及的限制",
    "rests on": "依据",
    "proven": "已证明：达到目标的方案中没有更便宜的。",
    "bound": "达到目标的方案都不会低于 {bound}。",
    "guess": "只按最佳拟合的扩展律制定的方案需 {cost}，达标概率 {chance}。",
    "guess none": "即使只按最佳拟合的扩展律，限制之内也无法达到目标。",
    "models.caption": "候选模型及各自最便宜的方案",
    "model": "模型",
    "examples": "样本数",
    "examples of data": "样本",
    "data": "数据",
    "training": "训练",
    "serving": "部署",
    "chosen": "选用",
    # path
    "path": "路径",
    "path.lead": "分轮采购并在其间测量：预期 {expected}，一次买齐则为 {once}，达标概率相同。",
    "path.once": "一次买齐：分轮采购与测量不会更便宜。",
    "path.orders": "全部在开始时订购。",
    "path.out": "目标无法达到，故不规划轮次；以下订购最接近目标。",
    "path.caption": "各轮：采购、训练、测量、决策",
    "path.measure": (
        "从交付到决策计 {weeks} 周，下一次订购在其后。若上一轮测得的误差接近规则中的数值，下一轮即"
        "如表所列。"
    ),
    "path.stopped": "中途放弃的概率为 {chance}，届时已花费 {lost}。",
    "orders.caption": "订购与交付",
    "round": "轮次",
    "round n": "第 {n} 轮",
    "buy": "采购",
    "order": "订购",
    "first delivery": "首次交付",
    "arrival": "末次交付",
    "decision": "决策",
    "so far": "累计成本",
    "error then": "预测的",
    "range of": "（{low} 至 {high}）",
    "P bought": "采购概率",
    "P so far": "达标概率 {chance}",
    "P so far head": "累计达标概率",
    "rule": "每次测量之后的决定",
    "rule.done": "不高于 {error} 即完成",
    "rule.never done": "尚不会完成",
    "rule.buy": "约为 {error} 时按所列采购下一轮",
    "rule.stop": "高于 {error} 则放弃：按此价格无法达到",
    "rule.last": "不高于 {target} 即完成，否则用这些运行重新规划",
    "calendar.title": "订购与交付日历",
    "calendar.wait": "等待",
    "calendar.arrive": "交付",
    "calendar.measure": "测量",
    "calendar.limit": "最后期限",
    "calendar.date": "{month}{day}日",
    "calendar.months": "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
    "calendar.bar": "{name}：订购 {order}，末次交付 {arrival}，决策 {decision}。",
    # law
    "law": "扩展律",
    "law.need": "只用这种数据时，以 {wanted} 的置信度达到 {aim} 需要 {n} 个{unit}。",
    "law.never": "以 {wanted} 的置信度，只用这种数据再多也达不到 {aim}。",
    "law.no pilots": "尚无试点运行：扩展律只来自其他曲线。",
    "law.weak": "试点太少：结果主要取决于先验。",
    "law.title": "误差随数据量的变化",
    "law.about": (
        "{metric} 随数据下降，两轴均为对数；共 {pilots} 种实测组成。在 {size} 个有效样本处，"
        "扩展律的 90% 介于 {low} 与 {high} 之间；目标为 {target}。"
    ),
    "law.caption": (
        "{metric} 与{unit}的关系，两轴均为对数。深色带含一半的抽样，浅色带含 90%。多来源的试点按其"
        "有效样本数标出。"
    ),
    "law.pilots": "试点运行与扩展律的对照",
    "law.parameters": "扩展律的参数",
    "effective of": "有效样本（{name}）",
    "target n": "目标 {n}",
    "median": "中位数",
    "bands": "50% 与 90%",
    "pilots": "试点",
    "pilots of": "{name} 的试点",
    "other pilots": "其他试点",
    "the plan": "本方案，90%",
    "needed": "{chance} 所需：{n}",
    "pilots.caption": "各组成实测的 {metric} 与扩展律的 90% 区间",
    "runs": "运行次数",
    "observed": "实测",
    "fitted": "扩展律",
    "range 90": "90% 区间",
    "parameters.caption": "参数及其 90% 区间",
    "family": "函数族",
    "parameter": "参数",
    "low end": "低",
    "high end": "高",
    "known from": "来自",
    # frontier
    "frontier": "其他目标的成本",
    "frontier.lead": "每个目标所找到的最便宜方案，预算与周数也以 {wanted} 的概率一并满足。",
    "frontier.none": "没有为其他目标制定方案。",
    "frontier.nothing": "限制之内这些目标都无法达到。",
    "frontier.title": "最便宜方案的成本与目标的关系",
    "frontier.about": (
        "从目标 {easy} 的 {least} 到目标 {hard} 的 {most}，后者是可达到的最难目标；越难越靠右。"
    ),
    "frontier.one": "其中只有目标 {hard} 可达到，成本 {most}。",
    "frontier.caption": "成本前沿",
    "target of": "目标（{metric}），越难越靠右",
    "cost in": "成本（{unit}）",
    "own n": "本方案 {n}",
    "cross": "× 无法达到",
    "target": "目标",
    # what if
    "whatif": "如果",
    "whatif.lead": (
        "目标、置信度、周数与预算共 {n} 种组合，每种都是 dataplan 实际算出的方案，没有插值。"
        "此处的达标概率按制定方案所用的抽样计；结论中的概率以另外的抽样核对。"
    ),
    "whatif.legend": "移动滑块查看其他方案",
    "whatif.target": "目标",
    "whatif.confidence": "置信度",
    "whatif.weeks": "周数",
    "whatif.budget": "预算",
    "whatif.back": "回到本方案",
    "whatif.head": "{cost}{span}",
    "whatif.told": (
        "{weeks} 周；达标概率 {chance}；目标、预算与周数同时满足的概率 {met}。{against}"
    ),
    "whatif.same": "成本与上述方案相同。",
    "whatif.more": "比上述方案多 {cost}。",
    "whatif.less": "比上述方案少 {cost}。",
    "whatif.short": "未找到能以所要求的把握同时满足三者的方案。",
    "whatif.model": "模型 {name}。",
    "whatif.buys": "{name} {n}：{cost}",
    "whatif.out": "无法以所求的把握达到",
    "whatif.own": "本项目周数与预算之内的方案",
    "whatif.rest": "其他周数与预算之内的 {n} 个方案",
    "confidence": "置信度",
    "within weeks": "周数限制",
    "within budget": "预算限制",
    "low to high": "低至高",
    "buy or binds": "采购或约束",
    "binds.weeks": "受周数约束：没有方案能以所求的把握守住它，放开后才有。",
    "binds.budget": "受预算约束：没有方案能以所求的把握守住它，放开后才有。",
    "binds.budget and weeks": (
        "同时受预算与周数约束：没有方案能以所求的把握守住二者，一并放开后才有。"
    ),
    "binds.supply": "无论花多少钱、等多久，各来源都供不上。",
    "binds.floor": "受扩展律约束：此类数据再多也没有这么大的把握。",
    "binds.limits": "在预算、周数与上限之内未找到方案。",
    # sensitivity
    "sensitivity": "什么影响成本",
    "sensitivity.how": (
        "本报告未做敏感性分析。{command} 会对每项假设的两端重新规划，"
        "并在此显示哪些假设对成本影响最大。"
    ),
    "sensitivity.none": "没有任何假设会改变本方案的成本。",
    "sensitivity.about": "{name} 对成本影响最大：低端 {low}，高端 {high}。",
    "sensitivity.caption": "在每项区间两端重新规划的成本",
    "tornado.title": "各假设区间两端的成本",
    "tornado.caption": "仅将该数值取低端（蓝）或高端（红）时的成本；竖线为本方案。",
    "number": "数值项",
    "range": "区间",
    "unit": "单位",
    "cost at low": "低端成本",
    "cost at high": "高端成本",
    # assumptions
    "assumptions": "假设",
    "weakest": "方案最薄弱的依据是以下假设值；请先以实测或报价代替：",
    "weakest exact": "以下假设值未给区间，低、高与各概率均按准确值计：{names}。",
    "weakest none": "所采购来源的价格、速度与质量均无假设值。",
    "weak": "{name} = {value} {unit}，{low} 至 {high}（{origin}）",
    "assumptions.bought": "所采购来源的数值，依据最弱者在前",
    "assumptions.project": "项目自身的数值",
    "assumptions.rest": "未采购部分的数值；来源或模型 {n} 个",
    "value": "数值",
    "reference": "出处",
    "project file": "项目文件",
    # warnings, proposal
    "warnings": "警告",
    "warnings.none": "无。",
    "proposal.title": "可粘贴到立项书的句子",
    "proposal": (
        "{project}：为以 {chance} 的概率达到 {aim}，申请 {cost}（{low} 至 {high}，含应急费 "
        "{contingency}），自 {start} 起 {weeks} 周内采购 {what}；目标、预算与时间同时满足的概率为 "
        "{met}。价格中最弱的依据：{origin}。"
    ),
    "proposal.out": (
        "{project}：在给定限制之内无法达到 {aim}；自 {start} 起 {weeks} 周内以 {cost}（{low} 至 "
        "{high}）采购 {what}，达标概率为 {chance}。在限制或目标改变之前不申请这笔费用。"
    ),
    # groups
    "groups.answer": "回答",
    "groups.asked": "要求：",
    "asked": "{what} ≤ {target}",
    "asked.target": "总体",
    "asked.worst_group": "最差群体",
    "asked.max_gap": "群体间差距",
    "groups.targets": "所有群体的目标",
    "groups.lead": "用 {cost}、{weeks} 周可满足全部目标，概率 {chance}（要求 {wanted}）。",
    "groups.lead out": (
        "限制之内无法同时满足各项目标。最接近的方案需 {cost}、{weeks} 周，全部满足的概率 {chance}"
        "（要求 {wanted}）。"
    ),
    "groups.error": "预测误差，所有群体",
    "groups.lag": "落后的群体",
    "groups.left out": "含群体的项目不计算分轮路径、滑块方案与敏感性。",
    "groups": "群体",
    "groups.title": "各群体的预测误差",
    "groups.about": "各群体误差的中位数与 90% 区间，及其目标。",
    "groups.caption": "方案下的各群体，最落后者在前",
    "groups.legend error": "预测，90%",
    "groups.law": "每个群体的误差随其自身样本与所有群体的样本下降。",
    "groups.frontier": "所有目标乘以某一倍数时所找到的最便宜方案，置信度 {wanted}。",
    "group": "群体",
    "all groups": "所有群体",
    "of overall": "总体",
    "of worst": "最差群体",
    "of gap": "差距",
    "P met": "全部满足的概率",
    "P met alone": "满足的概率",
    "share": "数据占比",
    "population": "人口占比",
    "P behind": "高于均值的概率",
    "levelling": "拉平成本",
    "factor": "所有目标",
    "composition": "组成",
    "lagging": "谁落后",
    "lags": "{name}：误差 {error}，总体为 {level}（把握 {chance}）；{what}",
    "lags.cost": "再花 {cost} 可拉平",
    "lags.out": "现有采购无法拉平：需寻找其样本的来源",
}
