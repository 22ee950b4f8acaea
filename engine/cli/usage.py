"""What click says about a wrong command, as the reader would say it. Floor: 7."""

from __future__ import annotations

import errno
import re

import click

#: What click says (its own words, in English) -> the same in Chinese.
SAID = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (r"Missing (?:argument|parameter) '?(?P<name>[^']+?)'?\.(?: Choose from:\s+(?P<among>.+))?", "少写了 {name}"),
        (r"Missing option (?P<name>.+?)\.(?: Choose from:\s+(?P<among>.+))?", "少写了选项 {name}"),
        (r"No such option:? '?(?P<name>[^\s'.]+)'?\.?(?P<near> .*)?", "没有 {name} 这个选项"),
        (r"Got unexpected extra arguments? \((?P<name>.+)\)", "多写了 {name}"),
        (r"Option '(?P<name>.+)' requires an argument\.", "{name} 后面要写上值"),
        (r"Option '(?P<name>.+)' does not take a value\.", "{name} 后面不用写值"),
    )
)
BAD = re.compile(r"Invalid value for '?(?P<name>.+?)'?: (?P<why>.+)", re.DOTALL)
VALUES = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (r"'(?P<value>.*)' is not a valid (?:integer|float|number)(?: range)?\.", "「{value}」不是数字"),
        (r"(?P<value>\S+) is not in the range (?P<range>.+)\.", "{value} 不在范围 {range} 里"),
        (r"'(?P<value>.*)' is not one of (?P<among>.+)\.", "「{value}」不是 {among} 中的一个"),
        (r"(?:File|Directory|Path) '(?P<value>.*)' does not exist\.", "没有 {value} 这个文件"),
        (r"File '(?P<value>.*)' is a directory\.", "{value} 是文件夹,这里要一个文件"),
        (r"Directory '(?P<value>.*)' is a file\.", "{value} 是文件,这里要一个文件夹"),
        (r"(?:File|Directory|Path) '(?P<value>.*)' is not readable\.", "{value} 没有读取的权限"),
    )
)


#: What the machine says about a file -> the same in Chinese.
FILES = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "它是文件夹",
    errno.ENOTDIR: "路径里有一段不是文件夹",
    errno.ENOSPC: "磁盘满了",
    errno.EROFS: "磁盘只能读",
}


def about_file(error: OSError, language: str) -> str:
    """Why a file could not be opened or written."""
    said = error.strerror or str(error)
    return said if language == "en" else FILES.get(error.errno or 0, said)


def why(error: click.ClickException, language: str) -> str:
    """What is wrong with the command. A sentence click may learn later stays as click says it."""
    said = " ".join(error.format_message().split())
    if language == "en":
        return said
    bad = BAD.fullmatch(said)
    if bad is not None:
        return f"{bad['name']}: {_in_chinese(bad['why'], VALUES)}"
    return _in_chinese(said, SAID)


def _in_chinese(said: str, known: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, chinese in known:
        found = pattern.fullmatch(said)
        if found is not None:
            return chinese.format(**found.groupdict())
    return said
