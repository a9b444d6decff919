"""Addresses of My Page, included by the public site under /my/."""

urlpatterns: list = []
