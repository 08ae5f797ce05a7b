"""Words that contacts and companies are made of, by country.

Every name comes with the Latin letters its owner uses in an e-mail address.
"""

from typing import NamedTuple


class Word(NamedTuple):
    """A name as it is written, and in the letters of an e-mail address."""

    written: str
    latin: str


class Land(NamedTuple):
    """What people and companies of one country are called."""

    code: str
    country: str
    phone: str
    cities: tuple[Word, ...]
    given: tuple[Word, ...]
    family: tuple[Word, ...]
    brands: tuple[Word, ...]
    company: str
    """How the parts of a company's name follow each other."""

    person: str
    """How given and family name follow each other."""

    language: str
    """Of job titles."""


def _words(text: str) -> tuple[Word, ...]:
    """Read ``written=latin`` pairs; the latin part may be left out."""
    pairs = (item.partition("=") for item in text.split())
    return tuple(Word(a.replace("_", " "), (b or a).lower()) for a, _, b in pairs)


LANDS = (
    Land(
        code="CN",
        country="China",
        phone="+86 138",
        cities=_words(
            "苏州=suzhou 宁波=ningbo 深圳=shenzhen 杭州=hangzhou 青岛=qingdao"
            " 佛山=foshan 厦门=xiamen 成都=chengdu"
        ),
        given=_words(
            "伟=wei 芳=fang 娜=na 秀英=xiuying 敏=min 静=jing 丽=li 强=qiang 磊=lei"
            " 军=jun 洋=yang 勇=yong 艳=yan 杰=jie 娟=juan 涛=tao 明=ming 超=chao"
            " 霞=xia 平=ping 刚=gang 桂英=guiying 志强=zhiqiang 文博=wenbo"
            " 思远=siyuan 雨桐=yutong 子涵=zihan 浩然=haoran"
        ),
        family=_words(
            "王=wang 李=li 张=zhang 刘=liu 陈=chen 杨=yang 黄=huang 赵=zhao 吴=wu"
            " 周=zhou 徐=xu 孙=sun 马=ma 朱=zhu 胡=hu 郭=guo 何=he 高=gao 林=lin"
            " 罗=luo 欧阳=ouyang 司马=sima"
        ),
        brands=_words(
            "华丰=huafeng 恒信=hengxin 瑞祥=ruixiang 金泰=jintai 宏达=hongda"
            " 联创=lianchuang 东方=dongfang 永盛=yongsheng 天成=tiancheng"
            " 海纳=haina 博远=boyuan 正德=zhengde"
        ),
        company="{city}{brand}{branch}有限公司",
        person="{family}{given}",
        language="zh",
    ),
    Land(
        code="TW",
        country="Taiwan",
        phone="+886 912",
        cities=_words("臺北=taipei 新竹=hsinchu 臺中=taichung 高雄=kaohsiung"),
        given=_words(
            "志明=chihming 淑芬=shufen 雅婷=yating 家豪=chiahao 怡君=yichun"
            " 俊傑=chunchieh 美玲=meiling 冠宇=kuanyu 佳穎=chiaying 宗翰=tsunghan"
        ),
        family=_words(
            "陳=chen 林=lin 黃=huang 張=chang 李=lee 王=wang 吳=wu 劉=liu 蔡=tsai"
            " 楊=yang 許=hsu 鄭=cheng"
        ),
        brands=_words("鴻海洋=hunghai 三合=sanhe 長興=changhsing 永豐年=yungfeng"),
        company="{city}{brand}{branch}股份有限公司",
        person="{family}{given}",
        language="tw",
    ),
    Land(
        code="DE",
        country="Germany",
        phone="+49 151",
        cities=_words("Köln=koeln Hamburg München=muenchen Leipzig Stuttgart"),
        given=_words(
            "Jürgen=juergen Anna Katharina Müzeyyen=muezeyyen Jens Sören=soeren Heike"
            " Lukas Ursula Björn=bjoern Petra Tobias Anke Matthias Svenja Holger"
        ),
        family=_words(
            "Müller=mueller Schmidt Schröder=schroeder Fischer Weiß=weiss Becker"
            " Hoffmann Krüger=krueger Wagner Böhm=boehm Vogel Yılmaz=yilmaz"
            " von_Arnim=vonarnim Lange"
        ),
        brands=_words("Nordwerk Rheintal Alpina Hansa Elbufer Kaiser Lindner"),
        company="{brand} {branch} {city} GmbH",
        person="{given} {family}",
        language="de",
    ),
    Land(
        code="FR",
        country="France",
        phone="+33 6 12",
        cities=_words("Lyon Nantes Bordeaux Lille Besançon=besancon"),
        given=_words(
            "Élodie=elodie François=francois Chloé=chloe Benoît=benoit Margaux"
            " Théo=theo Inès=ines Guillaume Zoé=zoe Aurélien=aurelien Camille Hugo"
        ),
        family=_words(
            "Lefèvre=lefevre Moreau Girard Dupré=dupre Bonnet Rousseau Fabre"
            " d'Aubigné=daubigne Mercier Blanchet Noël=noel Traoré=traore"
        ),
        brands=_words("Beaulieu Garonne Mistral Armorique Lumière=lumiere"),
        company="{brand} {branch} {city} SARL",
        person="{given} {family}",
        language="fr",
    ),
    Land(
        code="US",
        country="United States",
        phone="+1 555 01",
        cities=_words("Portland Austin Denver Savannah Cleveland"),
        given=_words(
            "Emily James Olivia Tyrone Sofía=sofia Michael Grace Carlos Hannah Ethan"
            " Aaliyah Brandon Mei Jack Chloe Noah Zoë=zoe Marcus"
        ),
        family=_words(
            "Smith Johnson O'Neil=oneil García=garcia Brown Nguyen Davis Washington"
            " Hernández=hernandez Kim Anderson Clark Peña=pena Cooper"
        ),
        brands=_words("Bluestone Summit Redwood Liberty Harborview Pioneer Cascade"),
        company="{brand} {branch} {city} Inc.",
        person="{given} {family}",
        language="en",
    ),
    Land(
        code="AE",
        country="United Arab Emirates",
        phone="+971 50",
        cities=_words("دبي=dubai أبوظبي=abudhabi الشارقة=sharjah"),
        given=_words(
            "محمد=mohammed فاطمة=fatima أحمد=ahmed عائشة=aisha خالد=khaled مريم=mariam"
            " يوسف=yousef ليلى=layla"
        ),
        family=_words(
            "المنصوري=almansoori الهاشمي=alhashimi النعيمي=alnuaimi حداد=haddad"
            " الخوري=alkhoury السيد=alsayed"
        ),
        brands=_words("النخيل=nakheel الصقر=alsaqr الواحة=alwaha"),
        company="{brand} {branch} {city}",
        person="{given} {family}",
        language="ar",
    ),
    Land(
        code="IL",
        country="Israel",
        phone="+972 54",
        cities=_words("חיפה=haifa נתניה=netanya"),
        given=_words("נועה=noa יוסי=yossi תמר=tamar אייל=eyal שירה=shira אורי=uri"),
        family=_words("כהן=cohen לוי=levi מזרחי=mizrahi פרץ=peretz ביטון=biton"),
        brands=_words("גליל=galil ארז=erez כרמל=carmel"),
        company="{brand} {branch} {city}",
        person="{given} {family}",
        language="he",
    ),
)

