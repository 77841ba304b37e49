"""The administrator's HTTP API: metadata, SQL, explanations, settings."""

from run_logger.local.api.routes import admin_routes

__all__ = ["admin_routes"]
