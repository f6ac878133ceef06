"""Names of synthetic categories, products, brands, suppliers and places, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of one language.

    goods    category → kinds of product in it
    places   regions that customers live in
    """

    goods: Mapping[str, tuple[str, ...]]
    adjectives: tuple[str, ...]
    brands: tuple[str, ...]
    suppliers: tuple[str, ...]
    places: tuple[str, ...]
    separator: str


ENGLISH = Words(
    goods={
        "Kitchen": ("Kettle", "Frying Pan", "Chef's Knife", "Mixing Bowl", "Toaster"),
        "Garden": ("Hose", "Planter", "Pruner", "Bird Feeder", "Solar Lamp"),
        "Sports": ("Yoga Mat", "Dumbbell", "Water Bottle", "Running Belt", "Jump Rope"),
        "Beauty": ("Face Cream", "Lip Balm", "Sunscreen", "Shampoo", "Hand Soap"),
        "Toys": ("Puzzle", "Building Blocks", "Plush Bear", "Card Game", "Kite"),
        "Electronics": ("Headphones", "Charger", "Desk Lamp", "Speaker", "Keyboard"),
        "Clothing": ("T-Shirt", "Hoodie", "Socks", "Rain Jacket", "Scarf"),
        "Pets": ("Cat Food", "Dog Leash", "Litter Box", "Chew Toy", "Pet Bed"),
    },
    adjectives=("Classic", "Light", "Large", "Compact", "Premium", "Everyday", "Travel", "Soft"),
    brands=("Alder", "Birchwood", "Cobalt", "Dune", "Ember", "Fjord", "Grove", "Harbour"),
    suppliers=("Northern Goods", "Delta Works", "Summit Trading", "Blue River", "Oak & Sons"),
    places=("North", "South", "East", "West", "Centre"),
    separator=" ",
)

CHINESE = Words(
    goods={
        "厨房用品": ("保温杯", "不粘锅", "菜刀", "密封罐", "电热水壶"),
        "家居收纳": ("收纳箱", "衣架", "床上四件套", "地垫", "台灯"),
        "运动户外": ("瑜伽垫", "跳绳", "露营灯", "速干毛巾", "登山包"),
        "美妆个护": ("防晒霜", "面膜", "洗发水", "口红", "电动牙刷"),
        "母婴玩具": ("积木", "拼图", "奶瓶", "毛绒熊", "学饮杯"),
        "数码配件": ("蓝牙耳机", "充电宝", "数据线", "手机壳", "机械键盘"),
        "服饰鞋包": ("纯棉T恤", "卫衣", "运动鞋", "双肩包", "羽绒服"),
        "宠物用品": ("猫粮", "牵引绳", "猫砂盆", "宠物窝", "磨牙棒"),
    },
    adjectives=("经典款", "轻便", "大号", "迷你", "升级版", "家用", "便携", "加厚"),
    brands=("云杉", "青禾", "海岸", "初见", "木作", "极光", "蓝鲸", "小满"),
    suppliers=("义乌远航", "深圳华创", "宁波海通", "广州德信", "杭州云栖", "泉州安步"),
    places=("华东", "华南", "华北", "西南", "华中"),
    separator=" ",
)

WORDS = {"en": ENGLISH, "zh": CHINESE}


def category_names(language: str, n: int) -> list[str]:
    """n category names: the known ones, then the same numbered on."""
    known = list(WORDS[language].goods)
    return [
        known[k % len(known)] + (f" {k // len(known) + 1}" if k >= len(known) else "")
        for k in range(n)
    ]
