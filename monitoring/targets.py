"""What Prometheus asks, derived from the inventory's services: scrape targets, probes, and where alerts go.

Every host of a service with `metrics` is a target, every name of a service that the monitoring zone may open is
probed. Nothing is listed twice: an address, port or name comes from the inventory or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

import yaml

from inventory import Host, Inventory, Service
from monitoring import rules

INTERVAL = "15s"
BLACKBOX = "127.0.0.1:9115"
RULES = "/etc/prometheus/rules.d"
AUTHORITY = "/etc/kura/tls/ca.crt"
HOOK_CREDENTIALS = "/etc/kura/alertmanager.token"
HOOK_PATH = "/hooks/alertmanager"

# What people on duty get by mail (Alertmanager's templates).
MAIL_SUBJECT = (
    '{{ if ne .Status "firing" }}【復旧】{{ else if eq .CommonLabels.severity "critical" }}【緊急】'
    "{{ else }}【警報】{{ end }}@SITE@: {{ (index .Alerts 0).Annotations.summary }}"
    "{{ if gt (len .Alerts) 1 }} ほか{{ end }}"
)
MAIL_TEXT = """\
{{ range .Alerts }}{{ .Annotations.summary }}
{{ if eq .Status "firing" }}発生中（{{ .StartsAt.Local.Format "2006/01/02 15:04" }} から）\
{{ else }}復旧（{{ .EndsAt.Local.Format "2006/01/02 15:04" }}）{{ end }}
影響: {{ .Annotations.impact }}
最初の手順: {{ .Annotations.first_step }}
手順書: {{ .Annotations.runbook }}

