"""How the audit log's pages tell of borrowings and other libraries."""

from app.audit.subjects import Subject, put

put(
    Subject("borrowing", "借受", "借受番号"),
    Subject(
        "partner",
        "相手館",
        "番号",
        labels={
            "name": "館名",
            "isil": "ISIL",
            "address": "所在地",
            "phone": "電話",
            "mail": "メール",
            "sending": "送付方法",
            "terms": "貸出条件",
        },
    ),
)
