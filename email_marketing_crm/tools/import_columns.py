"""What the columns of a file probably hold, from their headers."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

#: Ways to write a header, by target; English and Chinese.
SYNONYMS = {
    "email": "email|e-mail|mail|email address|e-mail address|work email|business email"
    "|电子邮件|电子邮箱|邮箱|邮件|邮箱地址|邮件地址|電子郵件|電子郵箱|郵箱|信箱|電郵|email地址",
    "name": "name|full name|contact|contact name|contact person|person|姓名|名字|联系人"
    "|联系人姓名|聯絡人|聯繫人|聯絡人姓名|客户姓名|客戶姓名",
    "first_name": "first name|firstname|given name|forename|名",
    "last_name": "last name|lastname|surname|family name|姓|姓氏",
    "company_name": "company|company name|organization|organisation|account"
    "|account name|employer|firm|公司|公司名称|公司名|企业|企业名称|单位|单位名称"
    "|公司名稱|企業|企業名稱|單位|單位名稱|机构|機構",
    "function": "job|job title|title|position|job position|function|role|职位|职务|岗位"
    "|职称|頭銜|职衔|職位|職務|職稱|崗位",
    "phone": "phone|phone number|telephone|tel|work phone|mobile|mobile phone|cell"
    "|cell phone|电话|电话号码|联系电话|手机|手机号|手机号码|电话号|移动电话"
    "|電話|電話號碼|聯絡電話|手機|手機號碼|行動電話",
    "lang": "language|lang|语言|語言",
    "tags": "tags|tag|categories|category|labels|label|标签|標籤|分类|分類|标记",
    "street": "street|address|street address|address 1|street 1|address line 1|地址"
    "|街道|详细地址|通讯地址|通訊地址|詳細地址",
    "street2": "street2|street 2|address 2|address line 2|地址2",
    "zip": "zip|zip code|postal code|postcode|邮编|邮政编码|郵遞區號|郵編",
    "city": "city|town|城市|市|所在城市",
    "state_id": "state|province|region|state/province|省|省份|州|州/省",
    "country_id": "country|country/region|country code|国家|國家|国家/地区|國家/地區",
    "website": "personal website|blog|个人网站|個人網站",
    "company.website": "website|web|web site|url|homepage|company website|domain|网站"
    "|网址|公司网站|公司网址|官网|網站|網址|公司網站|公司網址|官網",
    "company.industry_id": "industry|sector|branch|company industry|行业|所属行业"
    "|公司行业|行業|產業|產業別|所屬行業",
    "company.phone": "company phone|switchboard|公司电话|公司電話|总机|總機",
    "company.vat": "vat|vat number|tax id|税号|纳税人识别号|統一編號|統編|稅號",
    "company.country_id": "company country|公司国家|公司國家",
    "company.city": "company city|公司城市",
    "profile.company_size": "company size|size|公司规模|企业规模|公司規模|企業規模",
    "profile.interests": "interests|兴趣|興趣",
    "profile.budget": "budget|预算|預算",
    "comment": "comment|comments|note|notes|remark|remarks|description|备注|说明|注释"
    "|備註|註記|說明|留言",
    "ref": "reference|ref|customer number|client number|编号|客户编号|編號|客戶編號",
}


def header_key(header: str) -> str:
    """A header without case, spaces, punctuation and the width of its characters."""
    wide = unicodedata.normalize("NFKC", header).lower()
    return re.sub(r"[\W_]+", "", wide)


_BY_HEADER = {
    header_key(word): target
    for target, words in SYNONYMS.items()
    for word in words.split("|")
}


def propose_targets(
    headers: Sequence[str],
    labels: Mapping[str, str],
    remembered: Mapping[str, str],
) -> list[str | None]:
    """What each column probably is, or None; no target twice.

    What somebody chose for the same header before comes first, then what the header
    means in English or Chinese, then a field of that name.

    :param labels: `{target: the name users see}` of everything there is
    :param remembered: `{header key: target}`, an empty target for "leave it out"
    """
    by_label = {header_key(label): target for target, label in labels.items()}
    by_label |= {header_key(target): target for target in labels}
    taken, proposals = set(), []
    for header in headers:
        key = header_key(header)
        if key in remembered:
            target = remembered[key]
        else:
            target = _BY_HEADER.get(key) or by_label.get(key)
        if not target or target in taken or target not in labels:
            proposals.append(None)
            continue
        taken.add(target)
        proposals.append(target)
    return proposals
