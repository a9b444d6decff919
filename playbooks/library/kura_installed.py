"""Which Debian packages a host has, as one fact: roles then ask apt only for what is missing.

Opening apt's cache costs more than a second on every host for every role; reading dpkg's status costs none.
"""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: kura_installed
short_description: Names of the installed Debian packages
description:
  - Sets the fact C(kura_installed) to the sorted names of the packages that dpkg calls installed.
author: [Kura]
"""

STATUS = Path("/var/lib/dpkg/status")


def installed(text):
    """Names of the packages that are fully installed, from the text of dpkg's status file."""
    names = set()
    for paragraph in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines()[:8] if ": " in line and line[0] != " ")
        if fields.get("Status", "").endswith(" ok installed"):
            names.add(fields["Package"])
    return sorted(names)


def main():
    """Read the status file; a host without dpkg has no packages."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    text = STATUS.read_text(encoding="utf-8", errors="replace") if STATUS.exists() else ""
    module.exit_json(changed=False, ansible_facts={"kura_installed": installed(text)})


if __name__ == "__main__":
    main()
