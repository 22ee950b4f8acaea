"""The story of the sample: who, what and when, made from a seed. Every name is invented."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SEED = 20260105
DAYS = 30
LEADS = 200

#: login, name, team, regions, seniority
REPS = (
    ("linyue", "林越", "east", ["浙江", "上海"], 1.0),
    ("xuqing", "许晴川", "east", ["江苏"], 0.9),
    ("heshan", "何山", "east", ["安徽"], 0.7),
    ("sunmo", "孙墨", "east", ["福建"], 0.5),
    ("tangwen", "唐文", "north", ["北京", "天津"], 1.0),
    ("luoyi", "罗一", "north", ["山东"], 0.8),
    ("jiangbo", "江波", "north", ["河南"], 0.6),
    ("weiran", "魏然", "north", ["河北"], 0.4),
)

#: name, grade, province, district, login of the area manager
HOSPITALS = (
    ("云栖市第一人民医院", "三级甲等", "浙江", "栖霞区", "linyue"),
    ("云栖市眼科医院", "三级乙等", "浙江", "湖东区", "linyue"),
    ("澄江大学附属医院", "三级甲等", "江苏", "学府区", "xuqing"),
    ("澄江市口腔医院", "三级乙等", "江苏", "南门区", "xuqing"),
    ("青屿市中心医院", "三级甲等", "福建", "海湾区", "sunmo"),
    ("皖溪市人民医院", "二级甲等", "安徽", "溪口县", "heshan"),
    ("皖溪康复医院", "二级乙等", "安徽", "城西区", "heshan"),
    ("望京桥医院", "二级甲等", "北京", "望桥区", "tangwen"),
    ("海河湾医院", "三级乙等", "天津", "河湾区", "tangwen"),
    ("泉岭市第二医院", "二级甲等", "山东", "泉岭区", "luoyi"),
    ("泉岭眼视光中心", "一级甲等", "山东", "历桥区", "luoyi"),
    ("嵩麓市人民医院", "三级甲等", "河南", "嵩阳区", "jiangbo"),
    ("嵩麓市妇幼保健院", "二级甲等", "河南", "文庙区", "jiangbo"),
    ("燕川市骨科医院", "二级乙等", "河北", "燕北区", "weiran"),
    ("燕川镇中心卫生院", "一级甲等", "河北", "燕川镇", None),
    ("柳溪镇卫生院", "一级乙等", "浙江", "柳溪镇", None),
    ("清和门诊部", "未定级", "上海", "清和区", None),
    ("静远体检中心", "未定级", "北京", "静远区", None),
    ("栖云口腔门诊", "未定级", "江苏", "东门区", None),
    ("明湖视光门诊", "未定级", "浙江", "明湖区", "linyue"),
)

PLACES = (
    *("明湖", "晴川", "青禾", "远山", "江畔", "静安里", "白鹭", "沐阳", "云岭", "松石", "听雨", "桥南", "银杏"),
    *("芦溪", "东篱", "南浦", "北辰湾", "朗月", "竹里", "海棠", "澄园", "和光", "知春", "临川"),
)
BRANCHES = ("", "城东", "城西", "江南", "新区", "北站", "文化路", "中山路")
TRADES = {
    "eye": ("眼科", ("眼科诊所", "视光中心", "眼科医院")),
    "dental": ("口腔", ("口腔诊所", "口腔门诊", "齿科")),
    "imaging": ("影像", ("影像中心", "体检中心")),
    "laboratory": ("检验", ("检验中心", "医学检验所")),
    "rehabilitation": ("康复", ("康复中心", "康复医院")),
    "general": ("综合", ("门诊部", "社区医院")),
}
#: Number segments of Hangzhou, Shanghai, Beijing, Jinan, Zhengzhou, Shijiazhuang, Fuzhou, Hefei: they give the region
SEGMENTS = ("1380571", "1381600", "1391000", "1390531", "1380371", "1390311", "1390591", "1390551")
FAMILY = "林许何孙唐罗江魏程苏顾沈陆方秦叶"
GIVEN = ("明", "思远", "佳宁", "文博", "若溪", "一帆", "子衿", "海涛", "春晓", "立群", "安然", "景行")
SOURCES = (("douyin", 26), ("website", 22), ("expo", 18), ("wecom", 14), ("referral", 10), ("phone", 6), ("jd", 4))
CAMPAIGNS = {
    "douyin": ("眼科展会", "口腔直播", "设备开箱"),
    "expo": ("春季医博会", "基层医疗展"),
    "website": (None, "以旧换新"),
}
PAINS = (
    "现有设备成像模糊，医生抱怨效率低，担心售后响应慢",
    "旧机器维修费用高，配件难买，想换国产设备",
    "病人排队时间长，检查速度慢，希望缩短等候",
    "预算紧张，价格敏感，希望分期付款",
    "医生不会操作，培训跟不上，软件界面复杂",
)
ROLES = ("decider", "influencer", "user", "buyer")
REVENUES = ("under_10m", "to_50m", "to_200m", "over_200m")
GOODS = ("裂隙灯", "眼底相机", "验光仪", "口腔椅", "彩超", "生化分析仪", "康复训练床", "手术显微镜")


@dataclass(frozen=True, order=True)
class Moment:
    """One thing that happens: when, a number that keeps the order, what, to which handle, with which values."""

    at: dt.datetime
    order: int
    what: str = field(compare=False)
    handle: str = field(compare=False)
    values: Mapping[str, Any] = field(compare=False, default_factory=dict)


class Story:
    """All moments of a month that ends at ``end`` (aware), the same for the same end and seed."""

    def __init__(self, end: dt.datetime, seed: int = SEED) -> None:
        self.chance = random.Random(seed)
        self.end = end.replace(second=0, microsecond=0)
        self.start = self.end - dt.timedelta(days=DAYS)
        #: A day and a half in which all reps are away: what arrives then finds nobody.
        self.training = (self.end - dt.timedelta(days=9), self.end - dt.timedelta(days=7, hours=12))
        self._order = 0

    def _moment(self, at: dt.datetime, what: str, handle: str, values: Mapping[str, Any] | None = None) -> Moment:
        self._order += 1
        return Moment(at, self._order, what, handle, values or {})

    def _hours(self, middle: float) -> dt.timedelta:
        """A waiting time around ``middle`` hours: mostly near it, sometimes far longer."""
        return dt.timedelta(hours=self.chance.lognormvariate(0, 0.6) * middle)

    def _at_work(self, at: dt.datetime) -> dt.datetime:
        """The same instant, or the next one in the day's working hours (UTC+8, weekends left out)."""
        local = at + dt.timedelta(hours=8)
        while local.weekday() >= 5 or not 9 <= local.hour < 18 or local.hour == 12:
            local = (local + dt.timedelta(hours=1)).replace(minute=self.chance.randrange(60))
        return local - dt.timedelta(hours=8)

    def customers(self) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
        """Forty customers with their orders of the last four years."""
        for number in range(40):
            industry = self.chance.choice(list(TRADES))
            company = f"{PLACES[number % len(PLACES)]}{BRANCHES[number // len(PLACES)]}{self.chance.choice(TRADES[industry][1])}"
            hospital = f"h{number % len(HOSPITALS)}" if number % 2 else None
            orders = [
                {
                    "number": f"SL-{number + 1:03d}-{turn + 1}",
                    "ordered_at": self.start - dt.timedelta(days=self.chance.randrange(20, 1460)),
                    "category": self.chance.choice(GOODS),
                    "amount": self.chance.randrange(3, 90) * 10000,
                }
                for turn in range(self.chance.randrange(1, 5))
            ]
            yield f"c{number}", {"company": company, "industry": industry, "hospital": hospital}, orders

    def moments(self) -> list[Moment]:
        """Everything that happens, in the order of time."""
        found: list[Moment] = []
        for number in range(LEADS):
            found += self._life(number)
        found += self._asked_of_others()
        found += [self._moment(self.training[0], "leave", "all"), self._moment(self.training[1], "come_back", "all")]
        return sorted(moment for moment in found if moment.at < self.end)

    def _life(self, number: int) -> Iterator[Moment]:
        """One lead from its arrival to wherever it stands at the end."""
        chance, handle = self.chance, f"l{number}"
        arrives = self.start + dt.timedelta(minutes=int(DAYS * 1440 * ((number + chance.random()) / LEADS)))
        values = self._lead(number)
        yield self._moment(arrives, "create_lead", handle, values)
        if self.training[0] <= arrives < self.training[1] and chance.random() < 0.7:
            yield self._moment(self._at_work(arrives + dt.timedelta(hours=60)), "hand_out", handle)
            arrives += dt.timedelta(hours=60)
        quick = chance.random()
        if quick < 0.04:
            return  # nobody ever calls
        at = self._at_work(arrives + self._hours(0.8 if quick < 0.8 else 20))
        yield self._moment(at, "call", handle, self._call(at, values))
        yield self._moment(at, "talk", handle, {"channel": "call", "answered": chance.random() < 0.85})
        yield from self._onward(handle, at, values)

    def _onward(self, handle: str, at: dt.datetime, values: Mapping[str, Any]) -> Iterator[Moment]:
        """From the first call to the signature, the loss, or the silence in which a lead is left standing."""
        chance = self.chance
        for what, odds, hours in (
            ("diagnose", 0.78, 30),
            ("propose", 0.72, 40),
            ("demo", 0.66, 60),
            ("sign", 0.55, 70),
        ):
            if chance.random() > odds:
                if chance.random() < 0.45:
                    reason = chance.choice(["price", "rival", "no_budget", "no_need", "unreachable"])
                    yield self._moment(self._at_work(at + self._hours(hours)), "lose", handle, {"lost_reason": reason})
                elif chance.random() < 0.7:
                    yield from self._kept_warm(handle, at)
                return
            before, at = at, self._at_work(at + self._hours(hours))
            step = self._step(what, at, values)
            if what == "demo":
                raised = self._at_work(before + (at - before) * chance.uniform(0.1, 0.7))
                yield self._moment(raised, "object", handle, {"objection_type": step["objection_type"]})
            yield self._moment(at, what, handle, step)
            if what == "propose" and chance.random() < 0.7:
                yield self._moment(at + self._hours(9), "open", handle)
            if chance.random() < 0.6:
                channel = chance.choice(["message", "call", "visit"])
                yield self._moment(at, "talk", handle, {"channel": channel, "answered": chance.random() < 0.8})

    def _kept_warm(self, handle: str, at: dt.datetime) -> Iterator[Moment]:
        """A talk every two or three days, until the end."""
        while at < self.end:
            at = self._at_work(at + self._hours(48))
            channel = self.chance.choice(["message", "call", "email"])
            yield self._moment(at, "talk", handle, {"channel": channel, "answered": self.chance.random() < 0.5})

    def _lead(self, number: int) -> dict[str, Any]:
        chance = self.chance
        industry = chance.choices(list(TRADES), weights=(32, 22, 14, 12, 12, 8))[0]
        source = chance.choices([name for name, _ in SOURCES], weights=[weight for _, weight in SOURCES])[0]
        campaign = chance.choice(CAMPAIGNS.get(source, (None,)))
        in_hospital = chance.random() < 0.55
        hospital = chance.randrange(len(HOSPITALS)) if in_hospital else None
        place = HOSPITALS[hospital][0] if hospital is not None else chance.choice(PLACES) + chance.choice(BRANCHES)
        trade = TRADES[industry][0] + "科" if in_hospital else chance.choice(TRADES[industry][1])
        values: dict[str, Any] = {
            "company": (place + trade).replace("科科", "科"),
            "contact": chance.choice(FAMILY) + chance.choice(GIVEN),
            "phone": f"{chance.choice(SEGMENTS)}{number:04d}",
            "source": source,
            "campaign": campaign,
            "hospital": f"h{hospital}" if hospital is not None else None,
            "department": trade.replace("科科", "科") if in_hospital else None,
            "budget": chance.choice([None, 80000, 200000, 350000, 600000, 1200000]),
            "visit_minutes": chance.randrange(0, 25),
            "downloads": chance.randrange(0, 4),
            "buyer_type": chance.choice(["price", "technology", "service"]),
            "next_subject": "首通电话",
            "sample": True,
        }
        if chance.random() < 0.6:
            values["industry"] = industry
        if chance.random() < 0.15:
            values["customer"] = f"c{chance.randrange(40)}"
        return values

    def _call(self, at: dt.datetime, values: Mapping[str, Any]) -> dict[str, Any]:
        chain = self.chance.random()
        filled: dict[str, Any] = {"call_summary": self.chance.choice(PAINS), **self._next(at, "发资料并约诊断")}
        if chain < 0.92:
            filled |= {"revenue_range": self.chance.choice(REVENUES), "decision_role": self.chance.choice(ROLES)}
            filled["industry"] = values.get("industry") or self.chance.choice(list(TRADES))
        return filled

    def _step(self, what: str, at: dt.datetime, values: Mapping[str, Any]) -> dict[str, Any]:
        amount = int(values["budget"] or 300000)
        if what == "diagnose":
            answers = {
                "current_situation": "在用设备已有七八年",
                "main_problem": self.chance.choice(PAINS),
                "buying_plan": "预算已报，计划本季度采购",
            }
            return answers | self._next(at, "发方案")
        if what == "propose":
            link = f"https://files.example.com/sample/{at:%Y%m%d%H%M}.pdf"
            proposal = {
                "proposal_link": link,
                "video_link": "https://video.example.com/sample",
                "proposal_amount": amount,
            }
            return proposal | self._next(at, "问方案看得怎样")
        if what == "demo":
            objection = self.chance.choice(["price", "technology", "timing"])
            demo: dict[str, Any] = {
                "objection_type": objection,
                "objection_answer": "按参考话术答复，客户认可",
                "demo_at": at + dt.timedelta(days=3),
            }
            return demo | self._next(at, "上门演示")
        return {"signed_amount": int(amount * self.chance.uniform(0.85, 1.0))}

    def _next(self, at: dt.datetime, subject: str) -> dict[str, Any]:
        day = (at + dt.timedelta(days=self.chance.randrange(1, 6))).date()
        return {"next_date": day, "next_time": f"{self.chance.randrange(9, 18):02d}:00", "next_subject": subject}

    def _asked_of_others(self) -> Iterator[Moment]:
        """Thirty requests from one team to the other and how long the answer took."""
        subjects = ("出一份参数对比表", "确认现货数量", "安排工程师勘察", "核一下合同条款", "补开发票资料")
        for number in range(30):
            asked = self._at_work(self.start + dt.timedelta(hours=self.chance.uniform(0, DAYS * 24 - 24)))
            yield self._moment(asked, "ask", f"k{number}", {"subject": self.chance.choice(subjects)})
            if self.chance.random() < 0.85:
                yield self._moment(self._at_work(asked + self._hours(6)), "answer", f"k{number}")
