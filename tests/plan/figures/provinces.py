"""Plan-like texts of invented provinces with known numbers, their decimal points lost."""

from postroad import randomness

PHRASES = [
    "{year}年{name}省邮政行业业务总量{volume}亿元，是“{base}”末的{m1}倍，年均增长{g1}％。"
    "全行业业务收入{total}亿元，是“{base}”末的{m2}倍，年均增长{g2}％。"
    "{year}年快递业务量{pieces}亿件，是“{base}”末的{m3}倍，年均增长{g3}％；快递业务收入{express}亿元。",
    "{year}年，{name}省快递业务量达到{pieces}亿件，为“{base}”末的{m3}倍，年均增长{g3}％。快递业务收入完成{express}亿元。"
    "邮政行业业务收入{total}亿元，为“{base}”末的{m2}倍，年均增长{g2}％；业务总量{volume}亿元，为“{base}”末的{m1}倍，"
    "年均增长{g1}％。",
]


def province_text(seed):
    """A text, the value behind each printed number whose point was lost, and the population."""
    draw = iter(randomness.uniforms(seed, "province", 0, 64))

    def between(low, high):
        return low * (high / low) ** next(draw)

    people = between(3e6, 1.2e8)
    pieces = round(people * between(8, 120) / 1e8, 2)
    price = between(7, 20)
    express = round(pieces * price, 2)
    total = round(express * between(1.2, 3.5), 2)
    values = {
        "pieces": pieces,
        "express": express,
        "total": total,
        "volume": round(total * between(0.8, 1.8), 2),
        "workers": round(total * 1e8 / between(8e4, 4e5) / 1e4, 1),
        "peak": round(pieces * 1e4 / 365 * between(1.5, 8), 1),
        "users": round(pieces * between(1.5, 5), 2),
        "bags": round(between(60, 99.9), 2),
    }
    for k in (1, 2, 3):
        growth = round(between(5, 45), 2)
        values[f"g{k}"] = growth
        values[f"m{k}"] = round((1 + growth / 100) ** 5, 1)
    shown = {name: lost(value) for name, value in values.items()}
    facts = {"year": 2020, "base": "十二五", "name": "甲乙丙丁戊"[seed % 5], **shown}
    body = PHRASES[seed % 2].format(**facts)
    body += "企业{firms}家，从业人员{workers}万人，年服务用户{users}亿人次。".format(
        firms=int(values["workers"] * 1e4 / between(5, 100)) + 1, **{k: shown[k] for k in ("workers", "users")}
    )
    body += f"最高日处理量{shown['peak']}万件。循环中转袋使用率{shown['bags']}％。"
    units = {"pieces": "亿件", "express": "亿元", "total": "亿元", "volume": "亿元", "workers": "万人", "peak": "万件",
             "users": "亿人次", "bags": "%", **dict.fromkeys(["g1", "g2", "g3"], "%"),
             **dict.fromkeys(["m1", "m2", "m3"], "倍")}  # fmt: skip
    truth = {}
    for name, value in values.items():
        printed = shown[name] + units[name]
        truth[printed] = None if printed in truth and truth[printed] != value else value
    return f"“十四五”规划\n（一）发展现状。\n１规模。{body}\n", {p: v for p, v in truth.items() if v}, people


def lost(value):
    """A number as printed once its point is gone; trailing zeros are not printed."""
    return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", "")
