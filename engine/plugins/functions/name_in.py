"""The function ``name_in``. Floor: 4."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from engine.expression.types import TEXT, Type
from engine.plugins.slots import Function

LONGEST = 10_000
#: The family names that nine in ten people in China bear, and the common ones of two characters.
ONE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏"
    "傅方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯庄倪樊葛俞翟岳齐鲁颜梅关柳房祝尚温"
)
TWO = "欧阳|上官|司马|诸葛|司徒|皇甫|东方|夏侯|慕容|令狐|长孙|端木"
TITLES = "先生|女士|小姐|主任|医生|大夫|院长|经理|总监|老师|教授|护士长|科长|处长|总"
#: What stands before one's own name.
SAYS = re.compile(
    r"(?:我叫|我是|这里是|我这边是|本人|姓名|名字|联系人|称呼)\s*(?:叫|是|为)?\s*:?\s*([^\s,。!?;.、\d]{2,24})"
)
POLITE = re.compile(rf"(?:免贵姓|敝姓|我姓|贵姓)\s*(({TWO}|[{ONE}]))")
#: Where a name ends that nothing else ends.
ENDS = re.compile(r"电话|手机|微信|号码|联系|想|要|来自|在|负责|请|是|你好|您好|,")
NAME = re.compile(rf"^((?:{TWO}|[{ONE}])(?:(?:{TITLES})|[\u4e00-\u9fff]{{1,2}}(?={TITLES}|$)))")
ENGLISH = re.compile(r"(?:my name is|this is|i am|i'm)\s+([A-Z][a-z]+(?:\s[A-Z][a-z]+){0,2})", re.IGNORECASE)


class NameIn(Function):
    """The name by which somebody introduces themselves in a text: 我是锐视眼科的李雷, 免贵姓王, 联系人:张三, my name is Tom Lee.
    Only what is said to be a name is taken for one; empty where nobody is named."""

    name = "name_in"
    title = {"zh": "文中的姓名", "en": "Name in"}
    signature = ("text",)
    example = 'contact: "=name_in(content.Content)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Text."""
        return TEXT

    def call(self, *arguments: Any, **_: Any) -> Any:
        """The name; None without one."""
        if arguments[0] is None:
            return None
        # Full-width punctuation becomes the plain one that the patterns know.
        text = unicodedata.normalize("NFKC", str(arguments[0])[:LONGEST])
        for found in SAYS.finditer(text):
            said = found[1].rpartition("的")[2]
            name = NAME.match(ENDS.split(said, maxsplit=1)[0])
            if name:
                return name[1]
        polite = POLITE.search(text)
        if polite:
            return polite[1]
        english = ENGLISH.search(text)
        return english[1] if english and english[1][:1].isupper() else None