{{ end }}"""

Document = dict[str, object]


@dataclass(frozen=True)
class Target:
    """One address that Prometheus scrapes, with the labels its measurements carry."""

    job: str
    address: str
    path: str
    labels: dict[str, str]


@dataclass(frozen=True)
class Probe:
    """One question asked from the monitoring host as a user would ask it: `module` says how, `target` whom."""

    service: str
    module: str
    target: str
    labels: dict[str, str]


def targets(site: Inventory, only: Collection[str] | None = None) -> tuple[Target, ...]:
    """Every scrape target of the inventory; `only` keeps those of the named hosts (a lab that runs a few)."""
    return tuple(
        Target(
            job=service.id,
            address=f"{host.address}:{service.row.metrics.port}",
            path=service.row.metrics.path,
            labels={**_where(host), "service": service.id},
        )
        for service in site.services
        if service.row.metrics is not None
        for host in service.hosts
        if _wanted(host, only)
    )


def probe_targets(site: Inventory, only: Collection[str] | None = None) -> tuple[Probe, ...]:
    """Every service that the monitoring host may open, asked by its names (or its hosts' addresses)."""
    found: list[Probe] = []
    for service in site.services:
        if service.id in unprobed(site):
            continue
        for host in service.hosts:
            if _wanted(host, only):
                found += _probes_of(site, service, host)
    return tuple(found)


def unprobed(site: Inventory) -> dict[str, str]:
    """Services without a probe from the monitoring host → why, so that totality can be checked."""
    monitor = _monitor(site)
    reasons: dict[str, str] = {}
    for service in site.services:
        if not _may_open(service, monitor):
            reasons[service.id] = f"not open to zone {monitor.zone}"
        elif service.row.probe in ("ntp", "wireguard", "relp"):
            reasons[service.id] = f"{service.row.probe} has no probe module"
        elif service.row.probe == "tcp" and service.row.metrics and service.row.metrics.port == _port(service):
            reasons[service.id] = "the scrape itself asks the same port"
    return reasons


def scrape(site: Inventory, host: Host, *, only: Collection[str] | None = None) -> str:
    """prometheus.yml for the monitoring host.

    `only` names the hosts that run (the lab's `kura_twin_hosts`); without it every host of the inventory is a
    target, so that a host which is not there is seen to be down.
    """
    jobs = [_scrape_job(name, group) for name, group in _by_job(targets(site, only)).items()]
    jobs += [_probe_job(name, group) for name, group in _by_module(probe_targets(site, only)).items()]
    jobs.append({"job_name": "blackbox", "static_configs": [{"targets": [BLACKBOX], "labels": _where(host)}]})
    managers = [f"{peer.address}:{_port(site.service('alertmanager'))}" for peer in site.service("alertmanager").hosts]
    document: Document = {
        "global": {
            "scrape_interval": INTERVAL,
            "evaluation_interval": INTERVAL,
            "external_labels": {"inventory": site.name},
        },
        # By name: a rule file that an older release left behind is not read.
        "rule_files": [f"{RULES}/{name}" for name in rules.files(site, host)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": managers}]}]},
        "scrape_configs": jobs,
    }
    return _text("monitoring.targets:scrape", site, document)


def probes(site: Inventory, host: Host) -> str:
    """blackbox.yml: how each kind of probe asks. TLS is checked against the appliance's own authority."""
    modules: Document = {
        "https": {
            "prober": "http",
            "timeout": "8s",
            "http": {
                "preferred_ip_protocol": "ip4",
                "fail_if_not_ssl": True,
                "follow_redirects": False,
                "tls_config": {"ca_file": AUTHORITY},
            },
        },
        "http": {"prober": "http", "timeout": "8s", "http": {"preferred_ip_protocol": "ip4"}},
        "tcp": {"prober": "tcp", "timeout": "5s", "tcp": {"preferred_ip_protocol": "ip4"}},
        "dns": {
            "prober": "dns",
            "timeout": "5s",
            "dns": {
                "query_name": site.fqdn(_public_name(site)),
                "query_type": "A",
                "preferred_ip_protocol": "ip4",
                "validate_answer_rrs": {"fail_if_none_matches_regexp": [r"\sA\s"]},
            },
        },
    }
    return _text("monitoring.targets:probes", site, {"modules": modules})


def alerting(site: Inventory, host: Host) -> str:
    """alertmanager.yml: every alert reaches the console's hook, where it becomes a row that people see, and the people
    on duty by mail; what is critical reaches the infrastructure's people too. The heartbeat reaches nobody."""
    document: Document = {
        "global": {
            # By address: somebody must be told also when the name server is what has stopped.
            "smtp_smarthost": f"{site.service('mail').hosts[0].address}:25",
            "smtp_from": f"alerts@{site.organisation.domain}",
            "smtp_hello": site.fqdn(host.name),
            "smtp_require_tls": True,
        },
        "route": {
            "receiver": "duty",
            "routes": [
                {"receiver": "nobody", "matchers": [f'alertname="{rules.HEARTBEAT}"'], "group_wait": "0s"},
                {"receiver": "urgent", "matchers": ['severity="critical"']},
            ],
            "group_by": ["alertname", "host"],
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "4h",
        },
        "receivers": [
            {"name": "nobody"},
            _receiver(site, "duty", ("operations",)),
            _receiver(site, "urgent", ("operations", "infrastructure")),
        ],
        # A host that does not answer explains the silence of what runs on it.
        "inhibit_rules": [
            {
                "source_matchers": ['alertname="HostDown"'],
                "target_matchers": ['alertname="TargetDown"'],
                "equal": ["host"],
            }
        ],
    }
    return _text("monitoring.targets:alerting", site, document)


def _receiver(site: Inventory, name: str, roles: Collection[str]) -> Document:
    """The console's hook, and a mail of its own to each of these roles of contacts.yml."""
    console = site.service("console")
    hook: Document = {
        "url": f"https://{site.fqdn(console.row.names[0])}{HOOK_PATH}",
        "send_resolved": True,
        "http_config": {
            "authorization": {"type": "Bearer", "credentials_file": HOOK_CREDENTIALS},
            "tls_config": {"ca_file": AUTHORITY},
        },
    }
    mails: list[Document] = [
        {
            "to": address,
            "send_resolved": True,
            "html": "",
            "text": MAIL_TEXT,
            "headers": {"Subject": MAIL_SUBJECT.replace("@SITE@", site.organisation.name)},
            "tls_config": {"ca_file": AUTHORITY, "server_name": site.fqdn(site.service("mail").row.names[0])},
        }
        for address in _mails(site, roles)
    ]
    return {"name": name, "webhook_configs": [hook], "email_configs": mails}


def _mails(site: Inventory, roles: Collection[str]) -> list[str]:
    return [role.mail for role in site.contacts.roles if role.id in roles]


def watcher(site: Inventory, host: Host) -> str:
    """Settings of monitoring/watcher.py, which runs on the mail relay and looks after the monitoring."""
    alertmanager = site.service("alertmanager")
    settings = {
        "site": site.organisation.name,
        "domain": site.organisation.domain,
        "monitor": alertmanager.hosts[0].name,
        "alertmanager": f"http://{site.fqdn(alertmanager.row.names[0])}:{_port(alertmanager)}",
        "from": f"watcher@{site.organisation.domain}",
        "to": _mails(site, ("operations", "infrastructure")),
        "state": "/var/lib/kura-watcher/state.json",
        "textfiles": "/var/lib/prometheus/node-exporter",
    }
    return json.dumps(settings, ensure_ascii=False, indent=1) + "\n"


def _where(host: Host) -> dict[str, str]:
    return {
        "host": host.name,
        "zone": host.zone,
        "place": host.place.id if host.place else "datacentre",
        "kind": host.kind,
        "backup": host.backup,
    }


def _wanted(host: Host, only: Collection[str] | None) -> bool:
    return only is None or host.name in only


def _monitor(site: Inventory) -> Host:
    return site.service("prometheus").hosts[0]


def _may_open(service: Service, monitor: Host) -> bool:
    return monitor.zone in service.sources or f"host:{monitor.name}" in service.sources


def _port(service: Service) -> int:
    return service.listen[0].port


def _public_name(site: Inventory) -> str:
    return next((service.row.names[0] for service in site.services if service.row.public and service.row.names), "dns")


def _probes_of(site: Inventory, service: Service, host: Host) -> list[Probe]:
    kind, _, path = service.row.probe.partition(":")
    labels = {**_where(host), "service": service.id}
    if kind in ("http", "https"):
        names = [site.fqdn(name) for name in service.row.names] or [str(host.address)]
        standard = {"http": 80, "https": 443}[kind]
        port = "" if _port(service) == standard else f":{_port(service)}"
        return [Probe(service.id, kind, f"{kind}://{name}{port}{path}", {**labels, "name": name}) for name in names]
    return [Probe(service.id, kind, f"{host.address}:{_port(service)}", labels)]


def _by_job(found: tuple[Target, ...]) -> dict[str, list[Target]]:
    groups: dict[str, list[Target]] = {}
    for target in found:
        groups.setdefault(target.job, []).append(target)
    return groups


def _by_module(found: tuple[Probe, ...]) -> dict[str, list[Probe]]:
    groups: dict[str, list[Probe]] = {}
    for probe in found:
        groups.setdefault(probe.module, []).append(probe)
    return groups


def _scrape_job(name: str, group: list[Target]) -> Document:
    return {
        "job_name": name,
        "metrics_path": group[0].path,
        # A measurement that names its host (a backup recorded where it is kept) keeps that name.
        "honor_labels": True,
        "static_configs": [{"targets": [target.address], "labels": target.labels} for target in group],
    }


def _probe_job(module: str, group: list[Probe]) -> Document:
    return {
        "job_name": f"probe-{module}",
        "metrics_path": "/probe",
        "params": {"module": [module]},
        "static_configs": [{"targets": [probe.target], "labels": probe.labels} for probe in group],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__address__"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": BLACKBOX},
        ],
    }


class _Plain(yaml.SafeDumper):
    """YAML without anchors: a reviewer reads each target whole."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(origin: str, site: Inventory, document: Document) -> str:
    body: str = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=160)
    return f"# Made by {origin} from inventory {site.name}; changes belong there.\n{body}"
