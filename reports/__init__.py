"""Render dossiers and registers as workbooks, pages and PDF."""
