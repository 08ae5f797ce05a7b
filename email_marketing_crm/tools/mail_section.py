"""A mail of the template library as sections, and the two texts that are made of them.

One is edited, in sections as Odoo's editor knows them; one is sent, in tables. They
look the same. Many mail programs know no style sheets, and Outlook knows no more than
tables, so every style is inline. Gmail cuts what is over 102 KB.
"""

from dataclasses import dataclass, field

#: Pixels a mail is wide; phones make it narrower.
WIDTH = 600
FONT = (
    "Arial, 'Helvetica Neue', Helvetica, 'PingFang SC', 'Microsoft YaHei', sans-serif"
)
INK = "#1f2937"
TEXT = "#374151"
MUTED = "#6b7280"
LINE = "#e5e7eb"
PAPER = "#ffffff"
DESK = "#f3f4f6"
SOFT = "#f9fafb"


@dataclass
class Section:
    """A part of a mail from edge to edge.

    :param columns: HTML of each column; one column is a section of text
    :param name: what the editor calls it
    """

    columns: list[str]
    name: str
    padding: str = "12px 32px"
    background: str = PAPER
    align: str = "left"


@dataclass
class Mail:
    """A mail that is read from its document."""

    lang: str
    name: str
    subject: str
    preview: str
    is_plain: bool
    accent: str
    sections: list[Section] = field(default_factory=list)

    def get_arch(self) -> str:
        """The text as Odoo's editor of mailings wants it."""
        if self.is_plain:
            return (
                '<div data-name="Mailing" class="o_layout oe_unremovable oe_unmovable'
                ' o_basic_theme"><div class="oe_structure">'
                f'<div class="o_mail_no_options">{self._get_plain()}</div></div></div>'
            )
        sections = "".join(_get_arch_section(section) for section in self.sections)
        return (
            '<div data-name="Mailing" class="o_layout oe_unremovable oe_unmovable"'
            f' style="background-color: {DESK};">'
            '<div class="container o_mail_wrapper o_mail_regular oe_unremovable">'
            '<div class="row mw-100 mx-0"><div class="col o_mail_no_options'
            ' o_mail_wrapper_td bg-white oe_structure">'
            f"{sections}</div></div></div></div>"
        )

    def get_html(self) -> str:
        """The text as it is sent."""
        if self.is_plain:
            return (
                f'<div class="o_layout" style="max-width: {WIDTH}px; padding: 16px;'
                f' font-family: {FONT};">{self._get_plain()}</div>'
            )
        sections = "".join(_get_html_section(section) for section in self.sections)
        return (
            f"{_open_table(f'background-color: {DESK};', css_class='o_layout')}<tr>"
            '<td align="center" style="padding: 24px 0;">'
            f'<!--[if mso]><table role="presentation" width="{WIDTH}" cellpadding="0"'
            ' cellspacing="0" border="0"><tr><td><![endif]-->'
            f'<div style="max-width: {WIDTH}px; margin: 0 auto; text-align: left;">'
            f"{sections}</div>"
            "<!--[if mso]></td></tr></table><![endif]--></td></tr></table>"
        )

    def _get_plain(self) -> str:
        return "".join(column for part in self.sections for column in part.columns)


def _get_arch_section(section: Section) -> str:
    """A section of the editor, which makes tables of it by itself."""
    style = f"padding: {section.padding}; background-color: {section.background};"
    if len(section.columns) == 1:
        inner = f'<div class="container s_allow_columns">{section.columns[0]}</div>'
        snippet = "s_text_block"
    else:
        size = 12 // len(section.columns)
        columns = "".join(
            f'<div class="col-lg-{size} col-md-{size} pt8 pb8">{column}</div>'
            for column in section.columns
        )
        inner = f'<div class="container"><div class="row">{columns}</div></div>'
        snippet = "s_three_columns"
    return (
        f'<section class="{snippet} o_mail_snippet_general" style="{style}"'
        f' data-snippet="{snippet}" data-vxml="001" data-name="{section.name}">'
        f"{inner}</section>"
    )


def _get_html_section(section: Section) -> str:
    """A section that is sent: a table, its columns side by side where there is room."""
    style = f"background-color: {section.background};"
    if len(section.columns) == 1:
        inner = section.columns[0]
    else:
        width = (WIDTH - 48) // len(section.columns)
        inner = _get_html_columns(section.columns, width)
    return (
        f"{_open_table(style)}<tr><td"
        f' style="padding: {section.padding}; font-family: {FONT};'
        f' text-align: {section.align};">{inner}</td></tr></table>'
    )


def _get_html_columns(columns: list[str], width: int) -> str:
    """Columns that stand below each other on a phone, without a media query."""
    written = [
        '<!--[if mso]><table role="presentation" width="100%" cellpadding="0"'
        ' cellspacing="0" border="0"><tr><![endif]-->'
    ]
    for column in columns:
        written.append(
            f'<!--[if mso]><td width="{width}" valign="top"><![endif]-->'
            f'<div style="display: inline-block; width: 100%; max-width: {width}px;'
            f' vertical-align: top; font-size: 15px;">'
            f'<div style="padding: 8px;">{column}</div></div>'
            "<!--[if mso]></td><![endif]-->"
        )
    written.append("<!--[if mso]></tr></table><![endif]-->")
    return "".join(written)


def _open_table(style: str, css_class: str = "") -> str:
    named = f' class="{css_class}"' if css_class else ""
    return (
        f'<table role="presentation"{named} width="100%" cellpadding="0"'
        f' cellspacing="0" border="0" style="width: 100%; border-collapse: collapse;'
        f' {style}">'
    )
