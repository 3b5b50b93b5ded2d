"""Chinese (simplified), of whole sentences that other modules have put into English: warnings,
advice. A gap named `said` holds a phrase that is put into Chinese as well; all others stay."""

from __future__ import annotations

SENTENCES: tuple[tuple[str, str], ...] = (
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
    (
        r"weak prior: (?P<n>\d+) pilot sizes; floor and slope rest mostly on what other curves did",
        "先验为主：试点规模只有 {n} 种，误差下限与斜率主要取决于其他曲线",
    ),
    (
        r"weak prior: (?P<n>\d+) pilot sizes; the exponent rests on (?P<r>.+)",
        "先验为主：试点规模只有 {n} 种，指数取决于其他来源（{r}）",
    ),
    (
        r"weak prior: group (?P<g>.+) was measured at (?P<n>\d+) sizes only; its floor and slope "
        r"rest mostly on what other curves did",
        "先验为主：群体 {g} 只在 {n} 种规模上测量过，其误差下限与斜率主要取决于其他曲线",
    ),
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
    (
        r"more examples made (?P<g>.+) worse in the pilots: groups compete.+",
        "试点中样本增多反而使 {g} 变差：各群体相互竞争，扩展律无法体现；误差可能高于预测，"
        "请先以小规模测量计划的组成",
    ),
    (
        r"(?P<s>.+) is in no pilot of a group: its worth is assumed",
        "{s} 不在任何群体的试点中：其价值为假设值",
    ),
    (
        r"(?P<s>.+): its provider's terms may forbid training on its output \(OpenAI's of 31 "
        r"January 2024 forbid models that compete with OpenAI\): have them checked",
        "{s}：服务商条款可能禁止用其输出训练（OpenAI 2024 年 1 月 31 日的条款禁止与其竞争的模型）："
        "请先核实",
    ),
    (
        r"(?P<s>.+): (?P<n>[\d.e+]+) annotators per item need as many people, the pool has "
        r"(?P<m>[\d.e+]+)",
        "{s}：每项 {n} 名标注员需要同样多的人，现有 {m} 人",
    ),
    (
        r"(?P<s>.+): (?P<n>[\d.e+]+) annotators per pair need as many, there are (?P<m>[\d.e+]+)",
        "{s}：每对 {n} 名标注员需要同样多的人，现有 {m} 人",
    ),
    (
        r"(?P<s>.+): a model asked (?P<n>[\d.e+]+) times errs alike; only the first counts",
        "{s}：同一模型问 {n} 次会犯同样的错误，只计第一次",
    ),
    (
        r"(?P<s>.+): max_examples = (?P<n>[\d,]+) exceeds the (?P<m>[\d,]+) (?P<said>.+), "
        r"which count",
        "{s}：max_examples = {n} 超过{said} {m}，以后者为准",
    ),
    (
        r"start is not given: the plan starts today, and prices are today's",
        "未给定开始日期：方案自今日起，价格按今日计",
    ),
    (
        r"confidence (?P<c>.+) means that the plan is more likely to fail than to succeed",
        "置信度 {c} 意味着方案失败的可能大于成功",
    ),
    (r"(?P<k>.+) is not used: the pilots measured it", "{k} 未使用：试点已实测"),
    (
        r"importance sampling was thin \((?P<n>\d+) effective draws of (?P<m>\d+)\): .+",
        "重要性抽样有效样本过少（{m} 次中 {n} 次有效）：改按拉普拉斯近似加权，并把抽样移至后验",
    ),
    (
        r"the law of (?P<m>.+) \((?P<n>\S+) parameters\) follows from runs of (?P<a>\S+) to "
        r"(?P<b>\S+) parameters",
        "模型 {m}（{n} 参数）的扩展律由 {a} 至 {b} 参数的运行推得",
    ),
    (
        r"(?P<m>.+) lies beyond them: measure it before it is chosen for good",
        "{m} 超出其范围：最终选用前请先测量",
    ),
    (
        r"what sources are worth beside each other is seen in the runs of(?P<m>.+) alone",
        "各来源的相对价值只见于{m} 的运行",
    ),
    (
        r"--sensitivity with candidate models: limits, prices that turn the plan, and what the "
        r"laws believe are left out; each number that is listed has the model chosen anew",
        "有候选模型时的敏感性分析：不含限制、使方案转折的价格与扩展律的信念；所列每项都重新选择模型",
    ),
    # advice
    (r"run pilots: the law rests on other curves alone", "先做试点：扩展律只来自其他曲线"),
    (
        r"ask for firm prices and delivery dates, or plan for more budget or weeks",
        "索取固定报价与交付日期，或增加预算或周数",
    ),
    (
        r"lower the target, or lift what binds: (?P<said>.+?); better labels, features or models "
        r"come before more data",
        "放宽目标，或解除约束（{said}）；改进标注、特征或模型应先于增加数据",
    ),
    (r"lower the target, or lift what binds: (?P<said>.+)", "放宽目标，或解除约束（{said}）"),
    (
        r"lower the target; better labels, features or models come before more data",
        "放宽目标；改进标注、特征或模型应先于增加数据",
    ),
    (r"lower the target", "放宽目标"),
    (
        r"the next measurement tells more; what binds: (?P<said>.+)",
        "下一步测量可知更多；约束所在：{said}",
    ),
    (r"watch: (?P<said>.+)", "留意：{said}"),
    (r"little room", "余地不大"),
    (r"the budget is (?P<n>[\d.]+) times the cost", "预算为成本的 {n} 倍"),
    (
        r"train on (?P<n>[\d,]+) examples of (?P<s>.+) \(no more can be had: (?P<said>.+)\) with 3 "
        r"seeds",
        "用 {s} 的 {n} 个样本训练（不能更多：{said}），3 个随机种子",
    ),
    (
        r"train on (?P<n>[\d,]+) examples of (?P<s>.+) with 3 seeds",
        "用 {s} 的 {n} 个样本训练，3 个随机种子",
    ),
    (
        r"no larger pilot of (?P<s>.+) can be had: (?P<said>.+)",
        "{s} 无法做更大的试点：{said}",
    ),
    (
        r"buy the plan \((?P<b>.+)\) at once; dataplan advise weighs pilots before it",
        "一次购买全部方案（{b}）；此前可用 dataplan advise 权衡试点",
    ),
    (r"buy the plan \((?P<b>.+)\) at once", "一次购买全部方案（{b}）"),
    (
        r"no purchase on offer levels it: look for a source of its examples",
        "现有采购无法拉平：需寻找其样本的来源",
    ),
    (r"(?P<n>[\d.,]+ \S+) more would level it", "再花 {n} 可拉平"),
)
