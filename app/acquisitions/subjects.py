"""How the audit log's pages tell of orders and booksellers."""

from app.audit.subjects import Subject, put

put(
    Subject("order", "発注", "発注番号"),
    Subject(
        "vendor",
        "発注先",
        "番号",
        labels={
            "name": "名称",
            "discount_percent": "割引率(%)",
            "person": "担当者",
            "phone": "電話",
            "mail": "メール",
            "note": "覚え",
            "is_active": "使用中",
        },
    ),
)
