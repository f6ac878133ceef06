"""Header names: what exports in English and Chinese call each of our nouns."""

from __future__ import annotations

import re
import unicodedata

REQUIRED = ("product", "date", "quantity")

KIND = {
    "product": "text",
    "date": "date",
    "quantity": "number",
    "price": "number",
    "amount": "number",
    "regular_price": "number",
    "competitor_price": "number",
    "promotion": "promotion",
    "currency": "text",
    "channel": "text",
    "location": "text",
    "category": "text",
    "brand": "text",
    "name": "text",
    "stock": "number",
    "views": "number",
    "carts": "number",
    "customer": "text",
    "order": "text",
    "line": "text",
    "status": "text",
    "recorded": "date",
    "deposit_at": "date",
    "balance_at": "date",
    "returned_at": "date",
    "restockable": "number",
}
"""Our nouns, and what their cells hold."""

ALIASES = {
    "y": "quantity",
    "qty": "quantity",
    "units": "quantity",
    "ds": "date",
    "ordered_at": "date",
    "unique_id": "product",
    "sku": "product",
    "revenue": "amount",
    "order_id": "order",
    "line_id": "line",
    "recorded_at": "recorded",
    "store": "location",
    "product_name": "name",
}
"""Other words for our nouns that `corrected` takes."""

