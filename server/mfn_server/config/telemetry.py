"""What the server tells of itself: logs, audit, metrics, traces."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from mfn_server.config.addresses import host, http_url
from mfn_server.config.files import writable
from mfn_server.config.packages import needed


class LogLevel(StrEnum):
    """The least severe lines that are written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How a line looks."""

    JSON = "json"
    CONSOLE = "console"


class TraceExporter(StrEnum):
    """Where spans go."""

    NONE = "none"
    OTLP = "otlp"
    ZIPKIN = "zipkin"


class Telemetry(BaseSettings):
    """Logs, audit, metrics, traces."""

    log_level: LogLevel = Field(LogLevel.INFO, description="least severe lines to write; DEBUG adds masked bodies")
    log_format: LogFormat = Field(LogFormat.JSON, description="json, one object a line, or console")
    audit_file: Path | None = Field(None, description="file of security-relevant events; standard error without one")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="port of Prometheus metrics; 0 takes a free one, none serves none"
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="address of the metrics port, which asks for no credential: one that only the collector reaches",
    )
    trace_exporter: TraceExporter = Field(TraceExporter.NONE, description="none, otlp (also Jaeger) or zipkin")
    trace_endpoint: str | None = Field(
        None, description="URL of the collector; none: port 4317 of localhost (otlp), its port 9411 (zipkin)"
    )
    trace_sample_ratio: float = Field(
        0.01, ge=0, le=1, description="share of traces that begin here and are kept; callers' own decisions count"
    )

    @field_validator("audit_file")
    @classmethod
    def _writable(cls, path: Path | None) -> Path | None:
        return path and writable(path)

    @field_validator("metrics_host")
    @classmethod
    def _metrics_address(cls, text: str) -> str:
        return host(text)

    @field_validator("trace_exporter")
    @classmethod
    def _installed(cls, exporter: TraceExporter) -> TraceExporter:
        if exporter is TraceExporter.ZIPKIN:
            needed("opentelemetry.exporter.zipkin.json", extra="zipkin")
        return exporter

    @field_validator("trace_endpoint")
    @classmethod
    def _collector(cls, url: str | None) -> str | None:
        return url and http_url(url)
