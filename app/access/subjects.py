"""How the audit log's pages tell of members of staff."""

from app.audit.subjects import Subject, put

put(
    Subject(
        "staff",
        "職員",
        "職員番号",
        labels={
            "name": "氏名",
            "branch": "所属館",
            "valid_from": "有効開始日",
            "valid_until": "有効終了日",
            "roles": "役割",
        },
    )
)
