"""Several files of a host in one step: a role states all its files, and one visit to the host compares them.

Every module call costs a process start on the controller and one on the host; `template` in a loop needs two per
file. Deploying seven hosts inside the goal of two minutes needs this.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: kura_files
short_description: Keeps the named files at the given content, owner and mode
description:
  - Compares content, owner, group and mode of each file and replaces what differs, each file atomically.
  - All files are validated before the first one is replaced. Missing parent folders are made with mode 0755.
options:
  files:
    description: The files, each with C(path) and either C(content) or C(state=absent).
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      content: {description: The whole text., type: str}
      state: {description: Whether the file exists., type: str, choices: [present, absent], default: present}
      owner: {description: Owner., type: str, default: root}
      group: {description: Group., type: str, default: root}
      mode: {description: Mode in octal., type: str, default: "0644"}
      validate: {description: Command that must succeed; C(%s) is the candidate file., type: str}
author: [Kura]
"""

RETURN = r"""
changed_paths:
  description: Paths that were (or in check mode would be) replaced, removed or given another owner or mode.
  type: list
  returned: always
"""

FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "no_log": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "str", "default": "0644"},
    "validate": {"type": "str"},
}


class Module(AnsibleModule):
    """Keeps the texts out of the host's journal, where Ansible writes every module's arguments."""

    def _log_invocation(self):
        self.log("files: " + ", ".join(entry["path"] for entry in self.params["files"]))


def current(path):
    """The file's text, or None when there is no file. Bytes that are no UTF-8 count as another text."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def write_candidate(module, entry):
    """Write the new text beside the target and run its validation there; returns the candidate's path."""
    folder = Path(entry["path"]).parent
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".kura-", dir=folder)
    module.add_cleanup_file(name)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(entry["content"])
    if entry["validate"]:
        code, out, err = module.run_command(entry["validate"].replace("%s", name))
        if code != 0:
            module.fail_json(msg=f"{entry['path']} would not be valid: {err or out}".strip(), rc=code)
    return name


def attributes(module, entry, changed):
    """Give the file its owner, group and mode; returns whether that changed anything."""
    wanted = {key: entry[key] for key in ("path", "owner", "group", "mode")}
    arguments = module.load_file_common_arguments({**module.params, **wanted}, path=entry["path"])
    return module.set_fs_attributes_if_different(arguments, changed)


def main():
    """Compare, validate every candidate, then replace."""
    module = Module(
        argument_spec={"files": {"type": "list", "elements": "dict", "required": True, "options": FILE}},
        supports_check_mode=True,
    )
    entries = module.params["files"]
    changed, diffs, candidates = [], [], {}
    for entry in entries:
        path, text = entry["path"], current(entry["path"])
        if entry["state"] == "present" and entry["content"] is None:
            module.fail_json(msg=f"{path}: content is missing")
        wanted = entry["content"] if entry["state"] == "present" else None
        if text != wanted:
            changed.append(path)
            # A file that is not for everyone's eyes does not belong in a log of differences either.
            if int(entry["mode"], 8) & 0o004:
                diffs.append({"before_header": path, "after_header": path, "before": text or "", "after": wanted or ""})
            if wanted is not None and not module.check_mode:
                candidates[path] = write_candidate(module, entry)
    for entry in entries:
        path = entry["path"]
        if entry["state"] == "absent":
            if path in changed and not module.check_mode:
                Path(path).unlink()
            continue
        if path in candidates:
            module.atomic_move(candidates[path], path)
        if Path(path).exists() and attributes(module, entry, False) and path not in changed:
            changed.append(path)
    module.exit_json(changed=bool(changed), changed_paths=changed, diff=diffs)


if __name__ == "__main__":
    main()