HEADERS: dict[str, tuple[str, ...]] = {
    "product": (
        *("sku", "skuid", "skucode", "商品编码", "商品编号", "商家编码", "货号", "skuid编码"),
        *("productid", "productcode", "itemid", "itemcode", "itemnumber", "itemno", "stockcode"),
        *("articlenumber", "articleid", "asin", "sellersku", "lineitemsku", "variantsku", "upc"),
        *(
            "ean",
            "barcode",
            "条码",
            "商品条码",
            "商品id",
            "宝贝id",
            "产品编码",
            "产品编号",
            "产品id",
        ),
        *("物料编码", "款号", "规格编码", "uniqueid", "seriesid", "商品", "产品", "宝贝", "货品"),
        *("product", "item", "article", "material"),
        *("商品代码", "产品代码", "货品编码", "货品编号", "款式编码", "型号"),
        *("spu", "spuid", "spu编码", "skuno", "itemsku", "productsku"),
    ),
    "name": (
        *("productname", "itemname", "title", "producttitle", "itemtitle"),
        *(
            "lineitemname",
            "商品名称",
            "产品名称",
            "宝贝标题",
            "宝贝名称",
            "商品标题",
            "品名",
            "名称",
        ),
        *("productdescription", "itemdescription", "商品名", "产品名"),
        *("标题", "skuname", "sku名称", "货品名称", "商品简称", "articlename"),
        *("articledescription", "skudescription"),
    ),
    "date": (
        *("date", "ds", "日期", "下单日期", "下单时间", "订单日期", "订单时间", "订单创建时间"),
        *("创建时间", "orderdate", "orderedat", "ordertime", "orderdatetime", "createdat"),
        *("purchasedate", "invoicedate", "transactiondate", "transactiontimestamp", "saledate"),
        *(
            "salesdate",
            "销售日期",
            "统计日期",
            "统计时间",
            "付款时间",
            "支付时间",
            "成交时间",
            "交易时间",
        ),
        *("paiddate", "paidat", "timestamp", "datetime", "time", "day", "时间", "week", "month"),
        *("weekstart", "月份", "周", "datum"),
        *("成交日期", "付款日期", "支付日期", "交易日期", "业务日期", "单据日期"),
        *("销售时间", "出库日期", "orderplacedat", "paymentdate"),
    ),
    "quantity": (
        *("quantity", "qty", "y", "销量", "数量", "销售数量", "购买数量", "商品数量", "宝贝数量"),
        *("销售量", "成交件数", "支付件数", "件数", "下单件数", "订购数量", "unitssold", "units"),
        *("orderquantity", "orderqty", "quantitypurchased", "quantityordered", "lineitemquantity"),
        *("qtysold", "soldqty", "quantitysold", "unitsales", "salesqty", "salesquantity", "sold"),
        *("demand", "salesunits", "sales", "menge", "pieces", "pcs"),
        *("销售件数", "成交数量", "成交件", "出库数量", "支付商品件数", "付款件数"),
        *("发货数量", "itemssold", "unitsordered"),
    ),
    "price": (
        *("price", "unitprice", "单价", "价格", "售价", "销售价", "成交价", "成交单价", "商品价格"),
        *("商品单价", "sellprice", "sellingprice", "saleprice", "salesprice", "itemprice"),
        *("lineitemprice", "priceeach", "avgprice", "averageprice", "priceperunit", "平均价格"),
        *("实际单价", "现价", "preis"),
        *("销售单价", "均价", "成交均价", "件单价", "销售价格"),
    ),
    "amount": (
        *(
            "amount",
            "revenue",
            "销售额",
            "金额",
            "实付金额",
            "买家实付金额",
            "成交金额",
            "支付金额",
        ),
        *(
            "总金额",
            "订单金额",
            "商品金额",
            "salesvalue",
            "salesamount",
            "linetotal",
            "linerevenue",
        ),
        *("netsales", "grosssales", "totalprice", "subtotal", "total", "turnover", "umsatz", "gmv"),
        *("销售金额", "实收金额", "应收金额", "成交额", "营业额", "销售收入"),
        *(
            "totalsales",
            "netamount",
            "grossamount",
            "orderamount",
            "orderedproductsales",
            "itemtotal",
        ),
    ),
    "regular_price": (
        *("regularprice", "listprice", "baseprice", "originalprice", "compareatprice", "msrp"),
        *("原价", "吊牌价", "标价", "划线价", "市场价", "正价", "零售价", "rrp", "shelfprice"),
    ),
    "competitor_price": (
        *("competitorprice", "competitionprice", "competingprice", "rivalprice", "marketprice"),
        *("竞品价", "竞品价格", "竞争价", "竞争对手价格", "对手价", "竞品均价"),
        *("competitor", "competitorsprice", "竞品", "竞对价", "竞对价格", "对手价格"),
        *("竞品单价", "竞品售价"),
    ),
    "promotion": (
        *("promotion", "promo", "onpromotion", "onpromo", "ispromo", "ispromotion", "promoted"),
        *("discount", "discountpct", "discountpercent", "discountrate", "promotionflag"),
        *(
            "促销",
            "是否促销",
            "活动",
            "是否活动",
            "促销活动",
            "折扣",
            "折扣率",
            "优惠",
            "promoflag",
        ),
        *("onsale", "促销标记", "是否参加活动", "活动名称"),
    ),
    "currency": ("currency", "currencycode", "币种", "货币", "币别"),
    "channel": (
        *("channel", "saleschannel", "渠道", "销售渠道", "平台", "platform", "marketplace"),
        *("店铺", "店铺名称", "网店", "shop", "shopname", "来源", "source", "订单来源"),
        *("店铺名", "渠道名称", "平台名称", "channelname", "销售平台", "网店名称"),
    ),
    "location": (
        *(
            "location",
            "store",
            "storeid",
            "storenbr",
            "门店",
            "门店编号",
            "仓库",
            "发货仓",
            "仓库名称",
        ),
        *("warehouse", "region", "地区", "区域", "城市", "city", "country", "国家", "site", "省份"),
        *("storename", "仓库名", "门店名称", "发货仓库", "warehousename", "locationname"),
    ),
    "category": (
        *(
            "category",
            "productcategory",
            "categoryname",
            "类目",
            "品类",
            "商品类目",
            "分类",
            "商品分类",
        ),
        *(
            "一级类目",
            "department",
            "family",
            "productgroup",
            "producttype",
            "类别",
            "itemcategory",
        ),
        *("类目名称", "类目名", "品类名称", "分类名称", "商品品类", "categories"),
        *("商品类别", "所属类目"),
    ),
    "brand": (
        "brand",
        "brandname",
        "品牌",
        "vendor",
        "manufacturer",
        "品牌名称",
        "品牌名",
        "商品品牌",
    ),
    "stock": (
        *("stock", "库存", "inventory", "onhand", "stockonhand", "库存量", "库存数量", "可用库存"),
        *("期末库存", "inventorylevel", "stocklevel", "stockqty", "inventoryquantity", "可售库存"),
        *("库存数", "现有库存", "剩余库存", "当前库存", "在库数量", "availablestock"),
        *("qtyonhand", "onhandqty", "endingstock", "closingstock", "stockquantity", "instock"),
    ),
    "views": (
        *(
            "views",
            "浏览量",
            "pageviews",
            "pv",
            "访客数",
            "uv",
            "sessions",
            "visits",
            "浏览",
            "曝光量",
        ),
        *("impressions", "商品浏览量", "商品访客数", "productviews"),
        *("view", "pageview", "浏览次数", "访问量", "浏览数", "viewcount"),
    ),
    "carts": (
        *("carts", "加购", "加购件数", "加购数", "addtocart", "addstocart", "cartadds", "加购人数"),
        *("商品加购件数", "cartadditions"),
        *("cart", "addtocarts", "addedtocart", "加购量", "加购次数", "加购商品件数"),
        *("加入购物车", "购物车"),
    ),
    "customer": (
        *("customer", "customerid", "客户", "客户id", "买家", "买家id", "会员", "会员id", "会员名"),
        *("买家会员名", "userid", "buyer", "buyerid", "householdid", "memberid", "customeremail"),
        *("顾客", "用户", "用户id", "client", "clientid", "买家昵称"),
        *("customername", "客户名称", "买家旺旺"),
    ),
    "order": (
        *(
            "order",
            "orderid",
            "订单号",
            "订单编号",
            "主订单编号",
            "交易号",
            "ordernumber",
            "orderno",
        ),
        *(
            "invoiceno",
            "invoice",
            "invoicenumber",
            "basketid",
            "transactionid",
            "receiptid",
            "订单id",
        ),
        *("amazonorderid", "单号", "交易编号", "receiptno"),
    ),
    "line": (
        *("line", "lineid", "linenumber", "lineno", "orderline", "orderlineid", "orderitemid"),
        *("子订单编号", "子订单号", "行号", "lineitemid", "明细编号", "子单号"),
    ),
    "status": (
        *("status", "orderstatus", "订单状态", "状态", "交易状态", "financialstatus", "退款状态"),
        *("itemstatus", "fulfillmentstatus", "售后状态"),
    ),
    "recorded": (
        *("recordedat", "updatedat", "lastupdated", "lastupdatedat", "更新时间", "修改时间"),
        *("modifiedat", "exportedat", "lastupdateddate", "最后修改时间"),
    ),
    "deposit_at": (
        *("depositat", "depositdate", "deposittime", "depositpaidat", "depositpaiddate"),
        *("定金支付时间", "定金付款时间", "定金时间", "定金支付日期", "定金付款日期", "预付款时间"),
        *("订金支付时间", "订金付款时间", "付定金时间"),
    ),
    "balance_at": (
        *("balanceat", "balancedate", "balancetime", "balancepaidat", "balancepaiddate"),
        *("尾款支付时间", "尾款付款时间", "尾款时间", "尾款支付日期", "尾款付款日期", "付尾款时间"),
    ),
    "returned_at": (
        *("returnedat", "returndate", "returndatetime", "refundedat", "refunddate", "refundtime"),
        *(
            "退货时间",
            "退款时间",
            "退货日期",
            "退款日期",
            "退款成功时间",
            "退款完成时间",
            "退货完成时间",
        ),
    ),
    "restockable": ("restockable", "restocked", "可二次销售", "可再售"),
}
"""Noun → header names, squeezed as `squeezed` does; earlier names win over later ones."""


PLAIN: dict[str, tuple[str, ...]] = {
    "product": ("id", "code", "number", "no", "编码", "编号", "代码"),
    "name": ("name", "item", "product", "article", "商品", "产品", "宝贝", "货品", "description"),
    "amount": ("sales",),
    "location": ("店铺", "店铺名称", "店铺名", "网店", "shop", "shopname"),
}
"""Noun → headers that mean it only beside others: `columns.guess_columns` says when."""


def squeezed(header: str) -> str:
    """A header without case, width, spaces, punctuation and bracketed units.

    >>> squeezed("Unit_Price (USD)"), squeezed("销量（件）"), squeezed("Order ID")
    ('unitprice', '销量', 'orderid')
    """
    plain = unicodedata.normalize("NFKC", header).casefold()
    without_unit = re.sub(r"[(\[{【].*?[)\]}】]", "", plain)
    return re.sub(r"[\W_]+", "", without_unit) or re.sub(r"[\W_]+", "", plain)
