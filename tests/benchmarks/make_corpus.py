"""Makes a corpus in nine languages and code: python make_corpus.py FOLDER [MEGABYTES] [FORM].

Words are drawn with the frequencies of real text: English ones from Python's own help pages, the
others from sentences written for this script, the rarer ones by their place in a Zipf law. FORM is
jsonl (default), txt (a document per file), few (eight text files, sorted by language), heavy (jsonl
with a heavy tail of lengths, not sorted), gz (jsonl in several .gz).
"""

# ruff: noqa: E501

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from pydoc_data import topics

SENTENCES = {
    "de": "Die Modelle lernen aus vielen Beispielen und jede Messung kostet Zeit . Wer die Daten "
    "kennt , plant besser : Fehler werden kleiner , Kosten bleiben überschaubar und der Termin "
    "hält . Größere Datensätze helfen langsam , gute Beschriftungen helfen schnell .",
    "fr": "Les données coûtent cher et chaque exemple compte . Nous mesurons l'erreur avant "
    "d'acheter , puis nous décidons : quelle source , combien de semaines , quel budget ? Les "
    "annotateurs travaillent à plusieurs et leurs réponses diffèrent parfois .",
    "es": "Los ejemplos buenos cuestan más que los baratos , pero ayudan antes . Medimos el error , "
    "sumamos las etiquetas y planeamos la próxima compra según el presupuesto y las semanas .",
    "ru": "Модель учится на размеченных данных , и каждая ошибка стоит денег . Мы считаем документы , "
    "проверяем качество разметки и решаем , сколько примеров нужно купить в следующем месяце .",
    "ar": "تتعلم النماذج من البيانات وكل مثال له ثمن . نقيس الخطأ قبل الشراء ثم نقرر من أين نشتري وكم "
    "أسبوعا نحتاج لكي نصل إلى الهدف المطلوب .",
    "ko": "모델은 데이터에서 배우고 모든 예제에는 비용이 든다 . 우리는 오류를 먼저 측정하고 어떤 자료를 "
    "얼마나 살지 결정한다 . 좋은 표시는 빠르게 도움이 된다 .",
}
JOINED = {
    "zh": "数据 越 多 误差 越 小 但 成本 也 随之 上升 我们 先 做 小规模 试验 再 决定 购买 哪 种 来源 "
    "标注 质量 影响 模型 效果 每 周 可以 处理 一万 条 样本 预算 有限 时间 紧张 需要 合理 安排 计划 "
    "训练 语言 文本 公司 客户 问题 回答 结果 显示 增加 减少 比例 之间 关系 如果 因此 然而 同时 目前",
    "ja": "データ が 増える と 誤差 は 小さく なる しかし 費用 も かかる まず 小さな 実験 を 行い どの "
    "情報源 を 買う か 決める 注釈 の 品質 は モデル に 影響 する 予算 時間 計画 結果 文書 学習 です ます",
}
MARKS = {"zh": "，，。；", "ja": "、、。"}
CODE = (
    "def total(rows):\n    found = 0\n    for row in rows:\n        if row.kind == 'text':\n"
    "            found += len(row.tokens)  # each once\n    return found\n\n"
)


def words(language: str) -> tuple[list[str], list[float]]:
    if language == "en":
        found = " ".join(topics.topics.values()).split()
        return found, [1.0] * len(found)
    found = re.findall(r"\S+", (SENTENCES | JOINED)[language])
    random.Random(language).shuffle(found)
    rare = ["".join(pair) for pair in itertools.product(found[:60], repeat=2)]
    found += random.Random(language).sample(rare, min(len(rare), 3000))
    return found, [1 / (rank + 3) for rank in range(len(found))]


def document(language: str, size: int, chance: random.Random, known: dict) -> str:
    """About `size` characters."""
    if language == "code":
        lines = CODE.splitlines(keepends=True)
        names = known["en"][0]
        return "".join(
            line.replace("found", re.sub(r"\W", "", chance.choice(names)) or "x")
            for line in chance.choices(lines, k=size // 30 + 1)
        )
    found, weights = known[language]
    drawn = chance.choices(found, cum_weights=weights, k=max(1, size // 6 + 1))
    if language in JOINED:
        marks = MARKS[language]
        for at in range(chance.randrange(4, 9), len(drawn), 7):
            drawn[at] += chance.choice(marks)
        return "".join(drawn)
    for at in range(17, len(drawn), 60):
        drawn[at] += "\n"
    return " ".join(drawn).replace("\n ", "\n")


def documents(
    bytes_wanted: int, *, heavy: bool = False, by_language: bool = False, seed: int = 1
) -> Iterator[tuple[str, str]]:
    """Language and text, until the texts have so many bytes of UTF-8; one in fifty comes twice."""
    chance = random.Random(seed)
    languages = ["en", "en", "en", "code", *SENTENCES, *JOINED, "zh"]
    known = {}
    for language in set(languages) - {"code"}:
        found, weights = words(language)
        known[language] = (found, list(itertools.accumulate(weights)))
    made = 0
    kept = ("en", "first")
    while made < bytes_wanted:
        if by_language:
            language = languages[min(len(languages) - 1, made * len(languages) // bytes_wanted)]
        else:
            language = chance.choice(languages)
        size = chance.paretovariate(1.2) * 400 if heavy else chance.lognormvariate(7, 0.8)
        text = document(language, int(min(size, 400_000)), chance, known)
        if chance.random() < 0.02:
            language, text = kept
        elif chance.random() < 0.05:
            kept = (language, text)
        made += len(text.encode())
        yield language, text


def make(folder: Path, megabytes: float, form: str = "jsonl", seed: int = 1) -> Path:
    """Writes the corpus; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    found = documents(
        int(megabytes * 1e6), heavy=form == "heavy", by_language=form in ("few", "txt"), seed=seed
    )
    if form == "txt":
        for number, (_, text) in enumerate(found):
            place = folder / f"{number // 1000:04}"
            place.mkdir(exist_ok=True)
            (place / f"{number:06}.txt").write_text(text, encoding="utf-8")
        return folder
    if form == "few":
        files = [(folder / f"{at}.txt").open("w", encoding="utf-8") for at in range(8)]
        share = int(megabytes * 1e6) / 8
        made = 0
        for _, text in found:
            files[min(7, int(made / share))].write(text + "\n")
            made += len(text.encode())
    else:
        ending, opener = ("jsonl.gz", gzip.open) if form == "gz" else ("jsonl", open)
        parts = 8 if form == "gz" else 1
        files = [opener(folder / f"{at}.{ending}", "wt", encoding="utf-8") for at in range(parts)]
        for number, (language, text) in enumerate(found):
            row = {"id": number, "lang": language, "text": text}
            files[number % parts].write(json.dumps(row, ensure_ascii=False) + "\n")
    for file in files:
        file.close()
    return folder


if __name__ == "__main__":
    make(
        Path(sys.argv[1]),
        float(sys.argv[2]) if len(sys.argv) > 2 else 200,
        sys.argv[3] if len(sys.argv) > 3 else "jsonl",
    )
