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
    description: The files, each with C(path) and C(content) or C(link).
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      content: {description: The whole text., type: str}
      link: {description: Target; the path is a symbolic link to it., type: str}
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
    "link": {"type": "str"},
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
    """The file's text, or None when there is no file. Bytes that are no UTF-8 count as another text.

    A link is told by its target, so that a file never passes for one or the other way round.
    """
    if Path(path).is_symlink():
        return f"link to {Path(path).readlink()}\n"
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def wanted(module, entry):
    """What the path shall hold, in the words of `current`."""
    if entry["state"] == "absent":
        return None
    if (entry["content"] is None) == (entry["link"] is None):
        module.fail_json(msg=f"{entry['path']}: give either content or link")
    if entry["link"] is not None:
        return f"link to {entry['link']}\n"
    return entry["content"]


def write_candidate(module, entry):
    """Write the new text (or link) beside the target and run its validation there; returns the candidate's path."""
    folder = Path(entry["path"]).parent
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".kura-", dir=folder)
    module.add_cleanup_file(name)
    if entry["link"] is not None:
        os.close(handle)
        Path(name).unlink()
        Path(name).symlink_to(entry["link"])
        return name
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(entry["content"])
    if entry["validate"]:
        code, out, err = module.run_command(entry["validate"].replace("%s", name))
        if code != 0:
            module.fail_json(msg=f"{entry['path']} would not be valid: {err or out}".strip(), rc=code)
    return name


def difference(entry, before, after):
    """What `--diff` shows; a file that is not for everyone's eyes does not belong in a log either."""
    if not int(entry["mode"], 8) & 0o004:
        before = after = "(not shown)\n"
    return {"before_header": entry["path"], "after_header": entry["path"], "before": before or "", "after": after or ""}


def attributes(module, entry):
    """Give the file its owner, group and mode; returns whether that changed anything."""
    asked = {key: entry[key] for key in ("path", "owner", "group", "mode")}
    arguments = module.load_file_common_arguments({**module.params, **asked}, path=entry["path"])
    return module.set_fs_attributes_if_different(arguments, False)


def put(module, entry, candidate):
    """Bring one path to its state; the candidate, where there is one, has been validated."""
    if entry["state"] == "absent":
        Path(entry["path"]).unlink(missing_ok=True)
    elif entry["link"] is not None:
        Path(candidate).replace(entry["path"])
    elif candidate:
        if Path(entry["path"]).is_symlink():
            Path(entry["path"]).unlink()  # atomic_move would write through it
        module.atomic_move(candidate, entry["path"])


def main():
    """Compare, validate every candidate, then replace."""
    module = Module(
        argument_spec={"files": {"type": "list", "elements": "dict", "required": True, "options": FILE}},
        supports_check_mode=True,
    )
    paths = [entry["path"] for entry in module.params["files"]]
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        module.fail_json(msg=f"named twice: {', '.join(twice)}")
    changed, diffs, candidates = [], [], {}
    for entry in module.params["files"]:
        path, before, after = entry["path"], current(entry["path"]), wanted(module, entry)
        if before != after:
            changed.append(path)
            diffs.append(difference(entry, before, after))
            if after is not None and not module.check_mode:
                candidates[path] = write_candidate(module, entry)
    for entry in module.params["files"]:
        path = entry["path"]
        if path in changed and not module.check_mode:
            put(module, entry, candidates.get(path))
        if (
            entry["state"] == "present"
            and entry["link"] is None
            and Path(path).exists()
            and attributes(module, entry)
            and path not in changed
        ):
            changed.append(path)
    module.exit_json(changed=bool(changed), changed_paths=changed, diff=diffs)


if __name__ == "__main__":
    main()