SHARES = {"CN": 44, "TW": 8, "DE": 14, "FR": 9, "US": 15, "AE": 6, "IL": 4}
"""Percent of the companies by country."""

INDUSTRIES = (
    "Manufacturing",
    "Apparel",
    "Real Estate",
    "Automotive",
    "Food",
    "Tourism/Hotel",
)
"""Those the add-on is meant for first; some are in Odoo already, others are not."""

BRANCHES = {
    "Manufacturing": "机械 機械 Maschinenbau Mécanique Machining للصناعات מכונות",
    "Apparel": "服饰 服飾 Textil Couture Apparel للأزياء אופנה",
    "Real Estate": "置业 建設 Immobilien Immobilier Properties للعقارات נדלן",
    "Automotive": "汽车 汽車 Autohaus Automobiles Motors للسيارات רכב",
    "Food": "食品 食品 Feinkost Saveurs Foods للأغذية מזון",
    "Tourism/Hotel": "酒店 飯店 Hotels Voyages Resorts للفنادق מלונות",
}
"""What a company of the industry calls its trade, in the order of ``LANDS``."""

SLUGS = {
    "Manufacturing": "works",
    "Apparel": "apparel",
    "Real Estate": "estates",
    "Automotive": "motors",
    "Food": "foods",
    "Tourism/Hotel": "hotels",
}
"""The trade in a company's domain."""

DECISION_MAKERS = {
    "zh": ("总经理", "采购总监", "市场总监", "副总裁"),
    "tw": ("總經理", "採購總監", "行銷總監"),
    "de": ("Geschäftsführerin", "Einkaufsleiter", "Marketingleiterin"),
    "fr": ("Directrice générale", "Directeur des achats"),
    "en": ("CEO", "Head of Purchasing", "Marketing Director", "VP Operations"),
    "ar": ("المدير العام", "مدير المشتريات"),
    "he": ("מנכל", "מנהל רכש"),
}
"""Job titles of those who decide."""

OTHERS = {
    "zh": ("销售助理", "工程师", "会计", "行政专员"),
    "tw": ("業務助理", "工程師", "會計"),
    "de": ("Sachbearbeiter", "Ingenieurin", "Buchhaltung"),
    "fr": ("Assistante", "Ingénieur", "Comptable"),
    "en": ("Engineer", "Sales Assistant", "Accountant", "Office Manager"),
    "ar": ("مهندس", "محاسب"),
    "he": ("מהנדס", "חשבת"),
}
"""Job titles of everyone else."""

ROLES = ("info", "sales", "office", "support", "admin", "service")
"""Addresses behind which nobody in particular sits."""

DISPOSABLE = ("mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com")
"""Providers of addresses that are thrown away."""
