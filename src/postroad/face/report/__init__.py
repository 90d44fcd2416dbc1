"""Reports of one scorecard: a self-contained HTML page and a workbook, with the same numbers to the last digit."""

from postroad.face.report.contents import Contents, contents
from postroad.face.report.page import page
from postroad.face.report.workbook import workbook

__all__ = ["Contents", "contents", "page", "workbook"]
