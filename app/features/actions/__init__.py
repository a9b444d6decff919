"""Everything that writes about what readers are shown."""

from app.features.actions.operations import APPROVE, LISTS, MOBILE, PLANS, POLICY, VIEW, WRITE

__all__ = ["APPROVE", "LISTS", "MOBILE", "PLANS", "POLICY", "VIEW", "WRITE"]
